package pgstore

import (
	"strings"
	"testing"

	"hookgate/gateway"
)

// planOf is how PostgreSQL does what a pinned verb does, for any list: it plans so in the
// verb's function, behind the fence, which says how.
func planOf(s *session, o Options, v *verb) string {
	s.t.Helper()
	types := v.pinnedIn()
	s.ask(strings.ReplaceAll("BEGIN; SELECT held FROM {s}fence_2(0, 0::int2, 0, '', 'off'); DEALLOCATE ALL; PREPARE planned("+types+") AS "+v.pinnedSQL(""), "{s}", o.Schema+"."))
	results, err := s.c.Exec(s.t.Context(), "EXPLAIN EXECUTE planned(NULL"+strings.Repeat(", NULL", strings.Count(types, ","))+")").ReadAll()
	must(s.t, err)
	s.ask("COMMIT")
	var plan strings.Builder
	for _, row := range results[0].Rows {
		plan.WriteString(string(row[0]) + "\n")
	}
	return plan.String()
}

// wholeReads are the lines of a plan that read tables whole.
func wholeReads(plan string, tables ...string) (met int, whole []string) {
	lines := strings.Split(plan, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "JIT") {
			whole = append(whole, "it is compiled before it runs")
		}
		for _, table := range tables {
			if !strings.Contains(line, " on "+table+" ") || !strings.Contains(line, "Scan") {
				continue
			}
			met++
			// By another index than that of its key it would read all that a tenant has.
			by := strings.Join(lines[i:min(i+4, len(lines))], "\n")
			if !strings.Contains(line, "Tid Scan") && !(strings.Contains(by, table+"_pkey") && strings.Contains(by, " Cond: (")) {
				whole = append(whole, line)
			}
		}
	}
	return met, whole
}

