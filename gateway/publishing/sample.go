package publishing

import (
	"time"

	"hookgate/gateway"
)

// Test sends a sample event to one endpoint alone, and gives the ids of the event
// and of its delivery.
func (p *Publisher) Test(tenant, endpoint, eventType, kind string) (eventID, deliveryID string, err error) {
	now := gateway.At(p.now()).Time
	e := gateway.Event{
		ID: gateway.NewID(gateway.PrefixEvent, now), Tenant: tenant, Type: eventType, Kind: kind,
		ConversationKey: sampleConversation, AcceptedAt: now, Body: sample(eventType, kind, now),
	}
	d := gateway.Delivery{
		ID: gateway.NewID(gateway.PrefixDelivery, now), Tenant: tenant, Endpoint: endpoint, EventIDs: []string{e.ID},
		EventType: eventType, ConversationKey: e.ConversationKey, State: gateway.DeliveryPending, NextAttemptAt: now, CreatedAt: now,
	}
	if err := p.Announce(&gateway.Publication{Events: []gateway.Event{e}, Deliveries: []gateway.Delivery{d}}); err != nil {
		return "", "", err
	}
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
