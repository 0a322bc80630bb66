package inbound

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
	"hookgate/gateway/waiting"
)

// batch is the callbacks of one request (SPEC 15, "Batches").
type batch struct {
	r      *request
	ones   []waiting.One
	items  []mapping.Item
	looked []waiting.Item // at which paths look, for ones
	cut    *mapping.Cut   // nil: nobody has asked
	kept   int            // bytes of what is kept with parked ones
	header []gateway.HeaderField
	query  string
	more   bool          // than the first was counted
	again  time.Duration // since one was one too many
}

// What a request may take.
const (
	itemCost = 2 << 10  // bytes of memory, beside its body, until the answer
	mostKept = 16 << 20 // bytes of what is kept with parked callbacks, beside their own bodies
)

// split makes a callback of each item of the request; several is false where it is one.
func (r *request) split() (several bool, last done) {
	plan := r.src.Plan
	if !plan.Splits() {
		return false, false
	}
	items, whole := plan.Items(&r.values)
	err := r.values.Err()
	switch {
	case err != nil:
		return true, r.unread(err)
	case whole:
		return false, false
	case len(items) > mapping.MostItems:
		r.detail = "the request brings more than " + strconv.Itoa(mapping.MostItems) + " callbacks"
		return true, r.finish(gateway.OutcomeTooLarge)
	}
	if r.batch = (&batch{r: r, items: items}); len(items) == 0 {
		return true, r.finish(gateway.OutcomeIgnored)
	}
	if err := edge.Charge(r.ctx, int64(len(r.document.Raw)+itemCost*len(items))); err != nil {
		r.batch = nil
		return true, r.fail(err)
	}
	return true, r.batch.extract()
}

// extract reads of each item whom it is for, and what a repeat of it will be known by.
func (b *batch) extract() done {
	r := b.r
	end, err := mapping.Several(r.src.Tenant.Tree(), len(b.items), len(r.received))
	if err != nil {
		r.batch = nil
		return r.unread(err)
	}
	defer end()
	received := receivedAt(r)
	body := bytes.Clone(r.document.Raw) // of which the bodies of all are parts
	b.ones, b.looked = make([]waiting.One, len(b.items)), make([]waiting.Item, len(b.items))
	for i := range b.items {
		raw := b.items[i].Raw
		from := cap(r.document.Raw) - cap(raw)
		r.values.Item(raw)
		c := &b.ones[i].Callback
		c.Span = r.span.Context()
		c.Source, c.Tells = r.src, i == 0 && r.callback.Tells
		r.addressee(c)
		c.Mark, c.Strong = r.itemMark(i)
		c.Taken = gateway.TakenCallback{
			ID: gateway.NewID(gateway.PrefixCallback, received), ReceivedAt: gateway.At(received).Time,
			ContentType: r.callback.Taken.ContentType, Body: body[from : from+len(raw) : from+len(raw)],
		}
		b.looked[i] = waiting.Item{Raw: raw, Around: func() (gateway.Raw, int, bool) { return b.around(i) }}
		c.Received = waiting.Received{Document: &r.document, Values: &r.values, Keeper: b, Item: &b.looked[i]}
	}
	if err := r.values.Err(); err != nil { // then nothing of any is known
		r.batch = nil
		return r.unread(err)
	}
	r.let()
	return false
}

// itemMark is mark of an item. An id that is not the item's own is that of the request:
// then its place tells it from others. Without one two equal items are two, for the place
// is in the fingerprint (SPEC 17).
func (r *request) itemMark(i int) (mark gateway.MarkKey, strong bool) {
	item, place := &r.batch.items[i], strconv.AppendInt(nil, int64(i), 10)
	written, own := r.src.Plan.ItemHasID()
	if item.ID != nil && !written {
		return gateway.NewMarkKey(gateway.MarkDelivery, r.source, []byte("item"), item.ID), true
	}
	if id := r.src.Unwrap.ID(&r.wrapped); id.Kind != mapping.Missing && r.values.Again(id) { // beside what its provider wraps
		return gateway.NewMarkKey(gateway.MarkDelivery, r.source, []byte("id"), id.Raw, place), true
	}
	if id := r.values.At(r.src.Plan.Dedupe); (id.IsScalar() || id.Kind == mapping.Array) && len(id.Raw) > 0 && r.values.Again(id) {
		if own {
			return gateway.NewMarkKey(gateway.MarkDelivery, r.source, []byte("id"), id.Raw), true
		}
		return gateway.NewMarkKey(gateway.MarkDelivery, r.source, []byte("id"), id.Raw, place), true
	}
	if id := r.provedID(); len(id) > 0 {
		return gateway.NewMarkKey(gateway.MarkDelivery, r.source, []byte("id"), id, place), true
	}
	if key, n := r.caller.Get("Idempotency-Key"); n > 0 && len(key) > 0 {
		return gateway.NewMarkKey(gateway.MarkDelivery, r.source, []byte("key"), key, place), true
	}
	return gateway.NewMarkKey(gateway.MarkBody, r.source, []byte(r.proof.Method),
		r.ctx.Request.Header.RequestURI(), keyHeader(&r.caller, r.src.KeyHeads), item.Raw, place), false
}

