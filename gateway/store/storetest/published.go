package storetest

import (
	"time"

	"hookgate/gateway"
)

// lane names a lane of acme.
func lane(endpoint string) gateway.LaneKey { return gateway.LaneKey{Tenant: acme, Endpoint: endpoint} }

func laneOf(d *gateway.Delivery) gateway.LaneKey {
	return gateway.LaneKey{Tenant: d.Tenant, Endpoint: d.Endpoint}
}

// event makes an event as of now.
func (k *kit) event(tenant, conversation string) gateway.Event {
	id := gateway.NewEventID(k.now)
	var of *gateway.SpanContext
	if conversation != "" { // some have one, and some have not
		of = span(1)
	}
	return gateway.Event{
		Span: of, ID: id, Tenant: tenant, Type: "message", Kind: "text", ConversationKey: conversation, AcceptedAt: k.now,
		Body: gateway.Raw(`{"event":{"type":"message"},"id":"` + id + `","text":"\u00fcber ünïcode"}`),
	}
}

// delivery makes a delivery of events, due now.
func (k *kit) delivery(endpoint string, events ...gateway.Event) gateway.Delivery {
	d := gateway.Delivery{
		ID: gateway.NewID(gateway.PrefixDelivery, k.now), Tenant: events[0].Tenant, Endpoint: endpoint, EventType: events[0].Type,
		ConversationKey: events[0].ConversationKey, State: gateway.DeliveryPending, NextAttemptAt: k.now, CreatedAt: k.now,
	}
	if k.made++; len(events) == 1 && events[0].AcceptedAt.Equal(k.now) && k.made%3 > 0 { // others are found otherwise
		k.beside[events[0].ID]++
		d.ID = gateway.DeliveryBeside(events[0].ID, k.beside[events[0].ID])
	}
	for _, v := range events {
		d.EventIDs = append(d.EventIDs, v.ID)
	}
	return d
}

// accept publishes an event to endpoints of acme, and gives its deliveries.
func (k *kit) accept(conversation string, endpoints ...string) (gateway.Event, []*gateway.Delivery) {
	k.Helper()
	p := &gateway.Publication{Events: []gateway.Event{k.event(acme, conversation)}}
	for _, endpoint := range endpoints {
		p.Deliveries = append(p.Deliveries, k.delivery(endpoint, p.Events[0]))
	}
	k.must(k.Accept(p))
	var list []*gateway.Delivery
	for i := range p.Deliveries {
		list = append(list, &p.Deliveries[i])
	}
	return p.Events[0], list
}

// acceptOne publishes an event to one endpoint of acme.
func (k *kit) acceptOne(conversation, endpoint string) (gateway.Event, *gateway.Delivery) {
	k.Helper()
	v, list := k.accept(conversation, endpoint)
	return v, list[0]
}

// again gives a delivery as one asks for it to be requeued, due now.
func (k *kit) again(d *gateway.Delivery) *gateway.Delivery {
	next := *d
	next.State, next.Base, next.NextAttemptAt, next.EndedAt = gateway.DeliveryPending, d.Attempts, k.now, time.Time{}
	return &next
}

// window gives all of a lane's window.
func (k *kit) window(lane gateway.LaneKey) []gateway.Due {
	k.Helper()
	due, err := k.Window(lane, gateway.Due{}, 1<<20)
	k.must(err)
	return due
}

// is holds a delivery to be as it is expected, with so many attempts.
func (k *kit) is(want *gateway.Delivery, attempts int) {
	k.Helper()
	got, list, err := k.Delivery(want.Tenant, want.ID)
	k.must(err)
	k.same("delivery", got, want)
	k.same("number of attempts", len(list), attempts)
	for i, a := range list {
		k.same("number of an attempt", a.Number, i+1)
	}
}

// waitsWith holds a delivery to be unfinished in its one place, with its events.
func (k *kit) waitsWith(d *gateway.Delivery, attempts int, events ...gateway.Event) {
	k.Helper()
	k.is(d, attempts)
	got, carried, err := k.Load(d.Tenant, d.ID)
	k.must(err)
	k.same("unfinished delivery", got, d)
	k.same("its events", carried, events)
	k.same("window", k.window(laneOf(d)), []gateway.Due{placeOf(d)})
}

// shows holds an event to show these deliveries.
func (k *kit) shows(v gateway.Event, want ...*gateway.Delivery) {
	k.Helper()
	got, list, err := k.Event(v.Tenant, v.ID)
	k.must(err)
	k.same("event", *got, v)
	var shown []gateway.EventDelivery
	for _, d := range want {
		shown = append(shown, gateway.EventDelivery{ID: d.ID, Endpoint: d.Endpoint, State: d.State})
	}
	k.same("its deliveries", list, shown)
}

func allEvents(*gateway.Event) bool { return true }
