package publishing

import (
	"encoding/json"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// Request is what a publisher sent.
type Request struct {
	Snapshot *directory.Snapshot
	// Tenant is whose events they are; nil: each event says by its account key.
	Tenant         *directory.Tenant
	Body           []byte               // not kept
	IdempotencyKey string               // "" for none
	RequestID      []byte               // not kept; for the log
	Span           *gateway.SpanContext // of who publishes; nil: nobody said
}

// Published is what a publisher is answered.
type Published struct {
	Body     []byte // {"accepted":n,"events":[{"id","deliveries"}]}; with event ids see eventids.go
	Replayed bool   // as the first time, by the Idempotency-Key
}

// Publish takes all events of a request, or none and says which is at fault.
// What it answers is durable.
func (p *Publisher) Publish(q Request) (Published, error) {
	d := p.drafts.Get().(*draft)
	defer func() {
		d.free()
		p.drafts.Put(d)
	}()
	d.begin(q, p.now())
	if err := d.acceptInTurn(&p.idPaths); err != nil {
		return Published{}, err
	}
	if !d.enter() {
		return Published{}, errGone
	}
	defer d.leave()
	d.identify()
	if keys := d.turns(); len(keys) > 0 {
		mine := p.turns.await(keys)
		defer p.turns.done(keys, mine)
		var err error
		if d.term, err = p.terms.begin(d.slot()); err != nil {
			return Published{}, err
		}
		d.known = true
		if first, found, err := p.repeated(d); found || err != nil {
			return first, err
		}
	}
	return p.publish(d)
}

// finish makes what the first time of a repeat has promised and not made: who is answered that it
// was taken may publish what comes after all of it.
// What is under way in this process is another publish: of this one the repeat has the turn.
func (p *Publisher) finish(d *draft, events []string) error {
	for _, t := range d.tenants {
		life := t.of.Life
		if err := p.store.Finish(t.of.ID, events, func(made []gateway.Delivery) bool { p.wakeInTurn(made); return !life.Over() }); err != nil {
			return err
		}
	}
	return nil
}

// publish is the rest of Publish for what is no repeat as a whole.
func (p *Publisher) publish(d *draft) (Published, error) {
	if err := p.recognise(d); err != nil {
		return Published{}, err
	}
	p.filter(d)
	made, err := p.measure(d)
	if err != nil {
		return Published{}, err
	}
	defer made.giveBack(p.options.Making)
	if err := p.admit(d); err != nil {
		return Published{}, err
	}
	if made.many {
		return p.publishMany(d)
	}
	d.fanout()
	learned, err := p.learn(d)
	if err != nil {
		return Published{}, err
	}
	failed := errUnsaid
	if learned != nil {
		defer func() { learned(failed) }()
	}
	answer := d.answer()
	if failed = p.enqueue(d, answer); failed != nil {
		return Published{}, failed
	}
	return Published{Body: answer}, nil
}

// repeated answers a repeated Idempotency-Key as the first time.
func (p *Publisher) repeated(d *draft) (Published, bool, error) {
	if d.IdempotencyKey == "" {
		return Published{}, false, nil
	}
	m, found, err := p.store.Mark(d.mark.Tenant, d.mark.Key, idempotencyKept)
	if !found || err != nil {
		return Published{}, false, err
	}
	if m.Sum != d.mark.Sum {
		return Published{}, true, gateway.Errorf(gateway.CodeIdempotencyKeyReused,
			"this Idempotency-Key was used with another body")
	}
	return Published{Body: m.Answer, Replayed: true}, true, p.finish(d, eventsOf(m.Answer))
}

// eventsOf gives the ids of the events that an answer has.
func eventsOf(body []byte) (ids []string) {
	var told struct {
		Events []struct {
			ID string `json:"id"`
		} `json:"events"`
	}
	_ = json.Unmarshal(body, &told) // it is an answer of this package
	for _, e := range told.Events {
		ids = append(ids, e.ID)
	}
	return ids
}

// idempotencyKept is how long an Idempotency-Key is remembered (SPEC 14).
const idempotencyKept = 24 * time.Hour

// enqueue stores everything in one commit, then wakes the lanes.
func (p *Publisher) enqueue(d *draft, answer []byte) error {
	d.markWith(answer)
	if err := p.stores(d); err != nil {
		return err
	}
	defer p.stored(d)
	if err := p.store.Accept(&d.publication); err != nil {
		return err
	}
	p.wake(d.publication.Deliveries)
	p.accepted(d)
	return nil
}

// stores begins to store a draft, in the term in which it was looked up; stored ends it, and may
// be called again.
func (p *Publisher) stores(d *draft) error {
	if !d.known {
		return nil
	}
	if err := p.terms.store(d.term); err != nil {
		return err
	}
	d.storing = true
	return nil
}

func (p *Publisher) stored(d *draft) {
	if d.storing {
		d.storing = false
		p.terms.stored(d.term)
	}
}

// slot is that of who decides a publish: its tenant, or that of its first event.
func (d *draft) slot() gateway.Slot {
	if d.Tenant != nil {
		return gateway.SlotOf(d.Tenant.ID)
	}
	return gateway.SlotOf(d.publication.Events[0].Tenant)
}

// markWith has the answer remembered with the Idempotency-Key, if there is one, and with
// the events' own ids.
func (d *draft) markWith(answer []byte) {
	d.markEvents()
	if d.mark.Tenant != "" {
		d.mark.Answer, d.mark.Expires = answer, d.at.Add(idempotencyKept)
		d.publication.Mark = &d.mark
	}
}

// accepted notes what is durable now.
func (p *Publisher) accepted(d *draft) {
	p.own.written(d)
	for i := range d.publication.Events {
		e := &d.publication.Events[i]
		d.tenants[d.shareOf(e.Tenant)].of.Metrics.EventsAccepted(e.Type, 1)
		p.options.Accepted(e)
	}
}
