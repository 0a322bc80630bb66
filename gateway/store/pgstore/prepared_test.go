package pgstore

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
)

// whileResting does something while a writer writes nothing of its own.
func whileResting(t *testing.T, w *writer, do func()) {
	t.Helper()
	m := &meeting{over: make(chan struct{})}
	m.come.Add(1)
	must(t, w.push(turn{p: newPromise(), meeting: m}, 0))
	m.come.Wait()
	defer close(m.over)
	do()
}

// eachConnection does something with the only connection that reads and one that writes, while
// nobody uses them.
func eachConnection(t *testing.T, s *Store, do func(*pgconn.PgConn)) {
	t.Helper()
	whileResting(t, s.all[0], func() {
		do(s.all[0].conn)
		must(t, s.pool.with(t.Context(), func(c *pgconn.PgConn) error { do(c); return nil }))
	})
}

// oneReads lets a store have one connection that reads.
func oneReads(o Options) Options {
	o.Connections = writing + 2
	return o
}

// openAndAsk writes promises of one form again and again, and asks one question.
func openAndAsk(t *testing.T, s *Store) {
	t.Helper()
	for range 4 {
		w := aWait(tenantOf(0), "prepared")
		must(t, s.Commit(&gateway.Change{Wait: w}))
		_, found, err := s.Mark(w.Tenant, gateway.NewMarkKey(gateway.MarkDelivery, []byte(w.ID)), gateway.OutcomeKept)
		if must(t, err); found {
			t.Fatal("a mark that nobody made")
		}
	}
}

// TestPreparedStatements: what is asked again and again is prepared, once; and where somebody
// forgets it nothing is lost by that.
func TestPreparedStatements(t *testing.T) {
	s := mustOpen(t, oneReads(options(server(t))))
	count := func() (n int64) {
		t.Helper()
		eachConnection(t, s, func(c *pgconn.PgConn) {
			values, err := row(t.Context(), c, "SELECT count(*) FROM pg_prepared_statements", nil)
			must(t, err)
			n += longAt(values[0])
			must(t, tell(t.Context(), c, "DEALLOCATE ALL", nil))
		})
		return n
	}
	openAndAsk(t, s)
	if n := count(); n != 2 {
		t.Errorf("%d statements are prepared, want 2: of the promise, and of the question", n)
	}
	openAndAsk(t, s)
	if n := count(); n != 0 {
		t.Errorf("%d statements are prepared where they are forgotten", n)
	}
}

// TestNothingIsPreparedBehindAPooler: each statement may meet another session there.
func TestNothingIsPreparedBehindAPooler(t *testing.T) {
	own := postgres.Start(t)
	pooler := own.Pooler(t)
	o := options(own)
	o.URL = func() (string, error) { return pooler, nil }
	s := mustOpen(t, oneReads(o))
	openAndAsk(t, s)
	eachConnection(t, s, func(c *pgconn.PgConn) {
		k := preparedIn(c)
		if !k.asked || k.direct {
			t.Error("the pooler is taken for the database")
		}
		for sql, is := range k.met {
			if is != nil {
				t.Errorf("prepared: %s", sql)
			}
		}
	})
}
