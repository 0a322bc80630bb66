package proxy

import (
	"strings"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
)

// RelayRequest is a request of a route of mode relay, verified and admitted. Its
// bytes and texts are valid until Relay returns.
type RelayRequest struct {
	Route          *directory.Route
	Key            string   // of the conversation; "" for none
	IDs            []string // the provider's own, of the messages in it
	IdempotencyKey string   // "" for none
	Request        gateway.RelayedRequest
	Body           []byte
}

// relay stores a request for later delivery. What it is known by again is looked for
// in the body as far as that can be read: a body that cannot be is relayed all the
// same, for what it means is the upstream's business.
func (x *exchange) relay() error {
	if !x.route.Relay {
		return nil
	}
	values := x.p.values.Get().(*mapping.Values) //nolint:forcetypeassert // the pool holds nothing else
	defer func() {
		values.Release()
		x.p.values.Put(values)
	}()
	header := &x.ctx.Request.Header
	document := mapping.Document{Body: mapping.NoBody}
	if len(header.ContentEncoding()) == 0 {
		if read, err := mapping.Parse(methodName(x.ctx.Method()), string(header.ContentType()), x.body); err == nil {
			document = read
		}
	}
	document.Request = (*requestOf)(x)
	plan := x.route.Plan
	plan.Set.Read(&document, values)
	q := RelayRequest{Route: x.route.Route, IDs: x.idsIn(values), Body: x.body, Request: x.relayed()}
	if key, valid := mapping.KeyOf(values.At(plan.Key)); valid {
		q.Key = key
	}
	if key, n := (*fieldsOf)(x).Get("Idempotency-Key"); n == 1 && len(key) <= maxIdempotencyKey {
		q.IdempotencyKey = string(key)
	}
	id, duplicate, err := x.p.Relay(q)
	if err != nil {
		return err
	}
	x.taken(id, duplicate)
	return nil
}

const maxIdempotencyKey = 255 // bytes, as for events

// idsIn gives the provider's ids: one, or, where there are several messages, each of
// theirs. One may have several parts: then it is a list. A request with a message that
// has no id has none: it may be new, whatever came beside it.
func (x *exchange) idsIn(values *mapping.Values) (ids []string) {
	if plan := x.route.Plan; plan.Identified() {
		if !plan.Identities(values, func(id []byte) { ids = append(ids, string(id)) }) {
			return nil
		}
		return ids
	}
	found := values.At(x.route.Plan.Dedupe)
	switch {
	case found.Kind == mapping.Array && x.route.SeveralIDs:
		for id := range mapping.Items(found.Raw) {
			ids = append(ids, string(id))
		}
	case (found.IsScalar() || found.Kind == mapping.Array) && len(found.Raw) > 0:
		ids = append(ids, string(found.Raw))
	}
	return ids
}

// relayed is the request as the upstream is to get it: what belongs to the
// connection is gone, and who the client is stands in it, since nobody will know later.
func (x *exchange) relayed() gateway.RelayedRequest {
	header := &x.ctx.Request.Header
	raw := header.RawHeaders()
	trusted := x.p.Trusts(edge.ClientIP(x.ctx))
	var t told
	x.chain = x.chain[:0]
	x.readConnection(raw)
	x.kept = x.kept[:0]
	text := string(raw) // of which all names and values are parts
	eachLine(raw, func(start, _ int, name, value []byte) {
		if !x.drops(&t, trusted, name, value) {
			x.keep(text[start:], name, value)
		}
	})
	x.out = x.appendForwarded(x.out[:0], t)
	text = string(x.out)
	eachLine(x.out, func(start, _ int, name, value []byte) { x.keep(text[start:], name, value) })
	path, query := x.target()
	x.out = append(append(x.out[:0], path...), query...)
	return gateway.RelayedRequest{Method: methodName(header.Method()), Target: string(x.out), Header: x.kept}
}

// keep keeps a field whose line begins a text.
func (x *exchange) keep(line string, name, value []byte) {
	from := len(name) + len(":")
	x.kept = append(x.kept, gateway.HeaderField{Name: line[:len(name)], Value: strings.Trim(line[from:from+len(value)], " \t")})
}

// requestOf is an exchange as mapping.Request.
type requestOf exchange

// Header gives the first value of a field.
func (x *requestOf) Header(name string) ([]byte, bool) {
	value, n := (*fieldsOf)(x).Get(name)
	return value, n > 0
}

// Query gives the first value of a query parameter.
func (x *requestOf) Query(name string) ([]byte, bool) {
	value, n := (*exchange)(x).param(name)
	return value, n > 0
}

// What became of a relayed request (SPEC 14 "Routes").
const (
	outcomeAccepted  = "accepted"
	outcomeDuplicate = "duplicate"
)

// taken answers a request that is durable, or was before.
func (x *exchange) taken(id string, duplicate bool) {
	outcome := outcomeAccepted
	if duplicate {
		outcome = outcomeDuplicate
	}
	body := append(make([]byte, 0, 96), `{"outcome":`...)
	body = gateway.AppendString(body, outcome)
	body = gateway.AppendString(append(body, `,"callback_id":`...), id)
	x.ctx.SetStatusCode(fasthttp.StatusOK)
	x.ctx.SetContentType("application/json")
	x.ctx.Response.Header.Set("Hookgate-Outcome", outcome)
	x.ctx.SetBody(append(body, '}'))
	x.status = fasthttp.StatusOK
}
