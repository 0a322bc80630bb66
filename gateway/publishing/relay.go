package publishing

import (
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/relayed"
)

// RelayRequest is a request of a relay route, verified and admitted. Nothing of it
// is kept after Relay: bytes and texts may be parts of memory that is used again.
type RelayRequest struct {
	Tenant *directory.Tenant
	Route  string // the route's id
	Key    string // of its conversation; "" for none
	// Keys are those of all its conversations, the first of them Key, where they are
	// several; else nil. It goes in order behind all of them.
	Keys []string
	// IDs are the provider's own ids of what the body carries; a body may carry
	// several messages. A request is a repeat when all of them were taken before:
	// providers put together anew what they send again.
	IDs            []string
	IdempotencyKey string               // "" for none
	Span           *gateway.SpanContext // where it stands in a trace; nil: nobody says
	Window         time.Duration        // for which ids and key are remembered; 0: a day; at most gateway.MaxMarkAge
	Request        gateway.RelayedRequest
	Body           []byte
}

// Relayed says what became of one.
type Relayed struct {
	CallbackID string
	EventID    string // its event's; the same ULID
	Duplicate  bool   // it was taken before: the ids are the first one's
}

// maxRelayIDs bounds the ids that are remembered each by itself: Meta, which
// batches most, puts up to 1000 updates into one request. More are remembered as one.
const maxRelayIDs = 1000

// Sealer keeps unreadable in the store what the requests of relays carry; a
// *seal.Sealer is one. aad names the place of what is sealed.
type Sealer interface {
	AppendSealed(dst, plaintext, aad []byte) []byte
}

// relay is one relayed request in the making. It is pooled: nothing of it is kept
// after the commit, which copies.
type relay struct {
	RelayRequest
	at          time.Time
	begun       time.Time
	digests     []gateway.MarkKey // of the Idempotency-Key, if it has one, and of its ids
	event       [1]gateway.Event
	eventID     [1]string
	delivery    [1]gateway.Delivery
	trace       [1]gateway.Trace
	marks       []gateway.Mark // of those digests that are new
	of          gateway.Relayed
	publication gateway.Publication
	scratch     []byte
	plain       []byte // what is sealed
}

// Relay takes a request for the upstreams of its route: what it answers is durable,
// event, delivery and marks in one commit. Of equal requests at one time exactly one
// is taken.
func (p *Publisher) Relay(q RelayRequest) (Relayed, error) {
	if !q.Tenant.Life.Enter() {
		return Relayed{}, errGone
	}
	defer q.Tenant.Life.Leave()
	r := p.relays.Get().(*relay)
	defer func() {
		r.free()
		p.relays.Put(r)
	}()
	r.begin(q, p.now())
	in, err := p.terms.begin(gateway.SlotOf(q.Tenant.ID))
	if err != nil {
		return Relayed{}, err
	}
	if len(r.digests) > 0 {
		mine := p.turns.await(r.digests)
		defer p.turns.done(r.digests, mine)
		first, err := p.taken(r, nil)
		if err != nil {
			return Relayed{}, err
		}
		if first != "" {
			return Relayed{CallbackID: first, EventID: eventOfCallback(first), Duplicate: true}, nil
		}
	}
	if err := p.options.Room(q.Tenant.ID); err != nil {
		return Relayed{}, err
	}
	callback := r.build(p.options.Sealer)
	if err := p.terms.store(in); err != nil {
		return Relayed{}, err
	}
	defer p.terms.stored(in)
	if err := p.store.Accept(&r.publication); err != nil {
		return Relayed{}, err
	}
	p.wake(r.publication.Deliveries)
	q.Tenant.Metrics.EventsAccepted(gateway.EventRelay, 1)
	p.options.Accepted(&r.event[0])
	return Relayed{CallbackID: callback, EventID: r.event[0].ID}, nil
}

// eventOfCallback gives the event of a relayed callback: they share their ULID, so
// that a mark need remember only one.
func eventOfCallback(id string) string { return gateway.PrefixEvent + id[len(gateway.PrefixCallback):] }

func callbackOfEvent(id string) string { return gateway.PrefixCallback + id[len(gateway.PrefixEvent):] }

// Kinds of texts that are remembered of a relay.
const (
	digestKey = 'k' // an Idempotency-Key
	digestID  = 'i'
	digestAll = 'a' // too many ids
)

func (r *relay) begin(q RelayRequest, now time.Time) {
	r.RelayRequest, r.at, r.begun = q, gateway.At(now).Time, time.Now()
	if r.Window <= 0 {
		r.Window = idempotencyKept
	}
	r.Window = min(r.Window, gateway.MaxMarkAge)
	if r.IdempotencyKey != "" {
		r.digests = append(r.digests, r.digest(digestKey, r.IdempotencyKey))
	}
	if len(r.IDs) > maxRelayIDs {
		r.digests = append(r.digests, r.digest(digestAll, r.IDs...))
		return
	}
	for _, id := range r.IDs {
		if id != "" {
			r.digests = append(r.digests, r.digest(digestID, id))
		}
	}
}