// TestPlansAfterAnEmptyLook has tables that were empty when somebody counted their rows, and
// then grew: what is done to a row finds it by an index, and nothing reads all that there is.
func TestPlansAfterAnEmptyLook(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by := mustOpen(t, o), newSession(t, server)
	fill := func() {
		by.ask(s.in(`
			INSERT INTO {s}unfinished SELECT 'acme', int8send(n) || int8send(n), 7, 'crm', n, 0, 'message', n, '', '', 0, repeat('x', 200)::bytea FROM generate_series(1, 20000) AS n;
			INSERT INTO {s}due SELECT slot, tenant, endpoint, due, id, conversation, also, lent FROM {s}unfinished WHERE slot = 7;
			INSERT INTO {s}waits SELECT 'acme', int8send(n) || int8send(n), 7, 'crm', n, repeat('x', 200)::bytea FROM generate_series(1, 20000) AS n;
			INSERT INTO {s}parked SELECT 'acme', int8send(n) || int8send(n), 7, n, repeat('x', 200)::bytea FROM generate_series(1, 20000) AS n;
			INSERT INTO {s}pending SELECT 'acme', int8send(n) || int8send(n), 7, repeat('x', 200)::bytea FROM generate_series(1, 20000) AS n`))
	}
	tables := []string{"unfinished", "due", "waits", "parked", "pending"}
	for _, table := range tables {
		by.ask(s.in("ALTER TABLE {s}" + table + " SET (autovacuum_enabled = off)"))
	}
	fill()
	for _, table := range tables {
		by.ask(s.in("DELETE FROM {s}" + table + " WHERE slot = 7"))
		by.ask(s.in("ANALYZE {s}" + table))
	}
	fill()
	judge := func(what, plan string, least int) {
		t.Helper()
		if met, whole := wholeReads(plan, tables...); met < least || len(whole) > 0 {
			t.Errorf("%s: %d looks, want %d; all rows are read: %q\n%s", what, met, least, whole, plan)
		}
	}
	for _, v := range []*verb{settleAgain, settleEnded} {
		judge(v.name, planOf(by, o, v), 2)
	}
	for _, table := range []*table{openTable, parkedTable, pendingTable} {
		judge(table.remove.name, planOf(by, o, table.remove), 2)
	}
	for _, many := range []int{1, 1500} { // it is planned for the very values
		g := newGroup()
		for range many {
			p := newPromise()
			p.settle(&gateway.Delivery{ID: gateway.NewID(gateway.PrefixDelivery, at), Tenant: "acme", Endpoint: "crm", State: gateway.DeliveryDead, EventIDs: []string{gateway.NewEventID(at)}}, nil)
			must(t, p.err)
			g.add(p)
		}
		sql, p, _ := s.statement(g, s.all[0].fence)
		judge(bury.name, explained(t, by, sql, p), 2)
	}
	for _, table := range []string{"events", "ended_waits"} { // not counted yet: today's part grows fast
		columns := map[string]string{"events": "'message', n, repeat('x', 200)::bytea", "ended_waits": "1, 'crm', n, n, repeat('x', 200)::bytea"}[table]
		by.ask(s.in("ALTER TABLE {s}" + table + "_default SET (autovacuum_enabled = off)"))
		by.ask(s.in("INSERT INTO {s}" + table + " (" + map[string]string{"events": "tenant, id, day, type, conversation, value", "ended_waits": "tenant, id, day, state, source, conversation, ended, value"}[table] +
			") SELECT 'acme', int8send(n) || int8send(n), 0, " + columns + " FROM generate_series(1, 20000) AS n"))
	}
	p := &params{}
	one := &asked{of: loadQuestion, cells: []cell{text("acme"), raw(make([]byte, 16)), number(0), number(0)}}
	plan := explained(t, by, loadQuestion.inlined(p, s, one), p)
	if met, whole := wholeReads(plan, "unfinished", "events_default"); met < 2 || len(whole) > 0 {
		t.Errorf("loading: %q\n%s", whole, plan)
	}
	p = &params{}
	one = &asked{of: endedQuestion, cells: []cell{text("acme"), number(7), text("crm"), number(0), number(1)}}
	if plan := explained(t, by, endedQuestion.inlined(p, s, one), p); !strings.Contains(plan, "conversation") || strings.Contains(plan, "_source_") {
		t.Errorf("the end of a conversation is found among all of its source:\n%s", plan)
	}
	p = &params{}
	judge("reading a wait", explained(t, by, s.in("SELECT value FROM {s}waits WHERE tenant = "+p.text("acme")+" AND id = "+p.bytes(make([]byte, 16))), p), 1)
}

// TestPlansOfSmallTables has tables as they are in a new schema. Of one that is small it is
// cheaper to read all than to go by an index; but the plan is kept while the table grows.
func TestPlansOfSmallTables(t *testing.T) {
	server := server(t)
	o := options(server)
	mustOpen(t, o)
	by := newSession(t, server)
	for _, v := range pinned {
		if plan := planOf(by, o, v); strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "JIT") {
			t.Errorf("%s: a table is read whole\n%s", v.name, plan)
		}
	}
}

// explained is how PostgreSQL does a statement with these parameters.
func explained(t *testing.T, by *session, sql string, p *params) string {
	t.Helper()
	result := by.c.ExecParams(t.Context(), "EXPLAIN "+sql, p.values, p.oids, []int16{1}, nil).Read()
	must(t, result.Err)
	var plan strings.Builder
	for _, row := range result.Rows {
		plan.WriteString(string(row[0]) + "\n")
	}
	return plan.String()
}

// inlined is what the function of a question asks, with values.
func (q *question) inlined(p *params, s *Store, one *asked) string {
	sql := q.pinnedSQL()
	for i := range q.in {
		p.many(q.in[i].sort, 1, func(int) cell { return one.cells[i] })
	}
	low, high := one.days()
	p.long(low)
	p.long(high)
	return s.in(sql)
}
