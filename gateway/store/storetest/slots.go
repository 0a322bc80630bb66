package storetest

import (
	"fmt"
	"time"

	"hookgate/gateway"
)

// apart gives two tenants whose slots differ, and the slot of each.
func apart(k *kit) (one, other string, first, second gateway.SlotSet) {
	k.Helper()
	one = acme
	for i := 0; ; i++ {
		if other = fmt.Sprint("tenant-", i); gateway.SlotOf(other) != gateway.SlotOf(one) {
			return one, other, gateway.SlotsOf(gateway.SlotOf(one)), gateway.SlotsOf(gateway.SlotOf(other))
		}
	}
}

// openOf gives the open waits of slots, by tenant.
func openOf(k *kit, slots gateway.SlotSet) (tenants []string, parked int) {
	k.Helper()
	k.must(k.Store.Recover(slots,
		func(w *gateway.Wait) error { tenants = append(tenants, w.Tenant); return nil },
		func(*gateway.Parked) error { parked++; return nil }))
	return tenants, parked
}

// slotsAreAskedApart gives of waits, parked callbacks, calls and lanes those of the slots
// that are asked for.
func slotsAreAskedApart(k *kit) {
	one, other, first, second := apart(k)
	for _, tenant := range []string{one, other} {
		k.commit(&gateway.Change{Wait: k.openWait(tenant, "1"), Park: k.parked(tenant, "2", time.Minute), Pending: k.pendingCall(tenant)})
		k.publish(tenant)
	}
	k.twice(func() {
		for _, c := range []struct {
			slots gateway.SlotSet
			want  []string
		}{{first, []string{one}}, {second, []string{other}}, {gateway.SlotSet{}, nil}} {
			tenants, parked := openOf(k, c.slots)
			k.same("waits", tenants, c.want)
			k.same("parked callbacks", parked, len(c.want))
			calls, err := k.Store.PendingCalls(c.slots)
			k.must(err)
			k.same("calls", len(calls), len(c.want))
			for _, call := range calls {
				k.same("whose call", call.Tenant, c.want[0])
			}
		}
		for _, tenant := range []string{one, other} {
			lane := gateway.LaneKey{Tenant: tenant, Endpoint: gateway.PlatformEndpoint}
			lanes, err := k.Lanes(gateway.SlotsOf(lane.Slot()))
			k.must(err)
			k.same("lanes", lanes, []gateway.LaneKey{lane})
		}
		none, err := k.Lanes(gateway.SlotSet{})
		k.must(err)
		k.same("lanes of no slot", len(none), 0)
	})
}

// slotsAreReleasedApart releases in one slot: the waits of another are looked at again,
// and expire only when that is released.
func slotsAreReleasedApart(k *kit) {
	one, other, first, second := apart(k)
	ids := map[string]string{}
	for _, tenant := range []string{one, other} {
		w := k.openWait(tenant, "1")
		k.commit(&gateway.Change{Wait: w})
		k.commit(&gateway.Change{Wait: k.ended(w, gateway.StateResumed, "")})
		ids[tenant] = w.ID
	}
	k.set(k.now.Add(time.Minute))
	k.Store.ReleaseBefore(first, k.now)
	still := k.openWait(other, "2")
	still.ID, still.CreatedAt = gateway.NewID(gateway.PrefixWait, k.now.Add(-30*time.Second)), k.now.Add(-30*time.Second)
	k.commit(&gateway.Change{Wait: still})
	k.twice(func() {
		tenants, _ := openOf(k, gateway.AllSlots())
		k.same("open in what was not released", tenants, []string{other})
	})
	k.Store.ReleaseBefore(gateway.AllSlots(), still.CreatedAt)
	k.Store.ReleaseBefore(second, still.CreatedAt)
	k.pass(5 * aDay)
	k.reopen()
	k.pass(time.Minute)
	tenants, _ := openOf(k, second)
	k.same("open for days", tenants, []string{other})
	for _, tenant := range []string{one, other} {
		_, err := k.Wait(tenant, ids[tenant])
		k.gone("ended days ago", err)
	}
}
