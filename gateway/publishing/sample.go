package publishing

import (
	"errors"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// Test sends a sample event to one endpoint alone, and gives the ids of the event
// and of its delivery.
func (p *Publisher) Test(tenant, endpoint, eventType, kind string) (eventID, deliveryID string, err error) {
	now := gateway.At(p.now()).Time
	return p.alone(endpoint, &gateway.Event{
		ID: gateway.NewID(gateway.PrefixEvent, now), Tenant: tenant, Type: eventType, Kind: kind,
		ConversationKey: sampleConversation, AcceptedAt: now, Body: p.Sample(eventType, kind),
	})
}

// Sample gives the event that Test would send now.
func (p *Publisher) Sample(eventType, kind string) gateway.Raw {
	return gateway.SampleEvent(eventType, kind, sampleConversation, gateway.At(p.now()).Time)
}

// TestGiven is Test with an event as somebody writes it, q.Body: it is checked as one that is
// published, and counts against the limits of its tenant. Faults are placed from event.
func (p *Publisher) TestGiven(q Request, endpoint string) (eventID, deliveryID string, err error) {
	d := p.drafts.Get().(*draft)
	defer func() {
		d.free()
		p.drafts.Put(d)
	}()
	d.begin(q, p.now())
	d.document = mapping.Document{Body: mapping.JSON}
	if err := d.acceptEvent(0, d.Body); err != nil {
		var known *gateway.Error
		if errors.As(err, &known) {
			for i := range known.Faults {
				known.Faults[i].Path = "event" + strings.TrimPrefix(known.Faults[i].Path, "events[0]")
			}
		}
		return "", "", err
	}
	if !d.enter() {
		return "", "", errGone
	}
	defer d.leave()
	if err := p.admit(d); err != nil {
		return "", "", err
	}
	return p.alone(endpoint, &d.publication.Events[0])
}

// alone has one endpoint get an event.
func (p *Publisher) alone(endpoint string, e *gateway.Event) (eventID, deliveryID string, err error) {
	d := gateway.Delivery{
		ID: gateway.NewID(gateway.PrefixDelivery, e.AcceptedAt), Tenant: e.Tenant, Endpoint: endpoint, EventIDs: []string{e.ID},
		EventType: e.Type, ConversationKey: e.ConversationKey, State: gateway.DeliveryPending, NextAttemptAt: e.AcceptedAt, CreatedAt: e.AcceptedAt,
	}
	if err := p.Announce(&gateway.Publication{Events: []gateway.Event{*e}, Deliveries: []gateway.Delivery{d}}); err != nil {
		return "", "", err
	}
	return e.ID, d.ID, nil
}

// sampleConversation is the conversation of every sample.
const sampleConversation = "hookgate-test"
