package api

import (
	"math"
	"net/http"
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/outbound"
	"hookgate/gateway/store"
)

// Publisher takes events in.
type Publisher interface {
	// Publish takes all events of a request or none; what it answers is durable.
	Publish(q outbound.PublishRequest) (outbound.Published, error)
}

// Events is what the API needs to show events.
type Events interface {
	// EventAlone gives an event; else gateway.ErrNotFound.
	EventAlone(tenant, id string) (*gateway.Event, error)
	// EventDeliveries visits the deliveries of an event, oldest first, until visit
	// wants no more.
	EventDeliveries(tenant, id string, visit func(gateway.EventDelivery) (more bool)) error
	// Events visits the events that are asked for, newest first, until visit wants no
	// more, or q.Limit were visited. next, where it is not "", is where to go on.
	Events(q store.Query, visit func(*gateway.Event) (more bool)) (next string, err error)
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

// event appends an event as it is shown (SPEC 7), its body in the bytes in which it
// came, if they are JSON. What its extent has no room for is left out.
func (c *call) event(t *text, e *gateway.Event, much extent) {
	t.append(512+6*(len(e.Tenant)+len(e.Type)+len(e.ConversationKey)), func(dst []byte) []byte {
		dst = gateway.AppendString(append(dst, `{"id":`...), e.ID)
		dst = gateway.AppendMember(dst, "tenant", e.Tenant)
		dst = gateway.AppendMember(dst, "type", e.Type)
		dst = gateway.AppendOptional(dst, "conversation_key", e.ConversationKey)
		return gateway.Time{Time: e.AcceptedAt}.AppendJSON(append(dst, `,"accepted_at":`...))
	})
	shown := much == full || much == plain && !e.NoticeOfBody()
	switch {
	case !c.seesEvent(e):
		t.raw(`,"body":null`)
		t.relay(e.Relay, encodingHidden)
	case e.Relay != nil:
		t.relayed(e, shown)
	case shown:
		t.raw(`,"body":`)
		t.append(len(e.Body), func(dst []byte) []byte { return append(dst, e.Body...) })
	}
	if much != bare {
		c.deliveriesOf(t, e)
	}
	t.raw("}")
}

// deliveriesOf appends the deliveries of an event, of which there may be very many.
func (c *call) deliveriesOf(t *text, e *gateway.Event) {
	t.raw(`,"deliveries":[`)
	more := false
	err := c.Events.EventDeliveries(e.Tenant, e.ID, func(d gateway.EventDelivery) bool {
		if more {
			t.raw(",")
		}
		more = true
		t.append(128+6*len(d.Endpoint), func(dst []byte) []byte {
			dst = gateway.AppendString(append(dst, `{"id":`...), d.ID)
			dst = gateway.AppendMember(dst, "endpoint", d.Endpoint)
			return append(gateway.AppendMember(dst, "state", string(d.State)), '}')
		})
		return t.err == nil
	})
	if t.err == nil {
		t.err = err
	}
	t.raw("]")
}

func getEvent(c *call) (answer, error) {
	if !gateway.IsID(gateway.PrefixEvent, c.params.id) {
		return answer{}, errNoSuch
	}
	c.pass(c.reads)
	e, err := c.Events.EventAlone(c.params.tenant, c.params.id)
	if err != nil {
		return answer{}, err
	}
	t := c.wholeItem()
	t.room(2<<10 + len(e.Body))
	c.event(t, e, full)
	return t.answer(http.StatusOK)
}

// listEvents lists events, newest first; type, conversation_key, since and until
// filter.
func listEvents(c *call) (answer, error) {
	p, err := c.page(isIDOf(gateway.PrefixEvent))
	if err != nil {
		return answer{}, err
	}
	asked, err := c.include()
	if err != nil {
		return answer{}, err
	}
	keep, err := c.eventFilter(&p)
	if err != nil {
		return answer{}, err
	}
	l, err := c.list(p, asked)
	if err != nil {
		return answer{}, err
	}
	_, err = c.Events.Events(store.Query{Tenant: c.params.tenant, Before: p.after, Rows: math.MaxInt}, func(e *gateway.Event) bool {
		return !keep(e) || l.add(e.ID, func(t *text, much extent) { c.event(t, e, much) })
	})
	if err != nil {
		return answer{}, err
	}
	return l.answer()
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
