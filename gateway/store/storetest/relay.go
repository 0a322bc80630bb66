package storetest

import (
	"time"

	"hookgate/gateway"
)

// relayed is what a relay makes durable: bytes of any kind, under several marks.
func (k *kit) relayed(body gateway.Raw) *gateway.Publication {
	v := k.event(acme, "42")
	v.Type, v.Kind, v.Body = gateway.EventRelay, "", body
	v.Relay = &gateway.Relayed{Route: "whatsapp", Method: "POST", Path: "/channels/w%20a/\xff", Sealed: []byte("\x00sealed\xff")}
	return &gateway.Publication{
		Events: []gateway.Event{v}, Deliveries: []gateway.Delivery{k.delivery(gateway.RouteLane("whatsapp"), v)},
		Marks:  []gateway.Mark{k.mark(acme, "wamid.1", time.Hour), k.mark(acme, "wamid.2", 3*aDay)},
		Traces: []gateway.Trace{k.trace(acme, "42", v.ID)},
	}
}

func relayRoundTrip(k *kit) {
	for _, body := range []gateway.Raw{nil, gateway.Raw("\x00\xff\r\n\r\n"), make(gateway.Raw, 3<<20)} {
		p := k.relayed(body)
		k.must(k.Accept(p))
		d := &p.Deliveries[0]
		k.twice(func() {
			k.shows(p.Events[0], d)
			k.waitsWith(d, 0, p.Events[0])
			for _, want := range p.Marks {
				got, found, err := k.Mark(acme, want.Key, 3*aDay)
				if err != nil || !found {
					k.Fatalf("mark: %v, %v", found, err)
				}
				k.same("mark", got, want)
			}
			page, err := k.Events(acme, "", 1, allEvents)
			k.must(err)
			k.same("listed", *page[0], p.Events[0])
		})
		k.settle(d, gateway.DeliverySucceeded, time.Time{})
		k.set(k.now.Add(time.Millisecond))
	}
}

// relayOutlives leaves a relay unfinished for longer than events are kept.
func relayOutlives(k *kit) {
	p := k.relayed(gateway.Raw("\x00"))
	k.must(k.Accept(p))
	for range 20 {
		k.pass(aDay)
	}
	k.twice(func() { k.waitsWith(&p.Deliveries[0], 0, p.Events[0]) })
}

// relayDies sends a dead letter again that is older than its event would have been.
func relayDies(k *kit) {
	p := k.relayed(gateway.Raw("\x00"))
	k.must(k.Accept(p))
	d := &p.Deliveries[0]
	k.settle(d, gateway.DeliveryDead, time.Time{})
	k.pass(20 * aDay)
	k.twice(func() { k.is(d, 1) })
	again := k.again(d)
	k.must(k.Requeue(nil, again))
	k.twice(func() { k.waitsWith(again, 1, p.Events[0]) })
}
