package storetest

import (
	"fmt"
	"time"

	"hookgate/gateway"
)

// pendingCall has every member set.
func (k *kit) pendingCall(tenant string) *gateway.PendingCall {
	return &gateway.PendingCall{
		ID: gateway.NewID(gateway.PrefixCall, k.now), Tenant: tenant, Webhook: "lookup",
		Request: gateway.Raw(`{"conversation_key":"42","variables":{"text":"ünïcode \u0000"}}`),
		WaitID:  gateway.NewID(gateway.PrefixWait, k.now), Sent: true, CreatedAt: k.now, Span: span(3),
	}
}

// callNotice is the notice with which a pending call ends now.
func (k *kit) callNotice(c *gateway.PendingCall) *gateway.Notice {
	return gateway.CallNotice(&gateway.Call{
		ID: c.ID, Tenant: c.Tenant, Webhook: c.Webhook, Outcome: gateway.CallSuccess, CreatedAt: c.CreatedAt, EndedAt: k.now,
	}, k.now)
}

// isPending holds the store to have these calls pending, in this order.
func (k *kit) isPending(what string, want ...*gateway.PendingCall) {
	k.Helper()
	got, err := k.PendingCalls(gateway.AllSlots())
	k.must(err)
	if len(got) != len(want) {
		k.Fatalf("%s: %d calls are pending, want %d", what, len(got), len(want))
	}
	for i := range want {
		k.same(fmt.Sprintf("%s: call %d", what, i), got[i], want[i])
	}
}

func pendingRoundTrip(k *kit) {
	k.isPending("in an empty store")
	full := k.pendingCall(acme)
	bare := &gateway.PendingCall{ID: gateway.NewID(gateway.PrefixCall, k.now), Tenant: acmeB, Webhook: "w", CreatedAt: k.now}
	k.commit(&gateway.Change{Pending: full}, &gateway.Change{Pending: bare})
	k.twice(func() { k.isPending("as they were put", full, bare) })
	again := *bare
	again.Sent = true
	k.commit(&gateway.Change{Pending: &again})
	k.twice(func() { k.isPending("in place of the one with the same id", full, &again) })
}

// pendingOldestFirst makes calls of tenants in turns: their age counts, not whose
// they are.
func pendingOldestFirst(k *kit) {
	var want []*gateway.PendingCall
	for i := range 30 {
		c := k.pendingCall([]string{"zebra", acme, acmeB}[i%3])
		want = append(want, c)
		k.set(k.now.Add(time.Duration(i%3) * time.Millisecond))
	}
	for i := range want {
		k.commit(&gateway.Change{Pending: want[len(want)-1-i]})
	}
	k.twice(func() { k.isPending("of all tenants", want...) })
}

// pendingSettles ends a call: it is gone, and in the same commit its notice is due.
func pendingSettles(k *kit) {
	ends, stays := k.pendingCall(acme), k.pendingCall(acme)
	k.commit(&gateway.Change{Pending: ends}, &gateway.Change{Pending: stays})
	n := k.callNotice(ends)
	n.Delivery.ID = "no id of ours"
	if err := k.Commit(&gateway.Change{Settled: ends, Notice: n}); err == nil {
		k.Fatal("an id that cannot be was taken")
	}
	k.twice(func() { k.isPending("its notice was refused", ends, stays) })
	n = k.callNotice(ends)
	k.commit(&gateway.Change{Settled: ends, Notice: n})
	k.twice(func() {
		k.isPending("settled", stays)
		_, events, err := k.Load(acme, n.Delivery.ID)
		k.must(err)
		k.same("its notice carries", len(events), 1)
	})
}

// pendingSettlesNothingGone settles what is not there, as after a commit whose
// outcome was not known: what comes with it is stored all the same.
func pendingSettlesNothingGone(k *kit) {
	other, never := k.pendingCall(acmeB), k.pendingCall(acme)
	k.commit(&gateway.Change{Pending: other})
	for range 2 {
		n := k.callNotice(never)
		k.commit(&gateway.Change{Settled: never, Notice: n})
		_, _, err := k.Load(acme, n.Delivery.ID)
		k.must(err)
	}
	another := *other
	another.Tenant = acme
	k.commit(&gateway.Change{Settled: &another})
	k.isPending("another tenant settled the same id", other)
	k.commit(&gateway.Change{Pending: never, Settled: never})
	k.isPending("pending and settled in one change", other)
}

// pendingOutlives waits for months: a promise does not expire.
func pendingOutlives(k *kit) {
	c := k.pendingCall(acme)
	k.commit(&gateway.Change{Pending: c})
	for range 4 {
		k.pass(40 * 24 * time.Hour)
	}
	k.twice(func() { k.isPending("months later", c) })
}

// pendingRefusesStrangeIDs puts and settles what no id can be.
func pendingRefusesStrangeIDs(k *kit) {
	good := k.pendingCall(acme)
	for _, c := range []gateway.PendingCall{
		{}, {ID: "call_1", Tenant: acme}, {ID: good.ID}, {ID: good.ID, Tenant: "a\x00b"},
		{ID: gateway.NewID(gateway.PrefixWait, k.now), Tenant: acme},
	} {
		for _, bad := range []*gateway.Change{{Pending: &c}, {Settled: &c}} {
			if err := k.Commit(&gateway.Change{Pending: good}, bad); err == nil {
				k.Fatalf("a call with id %q and tenant %q was taken", c.ID, c.Tenant)
			}
		}
	}
	k.isPending("with what was refused")
}
