package proxy

import (
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

// idsIn gives the provider's ids: one, or, where the path leads to several messages,
// each of them. One may have several parts: then it is a list.
func (x *exchange) idsIn(values *mapping.Values) (ids []string) {
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
	path, query := x.target()
	r := gateway.RelayedRequest{Method: string(header.Method()), Target: string(path) + string(query)}
	add := func(_, _ int, name, value []byte) {
		r.Header = append(r.Header, gateway.HeaderField{Name: string(name), Value: string(trim(value))})
	}
	eachLine(raw, func(start, end int, name, value []byte) {
		if !x.drops(&t, trusted, name, value) {
			add(start, end, name, value)
		}
	})
	x.out = x.appendForwarded(x.out[:0], t)
	eachLine(x.out, add)
	return r
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
