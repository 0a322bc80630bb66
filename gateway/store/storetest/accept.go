package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
)

// full is a publication with every member set: two events, of which the second
// has no delivery.
func (k *kit) full(tenant string) *gateway.Publication {
	p := &gateway.Publication{Events: []gateway.Event{k.event(tenant, "42"), k.event(tenant, "")}}
	p.Deliveries = []gateway.Delivery{k.delivery("crm", p.Events[0]), k.delivery("crm-2", p.Events[0])}
	m := k.mark(tenant, "publish", time.Hour)
	m.Answer = gateway.Raw(`{"accepted":2}`)
	p.Mark = &m
	p.Marks = []gateway.Mark{k.mark(tenant, "one", time.Hour), k.mark(tenant, "two", time.Minute)}
	p.Own = []gateway.OwnKey{{Tenant: tenant, Key: "42"}}
	w := k.openWait(tenant, "42")
	p.Changes = []*gateway.Change{
		{Names: &gateway.Names{Tenant: tenant, All: []string{"42", "wa_1"}, Used: k.now}},
		{Wait: k.ended(w, gateway.StateCancelled, gateway.ReasonCancelled)},
	}
	p.Traces = []gateway.Trace{k.trace(tenant, "42", p.Events[0].ID), k.trace(tenant, "43", p.Events[1].ID)}
	return p
}

func acceptRoundTrip(k *kit) {
	p := k.full(acme)
	k.must(k.Accept(p))
	k.must(k.Accept(&gateway.Publication{}))
	k.twice(func() {
		k.shows(p.Events[0], &p.Deliveries[0], &p.Deliveries[1])
		k.shows(p.Events[1])
		for i := range p.Deliveries {
			want := &p.Deliveries[i]
			d, events, err := k.Load(acme, want.ID)
			k.must(err)
			k.same("delivery", d, want)
			k.same("its events", events, p.Events[:1])
			k.is(want, 0)
			k.same("window", k.window(lane(want.Endpoint)), []gateway.Due{placeOf(want)})
		}
		names, found, err := k.Names(acme, "wa_1")
		if err != nil || !found {
			k.Fatalf("names: %v, %v", found, err)
		}
		k.same("names", names, *p.Changes[0].Names)
		own, err := k.Own(acme, []string{"wa_1", "42"})
		k.must(err)
		k.same("own keys", own, []bool{false, true})
		met, err := k.Wait(acme, p.Changes[1].Wait.ID)
		k.must(err)
		k.same("a wait that ended by it", met, p.Changes[1].Wait)
		traces, err := k.Traces(acme, []string{"42", "43"}, time.Time{}, 10)
		k.must(err)
		k.same("traces", len(traces), 2)
	})
	_, _, err := k.Event(acmeB, p.Events[0].ID)
	k.gone("another tenant's event", err)
	_, _, err = k.Event(acme, gateway.NewID(gateway.PrefixEvent, k.now))
	k.gone("one that never was", err)
}

