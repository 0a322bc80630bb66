package storetest

import (
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
)

func waitRoundTrip(k *kit) {
	open, full := k.openWait(acme, "1"), k.fullWait(acme, "2")
	k.commit(&gateway.Change{Wait: open})
	k.commit(&gateway.Change{Wait: full})
	k.twice(func() {
		for _, want := range []*gateway.Wait{open, full} {
			got, err := k.Wait(acme, want.ID)
			k.must(err)
			k.same("wait", got, want)
		}
	})
	resumed := k.ended(open, gateway.StateResumed, "")
	k.commit(&gateway.Change{Wait: resumed})
	k.twice(func() {
		got, err := k.Wait(acme, open.ID)
		k.must(err)
		k.same("wait", got, resumed)
	})
}

func (k *kit) gone(what string, err error) {
	k.Helper()
	if !errors.Is(err, gateway.ErrNotFound) {
		k.Fatalf("%s: %v, want gateway.ErrNotFound", what, err)
	}
}

func waitOutcomeKept(k *kit) {
	w := k.openWait(acme, "1")
	k.commit(&gateway.Change{Wait: w})
	k.set(k.now.Add(time.Minute))
	k.commit(&gateway.Change{Wait: k.ended(w, gateway.StateTimedOut, gateway.ReasonTimeout)})
	k.ReleaseBefore(gateway.AllSlots(), k.now)
	k.pass(gateway.OutcomeKept - time.Nanosecond)
	k.twice(func() {
		if _, err := k.Wait(acme, w.ID); err != nil {
			k.Fatalf("just short of a day after: %v", err)
		}
	})
	k.pass(time.Nanosecond)
	k.twice(func() {
		_, err := k.Wait(acme, w.ID)
		k.gone("a day after", err)
		list, err := k.Waits(acme, "", 10, allWaits)
		k.must(err)
		if len(list) != 0 {
			k.Fatalf("a day after it is listed: %+v", list[0])
		}
	})
}

func waitsOrderAndCursor(k *kit) {
	var ids []string
	for range 25 {
		w := k.openWait(acme, "k")
		k.commit(&gateway.Change{Wait: w})
		ids = append([]string{w.ID}, ids...)
		k.set(k.now.Add(time.Duration(len(ids)%3) * time.Millisecond))
	}
	var got []string
	for before := ""; ; {
		page, err := k.Waits(acme, before, 10, allWaits)
		k.must(err)
		if len(page) == 0 {
			break
		}
		if len(page) > 10 {
			k.Fatalf("a page of 10 has %d", len(page))
		}
		for _, w := range page {
			got = append(got, w.ID)
		}
		before = got[len(got)-1]
	}
	k.same("newest first, page by page", got, ids)
	third := 0
	page, err := k.Waits(acme, "", 4, func(*gateway.Wait) bool { third++; return third%3 == 0 })
	k.must(err)
	k.same("those kept", idsOf(page), []string{ids[2], ids[5], ids[8], ids[11]})
}

func idsOf(list []*gateway.Wait) (ids []string) {
	for _, w := range list {
		ids = append(ids, w.ID)
	}
	return ids
}

func waitsOfTenantsApart(k *kit) {
	mine, other := k.openWait(acme, "1"), k.openWait(acmeB, "1")
	k.commit(&gateway.Change{Wait: mine}, &gateway.Change{Wait: other})
	list, err := k.Waits(acme, "", 10, allWaits)
	k.must(err)
	k.same("waits", idsOf(list), []string{mine.ID})
	_, err = k.Wait(acme, other.ID)
	k.gone("another tenant's wait", err)
}

// everything is a change that touches all that a change can.
func everything(k *kit, tenant string) *gateway.Change {
	return &gateway.Change{
		Wait:    k.fullWait(tenant, "all"),
		Marks:   []gateway.Mark{k.mark(tenant, "all", time.Hour), k.mark(tenant, "all2", time.Hour)},
		Park:    k.parked(tenant, "all", time.Minute),
		Names:   &gateway.Names{Tenant: tenant, All: []string{"all", "alias"}, Used: k.now},
		Traces:  []gateway.Trace{k.trace(tenant, "all", "cb_1")},
		Notice:  k.notice(tenant),
		Pending: k.pendingCall(tenant),
	}
}