// digest is of texts of this route and tenant.
func (r *relay) digest(kind byte, texts ...string) gateway.MarkKey {
	b := append(r.scratch[:0], kind)
	b = relayed.AppendText(relayed.AppendText(b, r.Tenant.ID), r.Route)
	for _, text := range texts {
		b = relayed.AppendText(b, text)
	}
	r.scratch = b
	return gateway.NewMarkKey(gateway.MarkRelay, b)
}

// taken gives the callback's id of a request that this one repeats, "" for none. The
// Idempotency-Key says so alone, the ids when all of them are known; those that are
// not will be remembered.
// before has what others of the same request will be known by.
func (p *Publisher) taken(r *relay, before map[gateway.MarkKey]gateway.Mark) (first string, err error) {
	byID, fresh := "", 0
	for i, digest := range r.digests {
		m, found := before[digest]
		var err error
		if !found {
			m, found, err = p.store.Mark(r.Tenant.ID, digest, r.Window)
		}
		if err != nil {
			return "", err
		}
		isKey := i == 0 && r.IdempotencyKey != ""
		switch {
		case found && isKey:
			return m.CallbackID, nil
		case !found:
			r.marks = append(r.marks, gateway.Mark{Tenant: r.Tenant.ID, Key: digest, Expires: r.at.Add(r.Window)})
			if !isKey {
				fresh++
			}
		case byID == "":
			byID = m.CallbackID
		}
	}
	if fresh > 0 {
		return "", nil
	}
	return byID, nil
}

// build makes what is stored, and gives the callback's id.
func (r *relay) build(sealer Sealer) (callback string) {
	id := gateway.NewEventID(r.at)
	callback = callbackOfEvent(id)
	path, _, _ := strings.Cut(r.Request.Target, "?")
	r.plain = relayed.Append(r.plain[:0], &r.Request)
	r.scratch = relayed.AppendPlace(r.scratch[:0], r.Tenant.ID, id)
	r.of = gateway.Relayed{
		Route: r.Route, Method: r.Request.Method, Path: path,
		Sealed: sealer.AppendSealed(r.of.Sealed[:0], r.plain, r.scratch),
	}
	r.event[0] = gateway.Event{
		ID: id, Tenant: r.Tenant.ID, Type: gateway.EventRelay, ConversationKey: r.Key, AcceptedAt: r.at, Body: r.Body, Relay: &r.of, Span: r.Span,
	}
	r.eventID[0] = id
	r.delivery[0] = gateway.Delivery{
		ID: gateway.DeliveryBeside(id, 1), Tenant: r.Tenant.ID, Endpoint: gateway.RouteLane(r.Route),
		EventIDs: r.eventID[:], EventType: gateway.EventRelay, ConversationKey: r.Key, Also: gateway.AlsoOf(r.Keys),
		State: gateway.DeliveryPending, NextAttemptAt: r.at, CreatedAt: r.at,
	}
	for i := range r.marks {
		r.marks[i].CallbackID = callback
	}
	r.publication = gateway.Publication{Events: r.event[:], Deliveries: r.delivery[:], Marks: r.marks, Begun: r.begun}
	if r.Key != "" {
		r.publication.Traces = r.traced(id, callback)
	}
	return callback
}

// traced is the event's line in its conversation's timeline.
func (r *relay) traced(id, callback string) []gateway.Trace {
	data := append(r.scratch[:0], `{"type":"`+gateway.EventRelay+`","route":`...)
	data = gateway.AppendString(data, r.Route)
	data = gateway.AppendString(append(data, `,"callback_id":`...), callback)
	r.scratch = append(data, '}')
	r.trace[0] = gateway.Trace{Tenant: r.Tenant.ID, Key: r.Key, At: r.at, Kind: "event", ID: id, Data: r.scratch}
	if len(r.Keys) < 2 {
		return r.trace[:]
	}
	traces := make([]gateway.Trace, len(r.Keys))
	for i, key := range r.Keys {
		traces[i] = r.trace[0]
		traces[i].Key = key
	}
	return traces
}

// free forgets the request, but for memory of a usual size. What credentials lay in
// it is wiped.
func (r *relay) free() {
	clear(r.plain)
	clear(r.marks)
	if len(r.digests) > mostKeptDigests || cap(r.scratch)+cap(r.plain)+cap(r.of.Sealed) > mostKeptBytes {
		*r = relay{}
		return
	}
	*r = relay{
		digests: r.digests[:0], marks: r.marks[:0], scratch: r.scratch[:0], plain: r.plain[:0],
		of: gateway.Relayed{Sealed: r.of.Sealed[:0]},
	}
}

// The most that goes back to the pool.
const (
	mostKeptDigests = 64
	mostKeptBytes   = 64 << 10
)
