package storetest

import (
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
)

// neighbours are lanes of which one's name begins with another's.
var neighbours = []gateway.LaneKey{
	{Tenant: acme, Endpoint: "crm"}, {Tenant: acme, Endpoint: "cr"}, {Tenant: acme, Endpoint: "crm-2"},
	{Tenant: acmeB, Endpoint: "crm"}, {Tenant: "acm", Endpoint: "crm"},
}

// furnish gives each lane deliveries, holds and a status.
func furnish(k *kit) map[gateway.LaneKey][]*gateway.Delivery {
	k.Helper()
	made := map[gateway.LaneKey][]*gateway.Delivery{}
	for _, lane := range neighbours {
		for i := range 3 {
			v := k.event(lane.Tenant, "42")
			d := k.delivery(lane.Endpoint, v)
			k.must(k.Accept(&gateway.Publication{Events: []gateway.Event{v}, Deliveries: []gateway.Delivery{d}}))
			if i == 1 {
				k.settle(&d, gateway.DeliveryRetrying, k.now.Add(time.Hour))
			}
			made[lane] = append(made[lane], &d)
		}
		k.must(k.SetHold(lane, gateway.Hold{Conversation: 7, Delivery: made[lane][0].ID, Until: k.now}))
		k.must(k.PutStatus(lane, gateway.EndpointStatus{Trips: 3}, true))
	}
	return made
}

// furnished holds a lane to have all of that, or nothing.
func furnished(k *kit, lane gateway.LaneKey, want bool) {
	k.Helper()
	held, err := k.Holds(lane)
	k.must(err)
	s, err := k.Status(lane)
	k.must(err)
	lanes, err := k.Lanes(gateway.AllSlots())
	k.must(err)
	k.same("a lane among all", slices.Contains(lanes, lane), want)
	n := 0
	if want {
		n = 1
	}
	k.same("holds of "+lane.Tenant+"/"+lane.Endpoint, len(held), n)
	k.same("trips", s.Trips, 3*n)
	k.same("window", len(k.window(lane)), 3*n)
}

func dropLane(k *kit) {
	made := furnish(k)
	k.set(k.now.Add(time.Minute))
	gone := neighbours[0]
	k.must(k.DropLane(gone))
	k.must(k.DropLane(gateway.LaneKey{Tenant: acme, Endpoint: "never"}))
	k.twice(func() {
		for i, lane := range neighbours {
			furnished(k, lane, i > 0)
		}
		for i, d := range made[gone] {
			want := *d
			want.State, want.NextAttemptAt, want.EndedAt = gateway.DeliveryCancelled, time.Time{}, k.now
			k.is(&want, i%2)
			_, shown, err := k.Event(d.Tenant, d.EventIDs[0])
			k.must(err)
			k.same("as its event shows it", shown, []gateway.EventDelivery{{ID: d.ID, Endpoint: d.Endpoint, State: gateway.DeliveryCancelled}})
		}
	})
	k.must(k.DropLane(gone)) // again, as after it was cut short
	k.settle(made[gone][0], gateway.DeliverySucceeded, time.Time{})
	furnished(k, gone, false)
	k.must(k.DeleteTenant(acme))
	k.twice(func() {
		for _, lane := range neighbours {
			furnished(k, lane, lane.Tenant != acme)
		}
	})
}

// dropLaneOfMany drops more deliveries than fit in one commit.
func dropLaneOfMany(k *kit) {
	for range 3 {
		p := &gateway.Publication{}
		for range 900 {
			v := k.event(acme, "42")
			p.Events, p.Deliveries = append(p.Events, v), append(p.Deliveries, k.delivery("crm", v), k.delivery("crm-2", v))
		}
		k.must(k.Accept(p))
	}
	k.must(k.DropLane(lane("crm")))
	k.twice(func() {
		k.same("window", len(k.window(lane("crm"))), 0)
		k.same("window of another", len(k.window(lane("crm-2"))), 2700)
		list, err := k.Deliveries(acme, "", 10_000, func(d *gateway.Delivery) bool {
			return d.State == gateway.DeliveryCancelled && d.Endpoint == "crm" && d.EndedAt.Equal(k.now)
		})
		k.must(err)
		k.same("cancelled", len(list), 2700)
	})
}

func holds(k *kit) {
	var want []gateway.Hold
	for i, conversation := range []uint64{1, 42, 1 << 63, 1<<64 - 1} {
		h := gateway.Hold{Conversation: conversation, Delivery: gateway.NewID(gateway.PrefixDelivery, k.now), Until: k.now.Add(time.Duration(i) * time.Hour)}
		want = append(want, h)
		for _, lane := range neighbours {
			k.must(k.SetHold(lane, h))
		}
	}
	sorted := func(lane gateway.LaneKey) []gateway.Hold {
		list, err := k.Holds(lane)
		k.must(err)
		slices.SortFunc(list, func(a, b gateway.Hold) int { return strings.Compare(a.Delivery, b.Delivery) })
		return list
	}
	k.twice(func() { k.same("holds", sorted(neighbours[0]), want) })
	k.must(k.ClearHold(neighbours[0], 42))
	k.must(k.ClearHold(neighbours[0], 42))
	k.must(k.ClearHold(neighbours[0], 43))
	want[0].Until = k.now.Add(time.Minute)
	k.must(k.SetHold(neighbours[0], want[0]))
	k.pass(100 * aDay)
	k.twice(func() {
		k.same("holds", sorted(neighbours[0]), []gateway.Hold{want[0], want[2], want[3]})
		k.same("holds of another", len(sorted(neighbours[1])), 4)
	})
}

func status(k *kit) {
	crm := neighbours[0]
	k.twice(func() {
		got, err := k.Status(crm)
		k.must(err)
		k.same("status of a new one", got, gateway.EndpointStatus{})
	})
	full := gateway.EndpointStatus{
		Paused: true, DisabledReason: "failing", ProvedFor: markKey("url and token"), VerificationError: "timeout",
		FailingSince: k.now.Add(-time.Hour), OpenUntil: k.now.Add(time.Minute), Trips: 4,
		RestUntil: k.now.Add(time.Hour), PacedTo: k.now.Add(2 * time.Second), ProbedAt: k.now.Add(-time.Minute), Probed: "failed",
	}
	k.must(k.PutStatus(crm, full, true))
	k.pass(100 * aDay)
	k.twice(func() {
		got, err := k.Status(crm)
		k.must(err)
		k.same("status", got, full)
		for _, other := range neighbours[1:] {
			got, err := k.Status(other)
			k.must(err)
			k.same("status of another", got, gateway.EndpointStatus{})
		}
	})
	k.must(k.PutStatus(crm, gateway.EndpointStatus{}, false))
	k.twice(func() {
		got, err := k.Status(crm)
		k.must(err)
		k.same("status put anew", got, gateway.EndpointStatus{})
	})
}
