package storetest

import (
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
)

// crowd is a publication of n events, every third of a conversation of its own and the
// others of one, and a fan-out in which a lane wants all of them, another every second.
func (k *kit) crowd(tenant string, n int) (*gateway.Publication, []gateway.Fanout) {
	p := &gateway.Publication{}
	m := k.mark(tenant, "publish", time.Hour)
	m.Answer = gateway.Raw(`{"accepted":1}`)
	p.Mark = &m
	f := gateway.Fanout{Tenant: tenant, At: k.now, Listeners: []gateway.Listener{{Endpoint: "crm"}, {Endpoint: "crm-2"}}}
	for i := range n {
		v := k.event(tenant, "42")
		if i%3 == 0 {
			v.ConversationKey = v.ID
		}
		p.Events = append(p.Events, v)
		f.Events = append(f.Events, gateway.FanoutEvent{ID: v.ID, Type: v.Type, ConversationKey: v.ConversationKey})
		f.Listeners[0].Events = append(f.Listeners[0].Events, uint16(i))
		if i%2 == 0 {
			f.Listeners[1].Events = append(f.Listeners[1].Events, uint16(i))
		}
	}
	f.First = gateway.NewIDs(gateway.PrefixDelivery, k.now, f.Len())
	return p, []gateway.Fanout{f}
}

// fanOut fans out, and gives all that it told of.
func (k *kit) fanOut(p *gateway.Publication, many []gateway.Fanout) (made []gateway.Delivery) {
	k.Helper()
	promised := 0
	k.must(k.FanOut(p, many, func() { promised++ }, func(some []gateway.Delivery) bool {
		k.same("promised", promised, 1)
		made = append(made, some...)
		return true
	}))
	k.same("promised", promised, 1)
	return made
}

// fanOutRoundTrip makes what many promises say, each delivery once.
func fanOutRoundTrip(k *kit) {
	p, many := k.crowd(acme, 900)
	other, its := k.crowd(acmeB, 3)
	p.Events, many = append(p.Events, other.Events...), append(many, its...)
	made := k.fanOut(p, many)
	k.same("made", len(made), 1350+5)
	k.twice(func() {
		for i := range many {
			of := many[i].Tenant
			want := many[i].Read(0).Next(nil, 1<<20)
			k.same("all that there are", want, slices.DeleteFunc(slices.Clone(made), func(d gateway.Delivery) bool { return d.Tenant != of }))
			k.same("their number", len(want), many[i].Len())
			for _, listener := range many[i].Listeners {
				var dues []gateway.Due
				for j := range want {
					if want[j].Endpoint == listener.Endpoint {
						dues = append(dues, placeOf(&want[j]))
					}
				}
				k.same("window", k.window(gateway.LaneKey{Tenant: of, Endpoint: listener.Endpoint}), dues)
			}
			for _, j := range []int{0, 1, len(want) - 1} {
				d, events, err := k.Load(of, want[j].ID)
				k.must(err)
				k.same("delivery", d, &want[j])
				k.same("its event", events[0].ID, want[j].EventIDs[0])
			}
		}
		k.same("an event's deliveries", len(k.deliveriesOf(acme, p.Events[0].ID)), 2)
		k.same("another's", len(k.deliveriesOf(acme, p.Events[1].ID)), 1)
		if m, found, err := k.Mark(acme, markKey("publish"), time.Hour); err != nil || !found || string(m.Answer) != `{"accepted":1}` {
			k.Fatalf("mark: %+v, %v, %v", m, found, err)
		}
	})
}

func (k *kit) deliveriesOf(tenant, event string) []gateway.EventDelivery {
	_, list, err := k.Event(tenant, event)
	k.must(err)
	return list
}

