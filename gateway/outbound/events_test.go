package outbound_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/outbound"
)

// item is an event of these tests, as it is sent.
type item struct {
	Conversation string `json:"conversation"`
	N            int    `json:"n"` // in its conversation, from 1
	ID           string `json:"-"`
}

// items reads the envelope of a request.
func items(t testing.TB, r received) []item {
	var envelope struct {
		Events []item `json:"events"`
	}
	if err := json.Unmarshal(r.body, &envelope); err != nil {
		t.Errorf("%s: %v", r.body, err)
	}
	return envelope.Events
}

// accept publishes an event for an endpoint of acme.
func (w *world) accept(endpoint, conversation string, n int) *gateway.Notice {
	w.t.Helper()
	return w.acceptAll(endpoint, item{Conversation: conversation, N: n})[0]
}

// acceptAll publishes several in one commit.
func (w *world) acceptAll(endpoint string, list ...item) (all []*gateway.Notice) {
	w.t.Helper()
	now := gateway.At(time.Now()).Time
	var p gateway.Publication
	var due []gateway.Due
	for _, i := range list {
		body, _ := json.Marshal(i)
		n := &gateway.Notice{Event: gateway.Event{
			ID: gateway.NewID(gateway.PrefixEvent, now), Tenant: "acme", Type: "message", Kind: "text", ConversationKey: i.Conversation,
			AcceptedAt: now, Body: body,
		}}
		n.Delivery = gateway.Delivery{
			ID: gateway.NewID(gateway.PrefixDelivery, now), Tenant: "acme", Endpoint: endpoint, EventIDs: []string{n.Event.ID}, EventType: "message",
			ConversationKey: i.Conversation, State: gateway.DeliveryPending, NextAttemptAt: now, CreatedAt: now,
		}
		p.Events, p.Deliveries = append(p.Events, n.Event), append(p.Deliveries, n.Delivery)
		due = append(due, gateway.Due{ID: n.Delivery.ID, At: now, Conversation: gateway.ConversationHash(i.Conversation)})
		all = append(all, n)
	}
	if err := w.store.Accept(&p); err != nil {
		w.t.Fatal(err)
	}
	for lanes := range w.everyLanes() {
		lanes.WakeMany(gateway.LaneKey{Tenant: "acme", Endpoint: endpoint}, due)
	}
	return all
}

// to changes the target.
func (w *world) to(change func(*outbound.Target)) {
	w.mu.Lock()
	target := *w.target
	w.mu.Unlock()
	change(&target)
	w.setTarget(&target)
}

// carrier gives the delivery that carries an event now.
func (w *world) carrier(e *gateway.Event) (*gateway.Delivery, []gateway.Attempt, error) {
	for {
		_, deliveries, err := gatewaytest.Event(w.store, e.Tenant, e.ID)
		if err != nil {
			return nil, nil, err
		}
		if len(deliveries) != 1 {
			return nil, nil, fmt.Errorf("%s has %d deliveries", e.ID, len(deliveries))
		}
		d, attempts, err := w.store.Delivery(e.Tenant, deliveries[0].ID)
		if errors.Is(err, gateway.ErrNotFound) {
			// Since it was named, it may have been merged into the one that carries the event now.
			_, now, again := gatewaytest.Event(w.store, e.Tenant, e.ID)
			if again == nil && len(now) == 1 && now[0].ID != deliveries[0].ID {
				continue
			}
		}
		return d, attempts, err
	}
}
