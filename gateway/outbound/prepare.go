package outbound

import (
	"strconv"
	"strings"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/relayed"
	"hookgate/gateway/transport"
)

// Names of the fields that a delivery sets itself.
const (
	headerID      = "webhook-id" // Standard Webhooks; the same for every attempt
	headerAttempt = relayed.HeaderAttempt
)

// prepare writes the request: a new signature for each attempt, for receivers
// refuse old ones.
func (c *carrier) prepare(a *attempt) bool {
	if a.delivery.Lent != nil {
		return true // it was sent, in a way
	}
	a.at = c.schedule.now()
	trace(c.options.Tracer, a)
	if a.target.Relay != nil {
		c.prepareRelay(a)
		return true
	}
	t, id := a.target, a.messageID()
	body, contentType := t.body(a)
	f := fields{set: make([][2]string, 0, 8+len(t.Headers))}
	f.add(headerAttempt, strconv.Itoa(a.delivery.Attempts+1))
	if t.Token.Name != "" {
		f.add(t.Token.Name, t.Token.Value)
	}
	if t.Signer != nil {
		t.Signer.Sign(signature.Message{ID: id, At: time.Now(), Body: body}, func(name string, value []byte) { f.add(name, string(value)) })
	}
	f.orElse(headerID, id)
	a.span.Or(a.events[0].Span).Fields(f.add)
	f.operators(t)
	f.orElse("Content-Type", contentType)
	f.orElse("User-Agent", c.agent)
	a.request = transport.Request{
		Method: "POST", URL: t.URL, Header: f.set, Body: body, Timeout: t.Timeout,
		TLS: t.TLS, Tenant: a.delivery.Tenant, Trusted: t.Trusted,
	}
	return true
}

// messageID is the event's; a batch of several is known by its delivery.
func (a *attempt) messageID() string {
	if len(a.events) == 1 {
		return a.events[0].ID
	}
	return a.delivery.ID
}

// fields are those of one request; the first of a name wins.
type fields struct{ set [][2]string }

func (f *fields) add(name, value string) { f.set = append(f.set, [2]string{name, value}) }

// operators adds what the operator set, but for the names that are ours.
func (f *fields) operators(t *Target) {
	ours := f.set
	for _, h := range t.Headers {
		if !has(ours, h.Name) {
			f.add(h.Name, h.Value)
		}
	}
}

func (f *fields) orElse(name, value string) {
	if !has(f.set, name) {
		f.add(name, value)
	}
}

func has(set [][2]string, name string) bool {
	for i := range set {
		if len(set[i][0]) == len(name) && strings.EqualFold(set[i][0], name) {
			return true
		}
	}
	return false
}

// Media types of what is sent.
const (
	typeJSON             = "application/json"
	typeCloudEvent       = "application/cloudevents+json"
	typeCloudEventsBatch = "application/cloudevents-batch+json"
)

// body writes the events in the form that the target wants.
func (t *Target) body(a *attempt) (body []byte, contentType string) {
	if t.Form == Bare {
		return a.events[0].Body, typeJSON
	}
	size := 32
	for i := range a.events {
		size += 320 + len(a.events[i].Body)
	}
	body = make([]byte, 0, size)
	if t.Form == CloudEvents {
		if !t.batches() && len(a.events) == 1 {
			return appendCloudEvent(body, &a.events[0]), typeCloudEvent
		}
		return append(appendList(append(body, '['), a.events, appendCloudEvent), ']'), typeCloudEventsBatch
	}
	body = appendList(append(body, `{"events":[`...), a.events, appendItem)
	return append(body, ']', '}'), typeJSON
}

func appendList(dst []byte, events []gateway.Event, item func([]byte, *gateway.Event) []byte) []byte {
	for i := range events {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = item(dst, &events[i])
	}
	return dst
}

func appendItem(dst []byte, e *gateway.Event) []byte { return append(dst, e.Body...) }

// appendCloudEvent writes CloudEvents 1.0, JSON format, section 3: the item is
// data, everything else is ours (SPEC 14).
func appendCloudEvent(dst []byte, e *gateway.Event) []byte {
	dst = append(dst, `{"specversion":"1.0","id":`...)
	dst = gateway.AppendString(dst, e.ID)
	dst = append(dst, `,"source":`...)
	dst = gateway.AppendString(dst, "/tenants/"+e.Tenant)
	dst = append(dst, `,"type":`...)
	dst = gateway.AppendString(dst, e.Type)
	if e.ConversationKey != "" { // an empty subject is none
		dst = append(dst, `,"subject":`...)
		dst = gateway.AppendString(dst, e.ConversationKey)
	}
	dst = append(dst, `,"time":`...)
	dst = gateway.Time{Time: e.AcceptedAt}.AppendJSON(dst)
	dst = append(dst, `,"datacontenttype":"application/json","data":`...)
	dst = append(dst, e.Body...)
	return append(dst, '}')
}