// fanOutWhole promises something that cannot be stored: nothing of it is.
func fanOutWhole(k *kit) {
	for name, spoil := range map[string]func(*gateway.Publication, *gateway.Fanout){
		"the id of an event":      func(p *gateway.Publication, _ *gateway.Fanout) { p.Events[1].ID = "evt_1" },
		"the id of the first":     func(_ *gateway.Publication, f *gateway.Fanout) { f.First = "dlv_1" },
		"the tenant":              func(_ *gateway.Publication, f *gateway.Fanout) { f.Tenant = "a\x00b" },
		"an endpoint":             func(_ *gateway.Publication, f *gateway.Fanout) { f.Listeners[1].Endpoint = "a\x00b" },
		"the event of some":       func(_ *gateway.Publication, f *gateway.Fanout) { f.Events[1].ID = "x" },
		"an event that is not":    func(_ *gateway.Publication, f *gateway.Fanout) { f.Listeners[1].Events[0] = 9 },
		"more than ids there are": func(_ *gateway.Publication, f *gateway.Fanout) { f.First = "dlv_7ZZZZZZZZZZZZZZZZZZZZZZZZZ" },
	} {
		p, many := k.crowd(acme, 4)
		events := slices.Clone(p.Events)
		spoil(p, &many[0])
		err := k.FanOut(p, many, func() { k.Fatalf("%s that cannot be stored was promised", name) }, nil)
		if err == nil {
			k.Fatalf("%s that cannot be stored was taken", name)
		}
		k.twice(func() {
			for _, v := range events {
				_, _, err := k.Event(acme, v.ID)
				k.gone(name, err)
			}
			lanes, err := k.Lanes(gateway.AllSlots())
			k.must(err)
			k.same(name+": lanes", len(lanes), 0)
			if _, found, err := k.Mark(acme, markKey("publish"), time.Hour); err != nil || found {
				k.Fatalf("%s: mark %v, %v", name, found, err)
			}
		})
	}
}

// fanOutToADropped drops a lane while deliveries are made for it: all of them end as
// cancelled, those that had been made and those that come after; nobody is told of them.
func fanOutToADropped(k *kit) {
	p, many := k.crowd(acme, 900)
	told := map[string]int{}
	k.must(k.FanOut(p, many, func() {}, func(made []gateway.Delivery) bool {
		for i := range made {
			told[made[i].Endpoint]++
		}
		if told["crm"] > 0 && told["crm"] == len(made) {
			k.must(k.DropLane(lane("crm")))
		}
		return true
	}))
	if told["crm"] == 0 || told["crm"] >= 900 || told["crm-2"] != 450 {
		k.Fatalf("told of %v", told)
	}
	k.twice(func() {
		k.same("window", len(k.window(lane("crm"))), 0)
		k.same("window of another", len(k.window(lane("crm-2"))), 450)
		list, err := k.Deliveries(acme, "", 10_000, func(d *gateway.Delivery) bool { return d.State == gateway.DeliveryCancelled && d.Endpoint == "crm" })
		k.must(err)
		k.same("cancelled", len(list), 900)
	})
}

// fanOutOfADeleted ends the fan-out of a tenant that is being deleted, and nothing of
// it is left, nor comes back.
func fanOutOfADeleted(k *kit) {
	p, many := k.crowd(acme, 900)
	other, its := k.crowd(acmeB, 3)
	p.Events, many = append(p.Events, other.Events...), append(many, its...)
	parts := map[string]int{}
	k.must(k.FanOut(p, many, func() {}, func(made []gateway.Delivery) bool {
		parts[made[0].Tenant]++
		return false
	}))
	k.same("parts", parts, map[string]int{acme: 1, acmeB: 1})
	k.must(k.DeleteTenant(acme))
	k.twice(func() {
		lanes, err := k.Lanes(gateway.AllSlots())
		k.must(err)
		k.same("lanes", lanes, []gateway.LaneKey{{Tenant: acmeB, Endpoint: "crm"}, {Tenant: acmeB, Endpoint: "crm-2"}})
		if _, err := k.EventAlone(acme, p.Events[0].ID); !errors.Is(err, gateway.ErrNotFound) {
			k.Fatalf("an event is left: %v", err)
		}
	})
}
