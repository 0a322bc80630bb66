package publishing

import (
	"time"

	"hookgate/gateway"
)

// RelayAll takes the messages of one request, each as a request of its own to one route,
// in their order: what it answers is durable, all of them in one commit. One that was
// taken before is not taken again.
func (p *Publisher) RelayAll(all []RelayRequest) ([]Relayed, error) {
	if len(all) == 0 {
		return nil, nil
	}
	tenant := all[0].Tenant
	if !tenant.Life.Enter() {
		return nil, errGone
	}
	defer tenant.Life.Leave()
	b := relays{p: p, before: map[gateway.MarkKey]gateway.Mark{}, publication: gateway.Publication{Begun: time.Now()}}
	defer b.free()
	in, err := p.terms.begin(gateway.SlotOf(tenant.ID))
	if err != nil {
		return nil, err
	}
	var digests []gateway.MarkKey
	for i := range all {
		digests = append(digests, b.begin(all[i])...)
	}
	mine := p.turns.await(digests)
	defer p.turns.done(digests, mine)
	became := make([]Relayed, len(all))
	for i := range all {
		var err error
		if became[i], err = b.take(b.list[i]); err != nil {
			return nil, err
		}
	}
	if len(b.publication.Events) == 0 {
		return became, nil
	}
	if err := p.options.Room(tenant.ID); err != nil {
		return nil, err
	}
	if err := p.terms.store(in); err != nil {
		return nil, err
	}
	defer p.terms.stored(in)
	if err := p.store.Accept(&b.publication); err != nil {
		return nil, err
	}
	p.wake(b.publication.Deliveries)
	tenant.Metrics.EventsAccepted(gateway.EventRelay, len(b.publication.Events))
	for i := range b.publication.Events {
		p.options.Accepted(&b.publication.Events[i])
	}
	return became, nil
}

// relays are the messages of one request in the making.
type relays struct {
	p           *Publisher
	list        []*relay
	before      map[gateway.MarkKey]gateway.Mark // what those that were taken will be known by
	publication gateway.Publication
}

// begin makes one, and gives what it is known by.
func (b *relays) begin(q RelayRequest) []gateway.MarkKey {
	r := b.p.relays.Get().(*relay) //nolint:forcetypeassert // the pool holds nothing else
	r.begin(q, b.p.now())
	b.list = append(b.list, r)
	return r.digests
}

// take adds one to what is stored, unless it was taken before.
func (b *relays) take(r *relay) (Relayed, error) {
	if len(r.digests) > 0 {
		first, err := b.p.taken(r, b.before)
		if err != nil {
			return Relayed{}, err
		}
		if first != "" {
			return Relayed{CallbackID: first, EventID: eventOfCallback(first), Duplicate: true}, nil
		}
	}
	callback := r.build(b.p.options.Sealer)
	for _, m := range r.marks {
		b.before[m.Key] = m
	}
	to, one := &b.publication, &r.publication
	to.Events = append(to.Events, one.Events...)
	to.Deliveries = append(to.Deliveries, one.Deliveries...)
	to.Marks = append(to.Marks, one.Marks...)
	to.Traces = append(to.Traces, one.Traces...)
	return Relayed{CallbackID: callback, EventID: r.event[0].ID}, nil
}

func (b *relays) free() {
	for _, r := range b.list {
		r.free()
		b.p.relays.Put(r)
	}
}
