package outbound

import (
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/limits"
)

// Learner learns which names one conversation has.
type Learner interface {
	// Learn gives what is to be stored of the names of a conversation; known says
	// that nothing is. After it is durable, Learned is called with it.
	Learn(tenant string, names []string) (n gateway.Names, known bool, err error)
	Learned(n gateway.Names)
}

// PublisherOptions are what a Publisher is made of; all are required.
type PublisherOptions struct {
	Queue   Queue
	Lanes   *Lanes
	Learner Learner
}

// Publisher takes events in: the first half of the way, up to the 202.
type Publisher struct {
	PublisherOptions
	rates    limits.Table
	drafts   sync.Pool
	relays   sync.Pool
	mu       sync.Mutex
	underway map[gateway.MarkKey]chan struct{} // by Idempotency-Key, or a relay's id
}

// NewPublisher makes a Publisher.
func NewPublisher(o PublisherOptions) *Publisher {
	return &Publisher{
		PublisherOptions: o, underway: map[gateway.MarkKey]chan struct{}{},
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
	d.begin(q)
	if err := d.accept(); err != nil {
		return Published{}, err
	}
	if q.IdempotencyKey != "" {
		keys := []gateway.MarkKey{d.markIn()}
		mine := p.await(keys)
		defer p.done(keys, mine)
		if first, found, err := p.repeated(d); found || err != nil {
			return first, err
		}
	}
	if err := p.admit(d); err != nil {
		return Published{}, err
	}
	d.fanout()
	if err := p.learn(d); err != nil {
		return Published{}, err
	}
	answer := d.answer()
	if err := p.enqueue(d, answer); err != nil {
		return Published{}, err
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

// learn adds what the events tell of their conversations' names.
func (p *Publisher) learn(d *draft) error {
	for _, l := range d.named {
		n, known, err := p.Learner.Learn(l.tenant, l.names)
		if err != nil {
			return err
		}
		if !known {
			d.publication.Names = append(d.publication.Names, n)
		}
	}
	return nil
}

// enqueue stores everything in one commit, then wakes the lanes.
func (p *Publisher) enqueue(d *draft, answer []byte) error {
	if d.mark.Tenant != "" {
		d.mark.Answer, d.mark.Expires = answer, d.at.Add(idempotencyKept)
		d.publication.Mark = &d.mark
	}
	if err := p.Queue.Accept(&d.publication); err != nil {
		return err
	}
	for _, n := range d.publication.Names {
		p.Learner.Learned(n)
	}
	p.wake(d.publication.Deliveries)
	for i := range d.publication.Events {
		e := &d.publication.Events[i]
		d.tenants[d.shareOf(e.Tenant)].of.Metrics.EventsAccepted(e.Type, 1)
	}
	return nil
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
func (p *Publisher) Forget(tenant string) { p.rates.Forget(tenant) }