// Keep gives what the request's paths may look at later, for all its items.
func (b *batch) Keep() (header []gateway.HeaderField, query string) {
	if b.header == nil {
		b.header, b.query = b.r.Keep()
	}
	return b.header, b.query
}

// around gives the body without the other items and without this one, and where it stood.
// The bound is on all that is kept, or a small request of many items could fill a disk; once
// it is reached nothing is made that would not be kept.
func (b *batch) around(i int) (around gateway.Raw, at int, ok bool) {
	if b.kept > mostKept {
		return nil, 0, false
	}
	if b.cut == nil {
		b.cut = mapping.NewCut(b.r.document.Raw, b.items)
	}
	out, at := b.cut.Append(nil, i)
	around = append(out[:at], out[at+len(b.items[i].Raw):]...)
	for _, field := range b.header {
		b.kept += len(field.Name) + len(field.Value)
	}
	b.kept += len(around) + len(b.query)
	return around, at, b.kept <= mostKept
}

// takeAll is take of all callbacks of the request.
func (r *request) takeAll() done {
	b := r.batch
	r.in.options.Taker.TakeAll(b.ones, b.admit)
	for i := range b.ones {
		one := &b.ones[i]
		if one.Err != nil {
			b.failed(one)
		}
		r.taken.RetryAfter = max(r.taken.RetryAfter, one.Became.RetryAfter)
		if one.Became.Outcome == gateway.OutcomeTooComplex {
			r.in.tellComplex(r)
		}
	}
	r.taken.Outcome = b.ones[0].Became.Outcome
	return true
}

// failed gives a callback without an outcome the one that its error stands for.
func (b *batch) failed(one *waiting.One) {
	var known *gateway.Error
	if errors.As(one.Err, &known) {
		one.Became.RetryAfter = known.RetryAfter
	}
	if one.Became.Outcome = outcomeOf(known); b.r.err == nil {
		b.r.err = one.Err
	}
}

// admit counts each callback that is no repeat; the request was counted as the first.
// When one is too many so are those behind it, which must not overtake it.
func (b *batch) admit() (again time.Duration) {
	if b.more && b.again == 0 {
		b.again = b.r.tooMany()
	}
	b.more = true
	return b.again
}

// decisive are the statuses that a repeat of the request can change, or that are never
// pinned, the most important first (SPEC 17).
var decisive = [...]int{503, 429, 413, 401}

// status is that of the request. All else its callbacks' outcomes tell.
func (b *batch) status() (status int, pinnable bool) {
	status = gateway.OutcomeIgnored.Status()
	rank := len(decisive)
	for i := range b.ones {
		o := b.ones[i].Became.Outcome
		if o == gateway.OutcomeParked {
			status = o.Status()
		}
		for at, of := range decisive[:rank] {
			if o.Status() == of {
				rank = at
				break
			}
		}
	}
	if rank < len(decisive) {
		return decisive[rank], false
	}
	return status, true
}

// append begins the answer with what became of each callback.
func (b *batch) append(dst []byte, r answering) []byte {
	dst = append(append(dst, `{"outcome":"`...), r.taken.Outcome...)
	dst = append(dst, `","callbacks":[`...)
	for i := range b.ones {
		if i > 0 {
			dst = append(dst, ',')
		}
		one := &b.ones[i]
		dst = appendTaken(dst, &one.Became, one.Key)
		dst = appendMember(dst, "detail", r.why(&one.Became))
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
