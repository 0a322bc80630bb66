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
	Key            string               // of the conversation; "" for none
	Keys           []string             // of all its conversations, where they are several
	IDs            []string             // the provider's own, of the messages in it
	IdempotencyKey string               // "" for none
	Span           *gateway.SpanContext // where it stands in a trace; nil: nobody says, who is believed
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
	r := relaying{x}
	taken, err := r.store()
	if err != nil {
		return x.ends(err)
	}
	return r.taken(&taken)
}

// relaying is an exchange whose request is stored, to be delivered later.
type relaying struct{ *exchange }

// store hands the request over, with all that is known of it.
func (x relaying) store() (taken relayedRequest, err error) {
	values := x.p.pooled()
	defer x.p.putBack(values)
	of, err := x.read()
	if err != nil {
		return taken, err
	}
	plan := x.route.Plan
	plan.Set.Read(&of.document, values)
	q := RelayRequest{Route: x.route.Route, Span: x.place(), Body: x.request.body, Request: x.request.relayed(&x.leg.out)}
	if key, n := x.caller.Get("Idempotency-Key"); n == 1 && len(key) <= maxIdempotencyKey {
		q.IdempotencyKey = string(key)
	}
	var items []mapping.Item
	if plan.Splits() {
		items, _ = plan.Items(values)
	}
	switch {
	case len(items) > mapping.MostItems:
		return taken, errItems
	case x.route.Split && len(items) > 0 && of.isBody():
		return x.storeAll(&of, values, items, q)
	}
	q.IDs = x.idsIn(of.id, values, items)
	return x.storeOne(values, items, q)
}

// storeOne hands the request over as it is.
func (x relaying) storeOne(values *mapping.Values, items []mapping.Item, q RelayRequest) (taken relayedRequest, err error) {
	switch keys := keysIn(x.route.Plan, values, items); len(keys) {
	case 0:
	case 1:
		q.Key = keys[0]
	default:
		q.Key, q.Keys = keys[0], keys
	}
	taken.key, taken.all = q.Key, make([]Relayed, 1)
	taken.all[0].ID, taken.all[0].Duplicate, err = x.p.options.Relay(q)
	return taken, err
}

const maxIdempotencyKey = 255 // bytes, as for events

// idsIn gives the provider's ids: one, or, where there are several messages, each of
// theirs. One may have several parts: then it is a list. A request with a message that
// has no id has none: it may be new, whatever came beside it. own is the one that stands
// beside what the body wraps.
func (x relaying) idsIn(own string, values *mapping.Values, items []mapping.Item) (ids []string) {
	if own != "" {
		return []string{own}
	}
	plan := x.route.Plan
	if len(items) > 0 {
		if _, each := plan.ItemHasID(); each {
			return idsOf(plan, values, items)
		}
	}
	if plan.Identified() {
		if !plan.Identities(values, func(id []byte) { ids = append(ids, string(id)) }) {
			return nil
		}
		return ids
	}
	found := values.At(plan.Dedupe)
	switch {
	case found.Kind == mapping.Array && x.route.SeveralIDs:
		for id := range mapping.Items(found.Raw) {
			ids = append(ids, string(id))
		}
	case (found.IsScalar() || found.Kind == mapping.Array) && len(found.Raw) > 0:
		ids = append(ids, string(found.Raw))
	case x.route.Verifier != nil && plan.Dedupe == mapping.NoSlot:
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
	trusted, identified := q.trusted(), !q.route.forwarded.requestID
	for f := wire.EachField(raw); f.Next(); {
		identified = identified || is(f.Name, "x-request-id") // which some providers sign, so it stays as it came
		if !q.drops(trusted, f.Name, f.Value) {
			q.keep(text[f.Start:], &f)
		}
	}
	out := q.appendForwarded((*scratch)[:0])
	if id := edge.RequestID(q.ctx); !identified && id != nil {
		out = wire.AppendField(out, edge.HeaderRequestID, id)
	}
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