// acceptWhole publishes with something that cannot be stored: nothing of it is.
func acceptWhole(k *kit) {
	for name, spoil := range map[string]func(*gateway.Publication){
		"the id of an event":        func(p *gateway.Publication) { p.Events[1].ID = "evt_1" },
		"the id of a delivery":      func(p *gateway.Publication) { p.Deliveries[1].ID = p.Events[0].ID },
		"the event of a delivery":   func(p *gateway.Publication) { p.Deliveries[1].EventIDs = []string{"x"} },
		"an endpoint":               func(p *gateway.Publication) { p.Deliveries[1].Endpoint = "a\x00b" },
		"a tenant":                  func(p *gateway.Publication) { p.Traces[1].Tenant = "" },
		"a name of a trace":         func(p *gateway.Publication) { p.Traces[1].Key = "a\x00b" },
		"the tenant of its mark":    func(p *gateway.Publication) { p.Mark.Tenant = "\x00" },
		"the tenant of a mark":      func(p *gateway.Publication) { p.Marks[1].Tenant = "" },
		"the tenant of some names ": func(p *gateway.Publication) { p.Changes[0].Names.Tenant = "" },
		"the id of a wait":          func(p *gateway.Publication) { p.Changes[1].Wait.ID = "wait_1" },
		"the tenant of an own key":  func(p *gateway.Publication) { p.Own[0].Tenant = "a\x00b" },
	} {
		p := k.full(acme)
		good := *p
		good.Events, good.Deliveries = slices.Clone(p.Events), slices.Clone(p.Deliveries)
		spoil(p)
		if err := k.Accept(p); err == nil {
			k.Fatalf("%s that no key can hold was taken", name)
		}
		for _, v := range good.Events {
			_, _, err := k.Event(acme, v.ID)
			k.gone(name, err)
		}
		for _, d := range good.Deliveries {
			_, _, err := k.Delivery(acme, d.ID)
			k.gone(name, err)
			k.same("window", len(k.window(laneOf(&d))), 0)
		}
		for _, of := range []string{"publish", "one", "two"} {
			if _, found, err := k.Mark(acme, markKey(of), time.Hour); err != nil || found {
				k.Fatalf("%s: mark %s %v, %v", name, of, found, err)
			}
		}
		if _, named, err := k.Names(acme, "wa_1"); err != nil || named {
			k.Fatalf("%s: names %v, %v", name, named, err)
		}
		if own, err := k.Own(acme, []string{"42"}); err != nil || own[0] {
			k.Fatalf("%s: own keys %v, %v", name, own, err)
		}
	}
}

// acceptThousand publishes the most that one publish can have, larger than what a
// store may hold in memory before it is on disk.
func acceptThousand(k *kit) {
	p := &gateway.Publication{}
	for i := range gateway.MaxEvents {
		v := k.event(acme, fmt.Sprint(i))
		v.Body = gateway.Raw(`"` + strings.Repeat(string(rune('a'+i%26)), 12<<10) + `"`)
		p.Events = append(p.Events, v)
		for _, endpoint := range []string{"crm", "log", "mail"} {
			p.Deliveries = append(p.Deliveries, k.delivery(endpoint, v))
		}
	}
	k.must(k.Accept(p))
	k.twice(func() {
		for i := 0; i < len(p.Events); i += 111 {
			k.shows(p.Events[i], &p.Deliveries[3*i], &p.Deliveries[3*i+1], &p.Deliveries[3*i+2])
		}
		for _, endpoint := range []string{"crm", "log", "mail"} {
			k.same("window of "+endpoint, len(k.window(lane(endpoint))), gateway.MaxEvents)
		}
	})
}

func markAnswer(k *kit) {
	p := k.full(acme)
	k.must(k.Accept(p))
	k.twice(func() {
		got, found, err := k.Mark(acme, p.Mark.Key, time.Hour)
		if err != nil || !found {
			k.Fatalf("mark: %v, %v", found, err)
		}
		k.same("mark", got, *p.Mark)
	})
	k.set(k.now.Add(time.Hour))
	if _, found, err := k.Mark(acme, p.Mark.Key, time.Hour); err != nil || found {
		k.Fatalf("a mark that expired: %v, %v", found, err)
	}
}

// windowOfEqualTimes publishes at one moment: the window has the order of the ids,
// and tells which are of one conversation.
func windowOfEqualTimes(k *kit) {
	var want []gateway.Due
	p := &gateway.Publication{}
	for i := range 40 {
		v := k.event(acme, []string{"", "42", "43"}[i%3])
		d := k.delivery("crm", v)
		p.Events, p.Deliveries = append(p.Events, v), append(p.Deliveries, d)
		want = append(want, placeOf(&d))
	}
	slices.Reverse(p.Deliveries)
	k.must(k.Accept(p))
	if want[0].Conversation != 0 || want[1].Conversation == want[2].Conversation || want[1].Conversation != want[4].Conversation {
		k.Fatal("conversations cannot be told apart")
	}
	k.twice(func() {
		k.same("window", k.window(lane("crm")), want)
		after, err := k.Window(lane("crm"), want[6], 5)
		k.must(err)
		k.same("window after the seventh", after, want[7:12])
	})
}
