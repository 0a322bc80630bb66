package pgstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway/store"
)

// A node has a row in nodes, and one in writers for each connection that writes. An epoch is
// given to a writer when it begins, after each outcome that nobody knows, and by who declares
// its node dead. Each is higher than all before: it is a number of a sequence, with the
// timeline in front, because a standby that was promoted may have missed the last of them.
//
// A statement of promises locks its writer's row for share, with the epoch that the writer
// knows, in the system that it knows. So who raises the epoch waits for the statement that
// is under way, and after that nothing of the older epoch is written, whatever that node
// believes, and however long it slept.
//
// The system is the timeline, the start of the postmaster, and a number in a table that is
// not logged: a crash of the database empties it, also one that lets the postmaster live, and
// so does a promotion. Behind a pooler, where a connection outlives the database, that is how
// it is seen. What was written with synchronous_commit = off may be lost then, and after a
// promotion more; so all that the process knows is in doubt.
//
// A connection that is lost while the system is the same puts no more in doubt than the group
// that was under way: what was committed before stands whether or not the disk had it, for a
// database that ends without its log crashes, and begins another system. A restored copy, and
// a second standby that is promoted to the same timeline, have been started at another time.
// Whoever was not there when the system changed learns of it by the next statement, which
// writes nothing; until then this process answers by what it knew, and promises nothing.
// What an unknown outcome left is seen by others before it is on the standby: so nothing of a
// tenant is looked up until the epoch has been raised, by a commit that had all before it
// there (steadyFor), and a warning is no commit for a fence either. TestWarned, TestPromoted
// and TestPooler hold to that.
const systemSQL = `substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || ' ' || extract(epoch FROM pg_postmaster_start_time())::text || ' ' || coalesce((SELECT id::text FROM {s}incarnation), '')`

// fenceSQL makes the function that a statement of promises begins with. It holds where the
// writer has its epoch still, in the system in which that was given. What it sets holds for
// this transaction only: remote_apply is more than on, and stays. The functions of verbs
// (pinned.go) plan by what it sets, for any values, and read no table whole that has an index:
// of one that is small as the plan is made that would be cheaper, but the plan is kept while the
// table grows. To the planner a whole read costs so much then that all would be compiled, but
// for jit. All but the look at the row are expressions, for which nothing is planned or begun.
const fenceSQL = `-- The fence of a statement of promises: see fence.go and pinned.go.
CREATE FUNCTION {s}fence_2(int8, int2, int8, text, text, OUT held bool, OUT is_of text, OUT is_epoch int8) LANGUAGE plpgsql AS $$
DECLARE
	seen text := set_config('plan_cache_mode', 'force_generic_plan', true) || set_config('enable_seqscan', 'off', true) || set_config('jit', 'off', true);
BEGIN
	IF current_setting('synchronous_commit') <> 'remote_apply' OR $5 <> 'on' THEN
		seen := set_config('synchronous_commit', $5, true);
	END IF;
	SELECT ` + systemSQL + `, w.epoch INTO is_of, is_epoch FROM {s}writers AS w WHERE w.node = $1 AND w.n = $2 FOR SHARE;
	IF NOT FOUND THEN
		is_of := ` + systemSQL + `;
		is_epoch := -1;
	END IF;
	held := is_epoch = $3 AND is_of = $4;
END $$;
`

// epochSQL is a new epoch.
const epochSQL = `((('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int8 << 32) | nextval('{s}epochs'))`

// fences is the one connection that is for fences alone, lest they wait for anything else.
type fences struct {
	*engine
	mu    sync.Mutex
	conn  *pgconn.PgConn
	warns warnings
	quiet beats // nodes that were seen not to beat: see quiet.go
}

// raiseAfter is how long a raise of an epoch waits for a statement in its way until that is
// ended: one that was half sent, by a machine that is gone, holds its lock with no end.
const raiseAfter = time.Second

// raise gives a writer a new epoch in place of the one that it has; 0: it has none yet. When
// it returns, nothing of an older one is written any more. store.ErrDeclaredDead: somebody else has raised
// it. tried are epochs that it may have been given before, and was not told.
func (s *fences) raise(ctx context.Context, was fence, tried *[]int64) (f fence, err error) {
	err = s.on(ctx, s.opts.Patience+2*raiseAfter, func(ctx context.Context, c *pgconn.PgConn) error {
		f, err = s.raiseBy(ctx, c, was, tried)
		return err
	})
	return f, err
}

