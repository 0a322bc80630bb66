package proxy

import (
	"slices"
	"strconv"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
)

// A request may bring messages of several conversations (SPEC 15, "Batches"). It is one
// delivery, in order behind all that came before it in any of them; or, where its route
// splits, each message is one.

// keysIn gives the keys of all conversations that a request is of.
func keysIn(plan *mapping.SourcePlan, values *mapping.Values, items []mapping.Item) (keys []string) {
	if len(items) == 0 {
		return plan.Keys.FindAll(values)
	}
	known := map[string]bool{}
	for i := range items {
		values.Item(items[i].Raw)
		for _, key := range plan.Keys.FindAll(values) {
			if !known[key] && len(keys) < mapping.MostItems {
				known[key], keys = true, append(keys, key)
			}
		}
	}
	return keys
}

var errItems = gateway.Errorf(gateway.CodeTooLarge, "the request brings more than %d messages", mapping.MostItems)

// idsOf gives the ids that all messages have in themselves; none where one has none.
func idsOf(plan *mapping.SourcePlan, values *mapping.Values, items []mapping.Item) (ids []string) {
	for i := range items {
		values.Item(items[i].Raw)
		found := values.At(plan.Dedupe)
		if !found.IsScalar() && found.Kind != mapping.Array || len(found.Raw) == 0 {
			return nil
		}
		ids = append(ids, string(found.Raw))
	}
	return ids
}

// isBody says whether what paths look at lies in the body that came: what was hidden, or
// made of a form, can not be cut into bodies that the upstream understands.
func (of *reading) isBody() bool {
	raw, body := of.document.Raw, of.body
	return !of.hidden && len(raw) > 0 && len(body) >= len(raw) && &body[len(body)-len(raw)] == &raw[0]
}

// uncoded are fields without the coding of a body that is cut out of a coded one.
func uncoded(fields []gateway.HeaderField) []gateway.HeaderField {
	return slices.DeleteFunc(fields, func(f gateway.HeaderField) bool { return strings.EqualFold(f.Name, "Content-Encoding") })
}

// relayedRequest is what became of a request.
type relayedRequest struct {
	all  []Relayed
	key  string   // of the first
	keys []string // of each, where the request was split; else nil
}

// storeAll hands each message over as a request of its own, whose body is the original
// with its lists cut down to that message.
func (x relaying) storeAll(of *reading, values *mapping.Values, items []mapping.Item, q RelayRequest) (taken relayedRequest, err error) {
	cut := mapping.NewCut(of.document.Raw, items)
	if len(items)*len(of.document.Raw) > mostSplit && isTooMuch(cut, len(items)) {
		return taken, errSplit
	}
	if !of.plain {
		q.Request.Header = uncoded(q.Request.Header)
	}
	all := make([]RelayRequest, len(items))
	taken.keys = make([]string, len(items))
	for i := range items {
		values.Item(items[i].Raw)
		one := &all[i]
		*one = q
		one.Body, _ = cut.Append(nil, i)
		if err := edge.Charge(x.ctx, 2*int64(len(one.Body))); err != nil { // it is sealed, and then stored
			return taken, err
		}
		one.IDs = idOf(x.exchange, &items[i], values, i)
		if q.IdempotencyKey != "" {
			one.IdempotencyKey += "/" + strconv.Itoa(i)
		}
		if keys := x.route.Plan.Keys.FindAll(values); len(keys) > 0 {
			one.Key, taken.keys[i] = keys[0], keys[0]
		}
	}
	taken.key = taken.keys[0]
	taken.all, err = x.p.options.RelayAll(all)
	return taken, err
}

// mostSplit bounds what is made of one request, in bytes: more never finds room beside the
// largest body in bounds.bodies, and would be answered 503 for ever. In a cluster it goes to
// another node as one (peers.MaxBody).
const mostSplit = 24 << 20

// errSplit is no 503, of which the sender would send the same again and again.
var errSplit = gateway.Errorf(gateway.CodeTooLarge,
	"the messages of the request, each with what stands around them, have together over %d MiB: without split the route relays it as it came", mostSplit>>20)

// isTooMuch says whether the cuts have together more than may be made of one request.
func isTooMuch(cut *mapping.Cut, items int) bool {
	var one []byte
	total := 0
	for i := range items {
		one, _ = cut.Append(one[:0], i)
		if total += len(one); total > mostSplit {
			return true
		}
	}
	return false
}

// idOf gives the id of one message: its own, or that of the request with its place.
func idOf(x *exchange, item *mapping.Item, values *mapping.Values, i int) []string {
	plan := x.route.Plan
	written, own := plan.ItemHasID()
	if !written {
		if item.ID == nil {
			return nil
		}
		return []string{string(item.ID)}
	}
	found := values.At(plan.Dedupe)
	if !found.IsScalar() && found.Kind != mapping.Array || len(found.Raw) == 0 {
		return nil
	}
	if own {
		return []string{string(found.Raw)}
	}
	return []string{string(found.Raw) + "/" + strconv.Itoa(i)}
}

func outcomeOf(r Relayed) gateway.Outcome {
	if r.Duplicate {
		return directory.RelayDuplicate
	}
	return directory.RelayAccepted
}

// taken answers a request that is durable, or was before; of several messages the first
// gives the outcome.
func (x relaying) taken(r *relayedRequest) done {
	outcome := outcomeOf(r.all[0])
	x.ctx.Response.Header.Set("Hookgate-Outcome", string(outcome))
	status, own := x.respond(outcome, r.all[0].ID, r.key)
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
	x.ctx.SetContentType("application/json")
	x.ctx.SetBody(r.append(make([]byte, 0, 96)))
	return true
}

// append appends the answer.
func (r *relayedRequest) append(dst []byte) []byte {
	if r.keys == nil {
		return append(appendRelayed(dst, r.all[0]), '}')
	}
	dst = gateway.AppendString(append(dst, `{"outcome":`...), string(outcomeOf(r.all[0])))
	dst = append(dst, `,"callbacks":[`...)
	for i, one := range r.all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRelayed(dst, one)
		if key := r.keys[i]; key != "" {
			dst = gateway.AppendMember(dst, "conversation_key", key)
		}
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

func appendRelayed(dst []byte, r Relayed) []byte {
	dst = gateway.AppendString(append(dst, `{"outcome":`...), string(outcomeOf(r)))
	return gateway.AppendString(append(dst, `,"callback_id":`...), r.ID)
}
