package pgstore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
)

// comers asks a store what came since it was asked last.
type comers struct {
	*Store
	t     *testing.T
	slots gateway.SlotSet
	upTo  string
}

// come asks, and gives the ids.
func (c *comers) come(most int) (ids []string, all bool) {
	c.t.Helper()
	came, upTo, all, err := c.Came(c.slots, c.upTo, most)
	must(c.t, err)
	c.upTo = upTo
	for _, one := range came {
		if (one.ID != "") != all {
			c.t.Errorf("%+v is told, all: %v", one, all)
		}
		if all {
			ids = append(ids, one.ID)
		}
	}
	slices.Sort(ids)
	return ids, all
}

// comes publishes n deliveries of a conversation, and gives their ids.
func (c *comers) comes(tenant string, n int) (ids []string) {
	c.t.Helper()
	for range n {
		p := aPublication(tenant, at)
		ids = append(ids, p.Deliveries[0].ID)
		must(c.t, c.Accept(p))
	}
	slices.Sort(ids)
	return ids
}

// TestCame: what came is told once, by whomever it was put, as the store has it in the window,
// and what is of no conversation, or of other slots, is not told.
func TestCame(t *testing.T) {
	o := options(server(t))
	a, b := mustOpen(t, o), mustOpen(t, o)
	c := &comers{a, t, gateway.AllSlots(), ""}
	byB := &comers{b, t, c.slots, ""}
	c.comes("acme", 1)
	if ids, all := c.come(10); all || ids != nil {
		t.Fatalf("since no moment there came %v, and that is said to be all", ids)
	}
	if ids, all := c.come(10); !all || ids != nil {
		t.Fatalf("nothing has come, and %v is told, all: %v", ids, all)
	}
	want := append(c.comes("acme", 2), byB.comes("other", 2)...)
	lone := aPublication("acme", at)
	lone.Deliveries[0].ConversationKey = "" // of no conversation
	must(t, b.Accept(lone))
	came, upTo, all, err := a.Came(c.slots, c.upTo, 100)
	must(t, err)
	if c.upTo = upTo; !all || len(came) != len(want) {
		t.Fatalf("%d have come, %d are told, all: %v", len(want), len(came), all)
	}
	for _, one := range came {
		if in, err := a.Window(one.Lane, gateway.Due{}, 100); err != nil || !slices.Contains(in, one.Due) {
			t.Errorf("%+v is told, and in the window there are %+v: %v", one, in, err)
		}
	}
	if ids, all := c.come(10); !all || ids != nil {
		t.Errorf("what was told is told again: %v, all: %v", ids, all)
	}
	c.slots = gateway.SlotsOf(came[0].Lane.Slot())
	before := c.upTo
	acme, other := c.comes("acme", 1), c.comes("other", 1)
	of := acme
	if came[0].Lane.Tenant == "other" {
		of = other
	}
	if ids, all := c.come(10); !all || !slices.Equal(ids, of) {
		t.Errorf("of one slot there came %v, told are %v, all: %v", of, ids, all)
	}
	c.slots, c.upTo = gateway.AllSlots(), before
	if ids, all := c.come(1); all || ids != nil {
		t.Errorf("more than so many came, and yet %v is all", ids)
	}
	for _, none := range []string{"x", "x|", "x|1:y", "another system|1:2"} {
		c.upTo = none
		if _, all := c.come(10); all {
			t.Errorf("all is told since %q", none)
		}
	}
}

// TestCameLate has transactions under way while others begin and end, in all orders, and a moment
// taken at each step: what they put is told when they are done, once.
func TestCameLate(t *testing.T) {
	server := server(t)
	o := options(server)
	s := mustOpen(t, o)
	c := &comers{s, t, gateway.AllSlots(), ""}
	c.come(10)
	by := [3]*session{newSession(t, server), newSession(t, server), newSession(t, server)}
	orders := [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
	for round, order := range orders {
		for n, one := range by {
			one.ask(s.in(fmt.Sprintf(`BEGIN; INSERT INTO {s}due (slot, tenant, endpoint, at, id, conversation, also, lent) VALUES (7, 'late', 'crm', %d, '\x%032x', 1, '', 0)`, round, n)))
			if ids, all := c.come(10); !all || ids != nil {
				t.Fatalf("while %d are under way there came %v, all: %v", n+1, ids, all)
			}
		}
		for _, n := range order {
			own := c.comes("acme", 1)
			by[n].ask("COMMIT")
			ids, all := c.come(10)
			if !all || len(ids) != 2 || !slices.Contains(ids, own[0]) {
				t.Errorf("order %v: when transaction %d is done and one more, there came %v, all: %v", order, n, ids, all)
			}
		}
	}
}

// TestCameIsFound has a window grow from nothing, with others' rows in it: what came is found
// by when it came, and all else is not read.
func TestCameIsFound(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by := mustOpen(t, o), newSession(t, server)
	by.ask(s.in("ALTER TABLE {s}due SET (autovacuum_enabled = off)"))
	fill := func() {
		by.ask(s.in("INSERT INTO {s}due SELECT n % 256, 'acme', 'crm', n, int8send(n) || int8send(n), n, '', 0 FROM generate_series(1, 20000) AS n"))
	}
	fill()
	by.ask(s.in("DELETE FROM {s}due WHERE tenant = 'acme'; ANALYZE {s}due"))
	fill()
	_, upTo, _, err := s.Came(gateway.AllSlots(), "", 10)
	must(t, err)
	m, is := asMoment(upTo)
	if m.open = append(m.open, 1, 2); !is {
		t.Fatalf("%q is no moment", upTo)
	}
	p := &params{}
	sql := s.queue.cameSQL(p, gateway.AllSlots(), &m, 100)
	plan := explained(t, by, s.in(sql), p)
	if n := strings.Count(plan, "Index Scan using due_came"); n != 2 || strings.Contains(plan, "Seq Scan on due") {
		t.Errorf("what came is found so:\n%s", plan)
	}
}

// TestCameAfterACrash: a moment of before says nothing of what came after the database was
// started anew.
func TestCameAfterACrash(t *testing.T) {
	own := postgres.Start(t)
	o := options(own)
	o.Patience = 2 * time.Second
	s := mustOpen(t, o)
	c := &comers{s, t, gateway.AllSlots(), ""}
	c.come(10)
	own.Kill()
	must(t, own.Run())
	for end := time.Now().Add(time.Minute); ; {
		_, _, all, err := s.Came(c.slots, c.upTo, 10)
		if err == nil && all {
			t.Fatal("all is told since a moment of before")
		}
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