// on uses the connection, which is closed after any error. A warning is one: see errWarned.
func (s *fences) on(ctx context.Context, most time.Duration, use func(context.Context, *pgconn.PgConn) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil || s.conn.IsClosed() {
		if s.conn, err = s.connect(ctx, "fence", s.warns.note); err != nil {
			return err
		}
	}
	err = use(ctx, s.conn)
	if warned := s.warns.take(); err == nil {
		err = warned // what it wrote may be on one disk alone
	}
	if err != nil {
		closeNow(s.conn)
		s.conn = nil
	}
	return err
}

// newNode writes a row for a node of its own, and gives its number.
func (s *fences) newNode(ctx context.Context) (node int64, err error) {
	err = s.on(ctx, s.opts.Patience+2*raiseAfter, func(ctx context.Context, c *pgconn.PgConn) error {
		values, err := row(ctx, c, s.in("INSERT INTO {s}nodes (node, beat, gone, told) VALUES (nextval('{s}epochs'), 0, 0, '') RETURNING node"), nil)
		if err == nil {
			node = longAt(values[0])
		}
		return err
	})
	return node, err
}

func (s *fences) raiseBy(ctx context.Context, c *pgconn.PgConn, was fence, tried *[]int64) (f fence, err error) {
	f = was
	for _, sql := range []string{
		"BEGIN",
		s.in("INSERT INTO {s}incarnation VALUES (true, nextval('{s}epochs')) ON CONFLICT DO NOTHING"),
	} {
		if err := tell(ctx, c, sql, nil); err != nil {
			return f, err
		}
	}
	pid, err := row(ctx, c, "SELECT pg_backend_pid()::int8, set_config('synchronous_commit', 'on', true)", nil)
	if err != nil {
		return f, err
	}
	stop := s.endBlockers(ctx, longAt(pid[0]))
	values, err := s.raised(ctx, c, was, *tried)
	if stop(); err != nil {
		return f, err
	}
	if values == nil {
		return f, store.ErrDeclaredDead
	}
	f.epoch, f.of = longAt(values[0]), string(values[1])
	*tried = append(*tried, f.epoch)
	return f, tell(ctx, c, "COMMIT", nil)
}

// raised writes the epoch; nil where it is not what it was.
func (s *fences) raised(ctx context.Context, c *pgconn.PgConn, was fence, tried []int64) ([][]byte, error) {
	p := &params{}
	node, n := p.long(was.node), p.short(was.n)
	if was.epoch == 0 {
		return row(ctx, c, s.in(fmt.Sprintf("INSERT INTO {s}writers AS w (node, n, epoch) VALUES (%s, %s, %s) ON CONFLICT (node, n) DO UPDATE SET epoch = excluded.epoch WHERE w.epoch = ANY(%s) RETURNING epoch, %s",
			node, n, epochSQL, p.longs(tried), systemSQL)), p)
	}
	// An epoch below what it was is that of a standby that missed the last raise: nobody but
	// this node has given it.
	return row(ctx, c, s.in(fmt.Sprintf("UPDATE {s}writers SET epoch = greatest(%s, %s + 1) WHERE node = %s AND n = %s AND (epoch <= %s OR epoch = ANY(%s)) RETURNING epoch, %s",
		epochSQL, p.long(was.epoch), node, n, p.long(was.epoch), p.longs(tried), systemSQL)), p)
}

// endBlockers ends, a while from now and then again and again, the statements that a backend
// waits for. It returns what stops it.
func (s *fences) endBlockers(ctx context.Context, pid int64) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		for timer := time.NewTimer(raiseAfter); ; timer.Reset(raiseAfter) {
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			err := s.pool.with(ctx, func(c *pgconn.PgConn) error {
				p := &params{}
				return tell(ctx, c, fmt.Sprintf("SELECT pg_terminate_backend(b) FROM unnest(pg_blocking_pids(%s::int4)) AS b", p.long(pid)), p)
			})
			if err != nil && ctx.Err() == nil {
				s.opts.Logger.Warn("a statement that holds the fence could not be ended", "error", err)
			}
		}
	})
	return func() { cancel(); done.Wait() }
}

// close closes the connection.
func (s *fences) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		closeNow(s.conn)
		s.conn = nil
	}
}

// closeNow closes a connection and waits for nobody.
func closeNow(c *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_ = c.Close(ctx) // it is given up
}
