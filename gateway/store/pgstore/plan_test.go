package pgstore

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway"
)

// TestPlans has tables of which nothing is known yet: a large group looks its rows up by an
// index.
func TestPlans(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by := mustOpen(t, o), newSession(t, server)
	by.ask(fmt.Sprintf(`ALTER TABLE %[1]s.waits SET (autovacuum_enabled = off); INSERT INTO %[1]s.waits SELECT 't1', decode(md5(n::text), 'hex'), 5, '', n, repeat('x', 100)::bytea FROM generate_series(1, 50000) n`, o.Schema))
	g := newGroup()
	for range 500 {
		p := newPromise()
		for range 8 {
			w := aWait("t1", "x")
			w.State, w.EndedAt = gateway.StateResumed, at
			p.wait(w)
		}
		g.add(p)
	}
	sql, p, _ := s.statement(g, s.all[0].fence)
	plan := ""
	must(t, s.pool.with(context.Background(), func(c *pgconn.PgConn) error {
		r := c.ExecParams(context.Background(), "EXPLAIN "+sql, p.values, p.oids, inBinary, nil)
		for r.NextRow() {
			plan += string(r.Values()[0]) + "\n"
		}
		_, err := r.Close()
		return err
	}))
	if !strings.Contains(plan, "Tid Scan on waits") || !strings.Contains(plan, "waits_pkey") || strings.Contains(plan, "Seq Scan on waits") {
		t.Errorf("waits are read whole:\n%s", plan)
	}
}
