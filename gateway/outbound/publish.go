package outbound

import (
	"hash/maphash"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/limits"
	"hookgate/gateway/shares"
)

// PublisherOptions are what a Publisher is made of. Queue, Lanes and Learner are
// required.
type PublisherOptions struct {
	Queue   Queue
	Lanes   *Lanes
	Learner Learner
	// Most bounds the deliveries that one publish makes; 0: DefaultPublish.
	Most int
	// Made is told how many deliveries a publish would make, where it is more than a
	// few; nil: nobody is.
	Made func(int64)
	// Making is the budget of deliveries that publishes under way are about to make,
	// in number: only those that make many count. nil: no bound.
	Making *shares.Budget
	// Holder says who has what a publish takes of it; nil: the tenant by itself.
	Holder func(tenant string) shares.Holder
}

// DefaultPublish is the most deliveries that one publish makes (SPEC 16).
const DefaultPublish = 100_000

// Publisher takes events in: the first half of the way, up to the 202.
type Publisher struct {
	PublisherOptions
	rates    limits.Table
	own      ownKeys
	drafts   sync.Pool
	relays   sync.Pool
	mu       sync.Mutex
	underway map[gateway.MarkKey]chan struct{} // by Idempotency-Key, or a relay's id
}

// NewPublisher makes a Publisher.
func NewPublisher(o PublisherOptions) *Publisher {
	if o.Most <= 0 {
		o.Most = DefaultPublish
	}
	if o.Holder == nil {
		o.Holder = func(tenant string) shares.Holder { return shares.Tenant(tenant) }
	}
	return &Publisher{
		PublisherOptions: o, underway: map[gateway.MarkKey]chan struct{}{}, own: ownKeys{seed: maphash.MakeSeed()},
		drafts: sync.Pool{New: func() any { return new(draft) }}, relays: sync.Pool{New: func() any { return new(relay) }},
	}
}

// Publish takes all events of a request, or none and says which is at fault.
// What it answers is durable.
func (p *Publisher) Publish(q PublishRequest) (Published, error) {
	d := p.drafts.Get().(*draft)
	defer func() {
		d.free()
		p.drafts.Put(d)
	}()
	d.begin(q, p.Lanes.now())
	if err := d.accept(); err != nil {
		return Published{}, err
	}
	if !d.enter() {
		return Published{}, errGone
	}
	defer d.leave()
	if q.IdempotencyKey != "" {
		keys := []gateway.MarkKey{d.markIn()}
		mine := p.await(keys)
		defer p.done(keys, mine)
		if first, found, err := p.repeated(d); found || err != nil {
			return first, err
		}
	}
	made, err := p.measure(d)
	if err != nil {
		return Published{}, err
	}
	defer made.giveBack(p.Making)
	if err := p.admit(d); err != nil {
		return Published{}, err
	}
	if made.deliveries > 0 {
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

// await takes the turn on keys, on all or none, so that of two equal requests at
// once the second finds what the first stored. done gives it back.
func (p *Publisher) await(keys []gateway.MarkKey) (mine chan struct{}) {
	mine = make(chan struct{})
	for {
		other := p.take(keys, mine)
		if other == nil {
			return mine
		}
		<-other
	}
}

// take gives who has the turn on one of the keys; nil when it is ours.
func (p *Publisher) take(keys []gateway.MarkKey, mine chan struct{}) (other chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range keys {
		if other := p.underway[key]; other != nil {
			return other
		}
	}
	for _, key := range keys {
		p.underway[key] = mine
	}
	return nil
}

func (p *Publisher) done(keys []gateway.MarkKey, mine chan struct{}) {
	p.mu.Lock()
	for _, key := range keys {
		delete(p.underway, key)
	}
	p.mu.Unlock()
	close(mine)
}

// repeated answers a repeated Idempotency-Key as the first time.
func (p *Publisher) repeated(d *draft) (Published, bool, error) {
	m, found, err := p.Queue.Mark(d.mark.Tenant, d.mark.Key, idempotencyKept)
	if !found || err != nil {
		return Published{}, false, err
	}
	if m.Sum != d.mark.Sum {
		return Published{}, true, gateway.Errorf(gateway.CodeIdempotencyKeyReused,
			"this Idempotency-Key was used with another body")
	}
	return Published{Body: m.Answer, Replayed: true}, true, nil
}

// idempotencyKept is how long an Idempotency-Key is remembered (SPEC 14).
const idempotencyKept = 24 * time.Hour

// admit holds back what is too much for a tenant.
func (p *Publisher) admit(d *draft) error {
	for _, t := range d.tenants {
		again := p.rates.TakeTree(t.of, d.Snapshot.Above(t.of), limits.Events, t.events, d.at)
		if again > 0 {
			return &gateway.Error{
				Code: gateway.CodeRateLimited, Message: "more events than limits.events_per_second allows", RetryAfter: again,
			}
		}
	}
	return nil
}

// enqueue stores everything in one commit, then wakes the lanes.
func (p *Publisher) enqueue(d *draft, answer []byte) error {
	d.markWith(answer)
	if err := p.Queue.Accept(&d.publication); err != nil {
		return err
	}
	p.wake(d.publication.Deliveries)
	p.accepted(d)
	return nil
}

// markWith has the answer remembered with the Idempotency-Key, if there is one.
func (d *draft) markWith(answer []byte) {
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
	}
}

// wake tells each lane of its new deliveries at once.
func (p *Publisher) wake(deliveries []gateway.Delivery) {
	if len(deliveries) == 1 {
		v := &deliveries[0]
		p.Lanes.Wake(gateway.LaneKey{Tenant: v.Tenant, Endpoint: v.Endpoint}, placeOf(v))
		return
	}
	lanes := map[gateway.LaneKey][]gateway.Due{}
	for i := range deliveries {
		v := &deliveries[i]
		key := gateway.LaneKey{Tenant: v.Tenant, Endpoint: v.Endpoint}
		lanes[key] = append(lanes[key], placeOf(v))
	}
	for key, dues := range lanes {
		p.Lanes.WakeMany(key, dues)
	}
}

// Forget drops what is kept of a tenant that is no more.
func (p *Publisher) Forget(tenant string) {
	p.rates.Forget(tenant)
	p.own.clear()
}
