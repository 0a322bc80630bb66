package pgstore

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// A migration that needs more than to add would break what older nodes do. All nodes that beat
// on a schema before it are older: a node of the version that brings it begins with it. So it
// is made when none has beaten for quietFor (SPEC-cluster K5 "Database"): one that stops takes
// its row along, one that was killed leaves it, and its counter stands still.

// quietFor is how long no node must have beaten.
const quietFor = time.Minute

// beats are the counters of nodes that were not declared dead.
type beats map[int64]int64

func (s *fences) beats(ctx context.Context, c *pgconn.PgConn) (beats, error) {
	all := beats{}
	r := ask(ctx, c, s.in("SELECT node, beat FROM {s}nodes WHERE gone = 0"), nil)
	for r.NextRow() {
		all[longAt(r.Values()[0])] = longAt(r.Values()[1])
	}
	_, err := r.Close()
	return all, err
}

// areQuiet refuses a migration where a node may still work: one that was not seen to be quiet.
func (s *fences) areQuiet(ctx context.Context, c *pgconn.PgConn, version int) error {
	now, err := s.beats(ctx, c)
	if err != nil {
		return err
	}
	for node, beat := range now {
		if was, seen := s.quiet[node]; !seen || was != beat {
			return fmt.Errorf("version %d needs more than to add, and node %d may still work: stop the nodes, and run hookgate migrate --wait", version, node)
		}
	}
	return nil
}

// AwaitQuiet waits until no node has beaten for a minute, and lets Migrate make what needs that.
// told is told of those that beat, whenever one did; where there is no schema, or no node, it
// waits for nothing.
func (v Visitor) AwaitQuiet(ctx context.Context, told func(nodes int)) error {
	return v.awaitQuiet(ctx, quietFor, told)
}

func (v Visitor) awaitQuiet(ctx context.Context, quiet time.Duration, told func(nodes int)) error {
	is, err := v.Schema()
	if err != nil || is == 0 {
		return err
	}
	last, err := v.beatsNow()
	since := time.Now()
	for err == nil && len(last) > 0 && time.Since(since) < quiet {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(time.Second, quiet/4)):
		}
		var now beats
		if now, err = v.beatsNow(); err == nil && !maps.Equal(now, last) {
			last, since = now, time.Now()
			told(len(now))
		}
	}
	if err == nil {
		v.fences.quiet = last
	}
	return err
}

func (v Visitor) beatsNow() (all beats, err error) {
	err = v.alone(beatPatience, func(ctx context.Context, c *pgconn.PgConn) error {
		all, err = v.fences.beats(ctx, c)
		return err
	})
	return all, err
}
