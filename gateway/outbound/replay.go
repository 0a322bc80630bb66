package outbound

import (
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// maxReplay bounds one replay: what it finds is in memory until it is written.
const maxReplay = 10_000

// replayPage is how many are written in one commit.
const replayPage = 500

// Replay sends deliveries of an endpoint again that match a filter, in the order
// of their making: dead ones, where it names no state. Of more than the limit it
// takes the newest. It gives how many.
func (l *Lanes) Replay(tenant, endpoint string, f ReplayFilter) (int, error) {
	l.byHand.Lock()
	defer l.byHand.Unlock()
	most := maxReplay
	if f.Limit > 0 {
		most = min(most, f.Limit)
	}
	list, err := l.matching(tenant, endpoint, f, most)
	if err != nil {
		return 0, err
	}
	slices.Reverse(list)
	count := 0
	for page := range slices.Chunk(list, replayPage) {
		moved, err := l.requeue(gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}, page)
		if err != nil {
			return count, err
		}
		count += len(moved)
	}
	return count, nil
}

// matching gives the newest deliveries that match a filter, at most so many, newest
// first.
func (l *Lanes) matching(tenant, endpoint string, f ReplayFilter, most int) (list []*gateway.Delivery, err error) {
	q := f.query(tenant, endpoint)
	for {
		q.Before, err = l.queue.Deliveries(q, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool {
			if len(f.EventTypes) == 0 || slices.Contains(f.EventTypes, d.EventType) {
				list = append(list, d)
			}
			return len(list) < most
		})
		if err != nil || q.Before == "" || len(list) >= most {
			return list, err
		}
	}
}

func (f *ReplayFilter) query(tenant, endpoint string) store.Query {
	q := store.Query{Tenant: tenant, Endpoint: endpoint, State: string(f.State), Since: f.Since, Until: f.Until}
	if q.State == "" {
		q.State = string(gateway.DeliveryDead)
	}
	if !f.Until.IsZero() {
		q.Before = gateway.IDFloor(gateway.PrefixDelivery, f.Until)
	}
	return q
}

// Test sends a sample event to one endpoint alone, and gives the ids of the event
// and of its delivery.
func (l *Lanes) Test(tenant, endpoint, eventType, kind string) (eventID, deliveryID string, err error) {
	now := gateway.At(l.now()).Time
	e := gateway.Event{
		ID: gateway.NewID(gateway.PrefixEvent, now), Tenant: tenant, Type: eventType, Kind: kind,
		ConversationKey: sampleConversation, AcceptedAt: now, Body: sample(eventType, kind, now),
	}
	d := gateway.Delivery{
		ID: gateway.NewID(gateway.PrefixDelivery, now), Tenant: tenant, Endpoint: endpoint, EventIDs: []string{e.ID},
		EventType: eventType, ConversationKey: e.ConversationKey, State: gateway.DeliveryPending, NextAttemptAt: now, CreatedAt: now,
	}
	if err := l.queue.Accept(&gateway.Publication{Events: []gateway.Event{e}, Deliveries: []gateway.Delivery{d}}); err != nil {
		return "", "", err
	}
	l.Wake(gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}, placeOf(&d))
	return e.ID, d.ID, nil
}

// sampleConversation is the conversation of every sample.
const sampleConversation = "hookgate-test"

// sample is an event in the platform's form that says it is none.
func sample(eventType, kind string, at time.Time) gateway.Raw {
	body := gateway.AppendString([]byte(`{"event":{"type":`), eventType)
	body = append(body, `,"payload":{`...)
	if kind != "" {
		body = append(body, `"message_by":{"email":null,"id":null,"type":"visitor"},"message":{"type":`...)
		body = gateway.AppendString(body, kind)
		body = append(body, `,"text":"This is a test event from hookgate."}`...)
	}
	body = append(body, `}},"conversation":{"key":`...)
	body = gateway.AppendString(body, sampleConversation)
	body = append(body, `},"test":true,"timestamp":"`...)
	body = at.UTC().AppendFormat(body, "2006-01-02 15:04:05.000000")
	return append(body, `"}`...)
}
