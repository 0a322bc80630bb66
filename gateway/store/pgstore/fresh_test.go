package pgstore

import (
	"testing"
	"time"

	"hookgate/gateway"
)

// TestFreshRowsThatAreThere makes promises again whose rows are there: nothing looked for them,
// and all is as if something had. Others of their group are written, too.
func TestFreshRowsThatAreThere(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by := mustOpen(t, o), newSession(t, server)
	tenant, at := tenantOf(0), time.Now()
	first, other := aPublication(tenant, at), aPublication(tenant, at.Add(time.Millisecond))
	must(t, s.Accept(first))
	c := gateway.Callback{ID: gateway.NewID(gateway.PrefixCallback, at), Tenant: tenant, Source: "crm", ConversationKey: "one", ReceivedAt: at, Outcome: gateway.OutcomeParked}
	mark := gateway.Mark{Tenant: tenant, Key: gateway.NewMarkKey(gateway.MarkDelivery, []byte("m")), CallbackID: c.ID, Expires: at.Add(time.Hour)}
	must(t, s.Commit(&gateway.Change{Callbacks: []gateway.Callback{c}, Marks: []gateway.Mark{mark}}))
	c.Outcome, mark.WaitID = gateway.OutcomeResumed, gateway.NewID(gateway.PrefixWait, at)

	g := newGroup()
	for _, pub := range []*gateway.Publication{first, other} {
		p := newPromise()
		p.publication(pub, &lates{})
		g.add(p)
	}
	p := newPromise()
	p.change(&gateway.Change{Callbacks: []gateway.Callback{c}, Marks: []gateway.Mark{mark}})
	g.add(p)
	whileResting(t, s.all[0], func() { s.all[0].sendGroup(g) })
	for _, p := range g.promises {
		must(t, <-p.done)
	}
	for sql, want := range map[string]string{
		"SELECT count(*) FROM {s}events":                         "2",
		"SELECT count(*) FROM {s}unfinished WHERE slot >= 0":     "2",
		"SELECT count(*) FROM {s}due WHERE slot >= 0":            "2",
		"SELECT convert_from(outcome, 'UTF8') FROM {s}callbacks": string(gateway.OutcomeResumed),
		"SELECT count(*) FROM {s}marks":                          "1",
	} {
		if got := by.ask(s.in(sql)); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
	if m, found, err := s.Mark(tenant, mark.Key, gateway.OutcomeKept); err != nil || !found || m.WaitID != mark.WaitID {
		t.Errorf("the mark is that which was there: %+v, %v, %v", m, found, err)
	}
}

// TestEndedTwice has a publish that was made again, for nobody knew what came of it, when its
// delivery had ended: it is sent again, and ends again, whatever ends it.
func TestEndedTwice(t *testing.T) {
	s := mustOpen(t, options(server(t)))
	now := time.Now()
	pub := aPublication(tenantOf(0), now)
	ended := func(state gateway.DeliveryState, said int) error {
		d := pub.Deliveries[0]
		d.State, d.Attempts, d.NextAttemptAt, d.EndedAt = state, 1, time.Time{}, now
		return s.Settle(&d, &gateway.Attempt{Number: 1, At: now, Status: 200, ResponseBody: make([]byte, said)})
	}
	for _, end := range []func() error{
		func() error { return ended(gateway.DeliverySucceeded, 2) },
		func() error { return ended(gateway.DeliverySucceeded, 2) },
		func() error { return ended(gateway.DeliverySucceeded, 2*maxEmbedded) },
		func() error { return ended(gateway.DeliveryCancelled, 2) },
		func() error { return ended(gateway.DeliveryDead, 2) },
		func() error { return ended(gateway.DeliveryDead, 2) },
		func() error { return s.DropLane(pub.Deliveries[0].Lane()) },
	} {
		must(t, s.Accept(pub))
		must(t, end())
		if d, _, err := s.Delivery(pub.Deliveries[0].Tenant, pub.Deliveries[0].ID); err != nil || !d.State.Ended() {
			t.Fatalf("%+v, %v", d, err)
		}
	}
}
