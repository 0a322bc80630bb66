package proxy

import (
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
	"hookgate/gateway/wire"
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
func (x *exchange) relay() done {
	if !x.route.Relay {
		return false
	}
	id, key, duplicate, err := x.store()
	if err != nil {
		return x.ends(err)
	}
	return x.taken(id, key, duplicate)
}

// store hands the request over, with all that is known of it.
func (x *exchange) store() (id, key string, duplicate bool, err error) {
	values := x.p.pooled()
	defer x.p.putBack(values)
	document, own, err := x.document()
	if err != nil {
		return "", "", false, err
	}
	plan, body := x.route.Plan, x.request.body
	plan.Set.Read(&document, values)
	q := RelayRequest{Route: x.route.Route, IDs: x.idsIn(own, values), Body: body, Request: x.request.relayed(&x.leg.out)}
	q.Key, _ = plan.Keys.Find(values, nil)
	if key, n := x.caller.Get("Idempotency-Key"); n == 1 && len(key) <= maxIdempotencyKey {
		q.IdempotencyKey = string(key)
	}
	id, duplicate, err = x.p.options.Relay(q)
	return id, q.Key, duplicate, err
}

// opened is the body, and its type, without what its provider hides it by, for paths
// alone: what is relayed is the body as it came.
func (x *exchange) opened() (body []byte, kind string, err error) {
	if x.route.Verifier != nil {
		if opened, is := x.route.Verifier.Open(x.request.body); is {
			return opened, "application/json", edge.Charge(x.ctx, int64(len(opened)))
		}
	}
	return x.request.body, string(x.ctx.Request.Header.ContentType()), nil
}

const maxIdempotencyKey = 255 // bytes, as for events

// idsIn gives the provider's ids: one, or, where there are several messages, each of
// theirs. One may have several parts: then it is a list. A request with a message that
// has no id has none: it may be new, whatever came beside it. own is the one that stands
// beside what the body wraps.
func (x *exchange) idsIn(own string, values *mapping.Values) (ids []string) {
	if own != "" {
		return []string{own}
	}
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
	case x.route.Verifier != nil && x.route.Plan.Dedupe == mapping.NoSlot:
		if id := x.route.Verifier.ProvedID(&x.proof); len(id) > 0 {
			ids = append(ids, string(id))
		}
	}
	return ids
}

// relayed is the request as the upstream is to get it: what belongs to the
// connection is gone, and who the client is stands in it, since nobody will know later.
func (q *outgoing) relayed(scratch *[]byte) gateway.RelayedRequest {
	raw := q.ctx.Request.Header.RawHeaders()
	q.read(raw)
	q.kept = q.kept[:0]
	text := string(raw) // of which all names and values are parts
	trusted := q.trusted()
	for f := wire.EachField(raw); f.Next(); {
		if !q.drops(trusted, f.Name, f.Value) {
			q.keep(text[f.Start:], &f)
		}
	}
	out := q.appendForwarded((*scratch)[:0])
	text = string(out)
	for f := wire.EachField(out); f.Next(); {
		q.keep(text[f.Start:], &f)
	}
	path, query := q.target()
	out = append(append(out[:0], path...), query...)
	*scratch = out
	caller := edge.Caller{Ctx: q.ctx}
	return gateway.RelayedRequest{Method: caller.Method(), Target: string(out), Header: q.kept}
}

// keep keeps a field whose line begins a text.
func (q *outgoing) keep(line string, f *wire.Fields) {
	from := len(f.Name) + len(":")
	q.kept = append(q.kept, gateway.HeaderField{Name: line[:len(f.Name)], Value: strings.Trim(line[from:from+len(f.Value)], " \t")})
}

// taken answers a request that is durable, or was before.
func (x *exchange) taken(id, key string, duplicate bool) done {
	outcome := directory.RelayAccepted
	if duplicate {
		outcome = directory.RelayDuplicate
	}
	x.ctx.Response.Header.Set("Hookgate-Outcome", string(outcome))
	status, own := x.respond(outcome, id, key)
	x.ctx.SetStatusCode(status)
	x.reply.status = status
	if own {
		return true
	}
	if v := x.route.Verifier; v != nil && v.Thanks() != "" {
		x.ctx.SetContentType("text/plain; charset=utf-8")
		x.ctx.SetBodyString(v.Thanks())
		return true
	}
	body := append(make([]byte, 0, 96), `{"outcome":`...)
	body = gateway.AppendString(body, string(outcome))
	body = gateway.AppendString(append(body, `,"callback_id":`...), id)
	x.ctx.SetContentType("application/json")
	x.ctx.SetBody(append(body, '}'))
	return true
}
