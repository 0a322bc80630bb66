package api

import (
	"net/http"
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/outbound"
)

// Publisher takes events in.
type Publisher interface {
	// Publish takes all events of a request or none; what it answers is durable.
	Publish(q outbound.PublishRequest) (outbound.Published, error)
}

// Events is what the API needs to show events.
type Events interface {
	// Event gives an event with its deliveries, oldest first; else
	// gateway.ErrNotFound.
	Event(tenant, id string) (*gateway.Event, []gateway.EventDelivery, error)
	// Events lists a tenant's events, newest first, those with an id below before
	// ("" for all), at most so many of those that keep says yes to.
	Events(tenant, before string, most int, keep func(*gateway.Event) bool) ([]*gateway.Event, error)
	// Names gives all the names of the conversation that has this one.
	Names(tenant, name string) (n gateway.Names, found bool, err error)
}

var errTenantDisabled = gateway.Errorf(gateway.CodeNotFound, "the tenant is disabled: it left the configuration file")

// publishEvents takes events of the path's tenant.
func publishEvents(c *call) (answer, error) {
	if c.tenant.Disabled {
		return answer{}, errTenantDisabled
	}
	return c.publish(c.tenant)
}

// publishAny takes events that find their tenants by account key.
func publishAny(c *call) (answer, error) { return c.publish(nil) }

func (c *call) publish(tenant *directory.Tenant) (answer, error) {
	body, err := edge.ReadBody(c.ctx, maxBody)
	if err != nil {
		return answer{}, err
	}
	key, err := c.idempotencyKey()
	if err != nil {
		return answer{}, err
	}
	published, err := c.Publisher.Publish(outbound.PublishRequest{Snapshot: c.snapshot, Tenant: tenant, Body: body, IdempotencyKey: key})
	if err != nil {
		return answer{}, err
	}
	if published.Replayed {
		c.ctx.Response.Header.Set("Idempotency-Replayed", "true")
	}
	return answer{status: http.StatusAccepted, contentType: jsonType, body: published.Body}, nil
}

// appendEvent appends an event as it is shown (SPEC 7), its body in the bytes in
// which it came, if they are JSON.
func (c *call) appendEvent(dst []byte, e *gateway.Event, deliveries []gateway.EventDelivery) []byte {
	member := func(name, value string) {
		dst = append(dst, name...)
		dst = gateway.AppendString(dst, value)
	}
	member(`{"id":`, e.ID)
	member(`,"tenant":`, e.Tenant)
	member(`,"type":`, e.Type)
	if e.ConversationKey == "" {
		dst = append(dst, `,"conversation_key":null`...)
	} else {
		member(`,"conversation_key":`, e.ConversationKey)
	}
	dst = append(dst, `,"accepted_at":`...)
	dst = gateway.Time{Time: e.AcceptedAt}.AppendJSON(dst)
	dst = append(dst, `,"body":`...)
	encoding := hidden
	switch {
	case !c.seesEvent(e):
		dst = append(dst, "null"...)
	case e.Relay == nil:
		dst = append(dst, e.Body...)
	default:
		dst, encoding = appendRelayedBody(dst, e.Body)
	}
	if e.Relay != nil {
		dst = appendRelay(dst, e.Relay, encoding)
	}
	dst = append(dst, `,"deliveries":[`...)
	for i, d := range deliveries {
		if i > 0 {
			dst = append(dst, ',')
		}
		member(`{"id":`, d.ID)
		member(`,"endpoint":`, d.Endpoint)
		member(`,"state":`, string(d.State))
		dst = append(dst, '}')
	}
	return append(dst, ']', '}')
}

func getEvent(c *call) (answer, error) {
	if !gateway.IsID(gateway.PrefixEvent, c.params.id) {
		return answer{}, errNoSuch
	}
	e, deliveries, err := c.Events.Event(c.params.tenant, c.params.id)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, contentType: jsonType, body: c.appendEvent(nil, e, deliveries)}, nil
}

// An event may have 1 MiB: a page is read in small steps, and ends early where it
// grows large.
const (
	eventStep     = 16
	maxEventsPage = 8 << 20 // bytes
)

// listEvents lists events, newest first; type, conversation_key, since and until
// filter.
func listEvents(c *call) (answer, error) {
	p, err := c.page(isIDOf(gateway.PrefixEvent))
	if err != nil {
		return answer{}, err
	}
	keep, err := c.eventFilter(&p)
	if err != nil {
		return answer{}, err
	}
	body, shown, last := []byte(`{"data":[`), 0, p.after
	for {
		found, err := c.Events.Events(c.params.tenant, last, min(eventStep, p.limit-shown+1), keep)
		if err != nil {
			return answer{}, err
		}
		for _, e := range found {
			if shown == p.limit || shown > 0 && len(body)+len(e.Body) > maxEventsPage {
				cursor := gateway.AppendString([]byte(`],"next_cursor":`), *cursorOf(last))
				return answer{status: http.StatusOK, contentType: jsonType, body: append(append(body, cursor...), '}')}, nil
			}
			if body, err = c.appendListed(body, e, shown > 0); err != nil {
				return answer{}, err
			}
			shown, last = shown+1, e.ID
		}
		if len(found) == 0 {
			return answer{status: http.StatusOK, contentType: jsonType, body: append(body, `],"next_cursor":null}`...)}, nil
		}
	}
}

func (c *call) appendListed(body []byte, e *gateway.Event, more bool) ([]byte, error) {
	_, deliveries, err := c.Events.Event(e.Tenant, e.ID)
	if err != nil && !isGone(err) {
		return nil, err
	}
	if more {
		body = append(body, ',')
	}
	return c.appendEvent(body, e, deliveries), nil
}

// eventFilter reads what the query asks for; every fault at once. A page that ends
// at a moment begins below it.
func (c *call) eventFilter(p *page) (func(*gateway.Event) bool, error) {
	q := c.query()
	eventType, kind, ok := typeAndKind(q.text("type"))
	if q.text("type") == "" {
		ok = true
	}
	if !ok {
		q.fault("type", "must be a type, or a message with its kind, as message/text")
	}
	since, until := q.moment("since"), q.moment("until")
	names, err := c.names(q.text("conversation_key"))
	if err != nil {
		return nil, err
	}
	p.until(gateway.PrefixEvent, until)
	return func(e *gateway.Event) bool {
		c.turn.row()
		return (eventType == "" || e.Type == eventType) && (kind == "" || e.Kind == kind) &&
			(names == nil || slices.Contains(names, e.ConversationKey)) &&
			!e.AcceptedAt.Before(since) && (until.IsZero() || e.AcceptedAt.Before(until))
	}, gateway.Invalid(q.faults)
}

// names gives all the names of the conversation that has this one; nil for "".
func (c *call) names(key string) ([]string, error) {
	if key == "" {
		return nil, nil
	}
	n, found, err := c.Events.Names(c.params.tenant, key)
	if err != nil {
		return nil, err
	}
	if !found {
		return []string{key}, nil
	}
	return n.All, nil
}
