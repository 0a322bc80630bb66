package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"time"

	"hookgate/gateway"
)

// Publish is events to be published (SPEC 7): each an object that has event.type, which is
// passed on byte for byte.
type Publish struct {
	Events []json.RawMessage `json:"events"`
	Dedupe *PublishDedupe    `json:"dedupe,omitempty"`
	// Key is the Idempotency-Key; "": one is made up. A program that may die and come back
	// sets its own: it is remembered for 24 hours.
	Key string `json:"-"`
}

// PublishDedupe has each event known by an id of its own.
type PublishDedupe struct {
	EventID string            `json:"event_id"` // a path into the item
	Window  *gateway.Duration `json:"window,omitempty"`
}

// Published is what became of them.
type Published struct {
	Accepted   int              `json:"accepted"`
	Duplicates int              `json:"duplicates"`
	Events     []PublishedEvent `json:"events"` // in their order
}

// PublishedEvent is one of them.
type PublishedEvent struct {
	ID         string `json:"id"`
	Deliveries int    `json:"deliveries"` // how many endpoints want it
	Duplicate  bool   `json:"duplicate"`
}

// Publish publishes events, whose tenants are found by their accounts. All of them are
// durable then, or none.
func (c *Client) Publish(ctx context.Context, p Publish) (Published, error) {
	return Ask[Published](ctx, c, p.Request(""))
}

// Publish publishes events of the tenant: all of them are durable then, or none.
func (t OfTenant) Publish(ctx context.Context, p Publish) (Published, error) {
	return Ask[Published](ctx, t.c, p.Request(t.id))
}

// Request is that of Publish, for a tenant or "".
func (p Publish) Request(tenant string) Request {
	path := Path("v1", "events")
	if tenant != "" {
		path = Path("v1", "tenants", tenant, "events")
	}
	return Request{Path: path, Body: p, Key: p.Key, Keyed: true}
}

// Event is an accepted event with its deliveries.
type Event struct {
	ID              string          `json:"id"`
	Tenant          string          `json:"tenant"`
	Type            string          `json:"type"`
	ConversationKey string          `json:"conversation_key"`
	AcceptedAt      time.Time       `json:"accepted_at"`
	Body            json.RawMessage `json:"body"` // as it was published
	Deliveries      []struct {
		ID       string                `json:"id"`
		Endpoint string                `json:"endpoint"`
		State    gateway.DeliveryState `json:"state"`
	} `json:"deliveries"`
}

// EventFilter says which events are listed; what is empty is all.
type EventFilter struct {
	Type, ConversationKey string
	Since, Until          time.Time
}

// Query is the filter as parameters.
func (f EventFilter) Query() url.Values {
	return Query("type", f.Type, "conversation_key", f.ConversationKey, "since", moment(f.Since), "until", moment(f.Until))
}

// Events lists events, newest first.
func (t OfTenant) Events(ctx context.Context, f EventFilter) iter.Seq2[Event, error] {
	return List[Event](ctx, t.c, t.at("events"), f.Query(), 0)
}

// GetEvent reads an event.
func (t OfTenant) GetEvent(ctx context.Context, id string) (Event, error) {
	return Ask[Event](ctx, t.c, Request{Path: t.at("events", id)})
}
