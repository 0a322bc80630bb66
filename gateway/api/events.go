package api

import (
	"errors"
	"net/http"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/publishing"
	"hookgate/gateway/store"
	"hookgate/gateway/tracing"
)

// Publisher takes events in.
type Publisher interface {
	// Publish takes all events of a request or none; what it answers is durable.
	Publish(q publishing.Request) (publishing.Published, error)
	// Test sends a sample event to one endpoint alone.
	Test(tenant, endpoint, eventType, kind string) (eventID, deliveryID string, err error)
	// TestGiven sends one endpoint alone an event as somebody writes it.
	TestGiven(q publishing.Request, endpoint string) (eventID, deliveryID string, err error)
	// Sample gives the event that Test would send.
	Sample(eventType, kind string) gateway.Raw
}

// Events is what the API needs to show events.
type Events interface {
	// EventAlone gives an event; else gateway.ErrNotFound.
	EventAlone(tenant, id string) (*gateway.Event, error)
	// EventDeliveries visits the deliveries of an event, oldest first, until visit
	// wants no more.
	EventDeliveries(tenant, id string, visit func(gateway.EventDelivery) (more bool)) error
	// Events visits the events that are asked for, newest first, until visit wants no
	// more, or q.Limit were visited. next, where it is not "", is where to go on
	// (q.Before): q.Rows were looked at.
	Events(q store.Query, visit func(*gateway.Event) (more bool)) (next string, err error)
}

// Names knows conversations by their names.
type Names interface {
	// Names gives all the names of the conversation that has this one.
	Names(tenant, name string) (n gateway.Names, found bool, err error)
}

// events are what happened in conversations.
type events struct {
	publisher Publisher
	stored    Events
	names     Names
}

var errTenantDisabled = gateway.Errorf(gateway.CodeNotFound, "the tenant is disabled: it left the configuration file")

// publish takes events of the path's tenant.
func (h *events) publish(c *call) (answer, error) {
	if c.tenant.Disabled {
		return answer{}, errTenantDisabled
	}
	return h.take(c, c.tenant)
}

// publishAny takes events that find their tenants by account key.
func (h *events) publishAny(c *call) (answer, error) { return h.take(c, nil) }

func (h *events) take(c *call, tenant *directory.Tenant) (_ answer, err error) {
	body, err := edge.ReadBody(c.ctx, maxBody)
	if err != nil {
		return answer{}, err
	}
	key, err := c.idempotencyKey()
	if err != nil {
		return answer{}, err
	}
	span := beginPublish(c, tenant)
	defer func() { endPublish(c, span, err) }()
	published, err := h.publisher.Publish(publishing.Request{Snapshot: c.snapshot, Tenant: tenant, Body: body, IdempotencyKey: key, RequestID: edge.RequestID(c.ctx), Span: span.Or(edge.SpanOf(c.ctx))})
	if err != nil {
		return answer{}, err
	}
	if published.Replayed {
		c.ctx.Response.Header.Set("Idempotency-Replayed", "true")
	}
	return answer{status: http.StatusAccepted, contentType: jsonType, body: published.Body}, nil
}

// beginPublish begins the span of a publish, in the trace that its caller says.
func beginPublish(c *call, tenant *directory.Tenant) tracing.Span {
	if c.tracer == nil {
		return tracing.Span{}
	}
	span := c.tracer.Start(tracing.Produces, "publish", edge.SpanOf(c.ctx), time.Now())
	span.Text("request_id", string(edge.RequestID(c.ctx)))
	if tenant != nil {
		span.Text("tenant", tenant.ID)
	}
	return span
}

func endPublish(c *call, span tracing.Span, err error) {
	if !span.On() {
		return
	}
	why := ""
	if err != nil {
		if why = string(gateway.CodeInternal); errors.As(err, new(*gateway.Error)) {
			why = "refused"
		}
	}
	span.End(time.Now(), why)
}

// write appends an event as it is shown (SPEC 7), its body in the bytes in which it
// came, if they are JSON. What its extent has no room for is left out.
func (h *events) write(c *call, t *text, e *gateway.Event, much extent) {
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
		h.deliveriesOf(t, e)
	}
	t.raw("}")
}

// deliveriesOf appends the deliveries of an event, of which there may be very many.
func (h *events) deliveriesOf(t *text, e *gateway.Event) {
	t.raw(`,"deliveries":[`)
	more := false
	err := h.stored.EventDeliveries(e.Tenant, e.ID, func(d gateway.EventDelivery) bool {
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

func (h *events) get(c *call) (answer, error) {
	if !gateway.IsID(gateway.PrefixEvent, c.params.id) {
		return answer{}, errNoSuch
	}
	if err := c.pass(c.reads); err != nil {
		return answer{}, err
	}
	e, err := h.stored.EventAlone(c.params.tenant, c.params.id)
	if err != nil {
		return answer{}, err
	}
	t := c.wholeItem()
	t.room(2<<10 + len(e.Body))
	h.write(c, t, e, full)
	return t.answer(http.StatusOK)
}

// list lists events, newest first.
func (h *events) list(c *call) (answer, error) {
	a, err := c.asks(gateway.PrefixEvent, h.filter)
	if err != nil {
		return answer{}, err
	}
	l, err := c.list(a.page(), a.extent)
	if err != nil {
		return answer{}, err
	}
	err = eachEvent(h.stored, &a.Query, c.turn, func(e *gateway.Event) bool {
		return l.add(e.ID, func(t *text, much extent) { h.write(c, t, e, much) })
	})
	if err != nil {
		return answer{}, err
	}
	return l.answer()
}

// filter reads what events can be asked for.
func (h *events) filter(q *query, to *store.Query) (err error) {
	if text := q.text("type"); text != "" {
		var ok bool
		if to.Type, to.Kind, ok = typeAndKind(text); !ok {
			q.fault("type", "must be a type, or a message with its kind, as message/text")
		}
	}
	to.Since, to.Until = q.moment("since"), q.moment("until")
	to.Conversation, err = conversation(h.names, to.Tenant, q.text("conversation_key"))
	return err
}

// conversation gives all the names of the conversation that has this one; nil for "".
func conversation(of Names, tenant, key string) ([]string, error) {
	if key == "" {
		return nil, nil
	}
	n, found, err := of.Names(tenant, key)
	if err != nil {
		return nil, err
	}
	if !found {
		return []string{key}, nil
	}
	return n.All, nil
}
