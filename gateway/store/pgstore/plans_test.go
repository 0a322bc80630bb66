package pgstore

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// TestPlansAfterAnEmptyLook fills tables that were empty when somebody counted their rows: a
// delivery is settled by what finds it, and nothing reads all that there is.
func TestPlansAfterAnEmptyLook(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by := mustOpen(t, o), newSession(t, server)
	fill := func(n int) {
		by.ask(strings.NewReplacer("{s}", o.Schema+".", "{n}", fmt.Sprint(n)).Replace(`
			INSERT INTO {s}unfinished SELECT 'acme', int8send(n) || int8send(n), 7, 'crm', n, 0, 'message', n, '', '', 0, repeat('x', 200)::bytea FROM generate_series(1, {n}) AS n;
			INSERT INTO {s}due SELECT slot, tenant, endpoint, due, id, conversation, also, lent FROM {s}unfinished WHERE slot = 7`))
	}
	fill(20_000)
	for _, table := range []string{"unfinished", "due"} {
		by.ask("DELETE FROM " + o.Schema + "." + table + " WHERE slot = 7; ANALYZE " + o.Schema + "." + table)
	}
	fill(20_000)
	now := time.Now()
	for _, state := range []gateway.DeliveryState{gateway.DeliveryRetrying, gateway.DeliverySucceeded, gateway.DeliveryDead} {
		for _, many := range []int{1, 1500} {
			g := newGroup()
			for range many {
				d := &gateway.Delivery{ID: gateway.NewID(gateway.PrefixDelivery, now), Tenant: "acme", Endpoint: "crm", State: state, EventIDs: []string{gateway.NewEventID(now)}}
				p := newPromise()
				p.settle(d, nil)
				must(t, p.err)
				g.add(p)
			}
			sql, p, _ := s.statement(g, s.all[0].fence)
			result := by.c.ExecParams(context.Background(), "EXPLAIN "+sql, p.values, p.oids, []int16{1}, nil).Read()
			must(t, result.Err)
			met := 0
			for i, row := range result.Rows {
				line := string(row[0])
				if strings.HasPrefix(line, "JIT") {
					t.Errorf("%d that are %s: it is compiled before it runs", many, state)
				}
				if !strings.Contains(line, "on unfinished") && !strings.Contains(line, "on due") || !strings.Contains(line, "Scan") {
					continue
				}
				if met++; !strings.Contains(string(result.Rows[i+1][0]), " Cond: (") {
					t.Errorf("%d that are %s: all rows are read: %s", many, state, line)
				}
			}
			if met == 0 {
				t.Error("no table is read")
			}
		}
	}
}
