package node

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/store/pgstore"
	"hookgate/metrics"
)

// database joins a database. Whether the master key is that of all other nodes is
// looked at before anything is read that was sealed with it.
func (o opening) database() error {
	p := o.parts
	key, err := seal.ParseKey(p.config.MasterKey.Reveal())
	if err != nil {
		return fmt.Errorf("HOOKGATE_MASTER_KEY: %w", err)
	}
	p.sealer = seal.New(key)
	commits := p.metrics.StoreCommit()
	s, err := pgstore.Open(pgstore.Options{
		URL: p.config.Store.Database, Schema: p.config.Store.Schema, Connections: p.config.Store.Connections,
		Now: p.clock.Now, Retention: current{p.directory}.retention, AuditKept: time.Duration(p.config.Audit.Retention),
		OnCommit: func(took time.Duration) { commits.Observe(took.Seconds()) },
		OnDoubt:  p.doubts.raise, OnFenced: p.fenced, Logger: p.Log,
	})
	if err != nil {
		return fmt.Errorf("the database: %w", err)
	}
	d := &database{Store: s, log: p.Log}
	if err := errors.Join(sameKey(s, p.sealer), whole(s)); err != nil {
		return errors.Join(err, s.Close())
	}
	d.round = p.metrics.Database(d.figures)
	p.store = keptBy(s, d)
	p.store.members, p.store.letGo = d, s.LetGo
	sure := confirmed{s, s, s, p}
	p.store.recovery, p.store.backlog, p.store.calls = sure, sure, sure
	p.store.revisions, p.store.comings = s, s
	p.store.makesFirst = d.makesFirst
	p.onStop(d.watch())
	return nil
}

// Names under which the schema keeps keyed digests of what every node must have alike.
const (
	claimedKey   = "master_key"
	claimedFirst = "first_admin_token" // the node that makes it
)

// errOtherKey is of a node that would read nothing of what the others sealed.
var errOtherKey = errors.New("HOOKGATE_MASTER_KEY is not the master key that this schema was sealed with: every node has the same")

// keyDigest is an HMAC under a key derived from the master key: it tells two keys apart, and
// nothing else.
func keyDigest(sealer *seal.Sealer) seal.Mark { return sealer.Mark("the master key of a schema") }

// sameKey refuses another master key than that of who made the schema.
func sameKey(s *pgstore.Store, sealer *seal.Sealer) error {
	own := keyDigest(sealer)
	is, err := s.Claim(claimedKey, own[:])
	if err != nil {
		return fmt.Errorf("finding by which master key the schema is sealed: %w", err)
	}
	if !hmac.Equal(is, own[:]) {
		return errOtherKey
	}
	return nil
}

// errHalf is of a schema that has a part of a store only.
var errHalf = errors.New("this schema is a copy that was cut short: go on with hookgate store copy --resume, or drop the schema")

// whole refuses a schema that is being made as a copy of another store.
func whole(s *pgstore.Store) error {
	note, err := s.Note()
	if err != nil {
		return fmt.Errorf("looking whether the schema is a copy that was cut short: %w", err)
	}
	if note != nil {
		return errHalf
	}
	return nil
}

// makesFirst says whether this node makes the first admin token: of several that start on a
// new schema one does. Where that one died before it had shown the token, the next does.
func (d *database) makesFirst() (bool, error) {
	own := strconv.FormatInt(d.Node(), 10)
	is, err := d.Claim(claimedFirst, []byte(own))
	if err != nil || string(is) == own {
		return err == nil, err
	}
	nodes, _, err := d.Members()
	if err != nil {
		return false, err
	}
	for _, n := range nodes {
		if !n.Gone && strconv.FormatInt(n.Node, 10) == string(is) {
			return false, nil
		}
	}
	return true, d.Reclaim(claimedFirst, []byte(own))
}

// database is a schema of a PostgreSQL as the ground of a store. It is never a reason to
// start this process anew: what is away comes back.
type database struct {
	*pgstore.Store
	log   *slog.Logger
	round prometheus.Observer

	beaten atomic.Pointer[time.Time] // when a beat last reached it
	survey atomic.Pointer[pgstore.Survey]
}

const (
	surveyEvery = 30 * time.Second // it looks at the sizes of all tables
	// away is how long after the last beat a database is taken for away.
	away = 3 * time.Second
)

// watch looks how the database stands, until what it returns is called.
func (d *database) watch() (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { d.look(); every(ctx, surveyEvery, d.look) })
	return func() error { cancel(); done.Wait(); return nil }
}

func every(ctx context.Context, pause time.Duration, do func()) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do()
		}
	}
}

// Beat raises the counter of this node: one write that waits for all that a promise waits for.
func (d *database) Beat(told []byte) error {
	began := time.Now()
	if err := d.Store.Beat(told); err != nil {
		return err
	}
	now := time.Now()
	d.round.Observe(now.Sub(began).Seconds())
	d.beaten.Store(&now)
	return nil
}

func (d *database) look() {
	v, err := d.Survey()
	if err != nil {
		d.log.Debug("how the database stands cannot be seen", "error", err)
		return
	}
	d.survey.Store(&v)
}

// figures are for the metrics; zeros before the first look.
func (d *database) figures() metrics.Database {
	v := d.survey.Load()
	if v == nil {
		return metrics.Database{}
	}
	return metrics.Database{OldestTransaction: v.OldestTransaction, DeadRows: v.DeadRows}
}

// Healthy is always nil.
func (d *database) Healthy() error { return nil }

func (d *database) missing() (part string, why *gateway.Error) {
	if last := d.beaten.Load(); last == nil || time.Since(*last) > away {
		why = gateway.Unavailable("the database cannot be written to now", 5*time.Second)
	}
	return "database", why
}

func (d *database) stands() (is standsOn) {
	is.far = true
	if v := d.survey.Load(); v != nil {
		is.bytes = v.Bytes
	}
	return is
}

// doubts are slots of which nobody knows what the store has: told as they come, from the
// moment at which there is somebody to tell.
type doubts struct {
	mu     sync.Mutex
	to     func(gateway.SlotSet)
	raised bool // before that
}

func (d *doubts) raise(slots gateway.SlotSet) {
	d.mu.Lock()
	to := d.to
	d.raised = true
	d.mu.Unlock()
	if to != nil {
		to(slots)
	}
}

// tell tells them from now on, and of all slots where one was raised before.
func (d *doubts) tell(to func(gateway.SlotSet)) {
	d.mu.Lock()
	d.to = to
	raised := d.raised
	d.mu.Unlock()
	if raised {
		to(gateway.AllSlots())
	}
}

// doubt has all parts read slots anew.
func (b between) doubt(slots gateway.SlotSet) {
	if c := b.cluster.Load(); c != nil {
		c.Doubt(slots) // first: nothing is read of them before it is known whose they are
	}
	b.sessions.Doubt(slots)
	b.lanes.Doubt(slots)
	b.calls.Doubt(slots)
}