// has says how much of everything there is: all of it, none, or neither.
func has(k *kit, tenant string, c *gateway.Change) (all, none bool) {
	k.Helper()
	var there []bool
	_, err := k.Wait(tenant, c.Wait.ID)
	there = append(there, err == nil)
	_, found, err := k.Ended(tenant, c.Wait.Source, "all")
	k.must(err)
	there = append(there, found)
	for _, m := range c.Marks {
		_, found, err := k.Mark(tenant, m.Key, time.Hour)
		k.must(err)
		there = append(there, found)
	}
	_, err = k.Parked(tenant, c.Park.Callback.ID)
	there = append(there, err == nil)
	for _, name := range c.Names.All {
		_, found, err := k.Names(tenant, name)
		k.must(err)
		there = append(there, found)
	}
	traces, err := k.Traces(tenant, []string{"all"}, time.Time{}, 10)
	k.must(err)
	there = append(there, len(traces) == 1)
	_, _, err = k.Load(tenant, c.Notice.Delivery.ID)
	there = append(there, err == nil)
	_, _, err = k.Delivery(tenant, c.Notice.Delivery.ID)
	there = append(there, err == nil)
	due, err := k.Window(gateway.LaneKey{Tenant: tenant, Endpoint: gateway.PlatformEndpoint}, gateway.Due{}, 10)
	k.must(err)
	there = append(there, len(due) > 0)
	pending, err := k.PendingCalls(gateway.AllSlots())
	k.must(err)
	there = append(there, slices.ContainsFunc(pending, func(p *gateway.PendingCall) bool { return p.Tenant == tenant && p.ID == c.Pending.ID }))
	all, none = true, true
	for _, one := range there {
		all, none = all && one, none && !one
	}
	return all, none
}

func commitIsWhole(k *kit) {
	one, two := everything(k, acme), everything(k, acmeB)
	k.commit(one, two)
	k.twice(func() {
		for tenant, c := range map[string]*gateway.Change{acme: one, acmeB: two} {
			if all, _ := has(k, tenant, c); !all {
				k.Fatalf("%s: not all of a change is there", tenant)
			}
		}
	})
	k.commit()
	k.commit(&gateway.Change{})
}

// commitRefusesWhole commits something that cannot be stored with something that
// can: neither is.
func commitRefusesWhole(k *kit) {
	good, bad := everything(k, acme), everything(k, acmeB)
	bad.Notice.Delivery.ID = "no id of ours"
	if err := k.Commit(good, bad); err == nil {
		k.Fatal("an id that cannot be was taken")
	}
	bad.Notice = nil
	for tenant, c := range map[string]*gateway.Change{acme: good} {
		if _, none := has(k, tenant, c); !none {
			k.Fatalf("%s: a part of what was refused is there", tenant)
		}
	}
	_, err := k.Wait(acmeB, bad.Wait.ID)
	k.gone("the other half of what was refused", err)
}

func endedLastsADay(k *kit) {
	if _, found, err := k.Ended(acme, "payments", "1"); err != nil || found {
		k.Fatalf("before anything ended: %v, %v", found, err)
	}
	w := k.ended(k.openWait(acme, "1"), gateway.StateCancelled, gateway.ReasonCancelled)
	w.Aliases = []string{"alias"}
	k.commit(&gateway.Change{Wait: w})
	want := gateway.Ended{WaitID: w.ID, State: w.State, Reason: w.Reason, EndedAt: w.EndedAt}
	for _, step := range []time.Duration{0, 8 * time.Hour, 8 * time.Hour, 8*time.Hour - time.Nanosecond} {
		k.pass(step)
		got, found, err := k.Ended(acme, "payments", "1")
		if err != nil || !found {
			k.Fatalf("%s after it ended: %v, %v", k.now.Sub(w.EndedAt), found, err)
		}
		k.same("ended", got, want)
	}
	for _, other := range []struct{ tenant, source, key string }{{acmeB, "payments", "1"}, {acme, "payment", "1"}, {acme, "payments", "11"}, {acme, "payments", "alias"}} {
		if _, found, err := k.Ended(other.tenant, other.source, other.key); err != nil || found {
			k.Fatalf("%+v: %v, %v", other, found, err)
		}
	}
	k.pass(time.Nanosecond)
	if _, found, err := k.Ended(acme, "payments", "1"); err != nil || found {
		k.Fatalf("a day after: %v, %v", found, err)
	}
}

func endedIsTheLast(k *kit) {
	for _, pause := range []time.Duration{time.Minute, 10 * time.Hour, time.Minute} { // over midnight too
		k.set(k.now.Add(pause))
		w := k.ended(k.openWait(acme, "1"), gateway.StateTimedOut, gateway.ReasonTimeout)
		k.commit(&gateway.Change{Wait: w})
		k.twice(func() {
			got, found, err := k.Ended(acme, "payments", "1")
			if err != nil || !found || got.WaitID != w.ID {
				k.Fatalf("got %+v, %v, %v, want the end of %s", got, found, err, w.ID)
			}
		})
	}
}
