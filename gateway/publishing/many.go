package publishing

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// A publish that makes very many deliveries is promised in one commit as any other;
// the deliveries are then made by and by, lest all others wait for them. It is
// answered when all have been made: so whoever publishes the next event of a
// conversation, having seen the answer, comes after all of this one, and what a crash
// interrupts is whole before anything is sent again.

// publishMany is the rest of Publish for one that was measured, and makes many.
func (p *Publisher) publishMany(d *draft) (Published, error) {
	turn := []gateway.MarkKey{d.turnOfMany()}
	mine := p.turns.await(turn)
	defer p.turns.done(turn, mine)
	many := d.fanoutMany(gateway.At(p.now()).Time)
	learned, err := p.learn(d)
	if err != nil {
		return Published{}, err
	}
	failed := errUnsaid
	tell := func() {
		if learned != nil {
			learned(failed)
			learned = nil
		}
	}
	defer tell()
	answer := d.answer()
	d.markWith(answer)
	if err := p.stores(d); err != nil {
		failed = err
		return Published{}, err
	}
	defer p.stored(d)
	err = p.store.FanOut(&d.publication, many, func() {
		failed = nil
		p.stored(d) // with its keys
		tell()      // others wait for the names
		p.accepted(d)
	}, func(made []gateway.Delivery) bool {
		p.wakeInTurn(made)
		return !d.over(made[0].Tenant)
	})
	if err != nil {
		failed = err // nobody hears of it that was told before
		return Published{}, err
	}
	return Published{Body: answer}, nil
}

// turnOfMany is of whom one such publish is made at a time: who sends many has the
// others of his wait, and nobody else's.
func (d *draft) turnOfMany() gateway.MarkKey {
	who := AnyTenant
	if len(d.tenants) == 1 {
		who = d.tenants[0].of.ID
	}
	return gateway.NewMarkKey(gateway.MarkPublish, []byte(who))
}

// over says whether a tenant of the draft is being deleted.
func (d *draft) over(tenant string) bool { return d.tenants[d.shareOf(tenant)].of.Life.Over() }

// fanoutMany is fanout for very many deliveries, which are decided here and not made.
func (d *draft) fanoutMany(at time.Time) []gateway.Fanout {
	of := map[string]*audience{}
	var all []*audience
	for i := range d.publication.Events {
		e := &d.publication.Events[i]
		a := of[e.Tenant]
		if a == nil {
			a = &audience{Fanout: gateway.Fanout{Tenant: e.Tenant, At: at}, places: map[*directory.Endpoint]int{}}
			of[e.Tenant], all = a, append(all, a)
		}
		d.counts = append(d.counts, a.add(e, d.tenants[d.shareOf(e.Tenant)].of, func(to *directory.Endpoint) bool { return d.filtered.pass(i, to) }))
		e.Lined = e.ConversationKey != ""
	}
	many := make([]gateway.Fanout, 0, len(all))
	for _, a := range all {
		if n := a.Len(); n > 0 {
			a.First = gateway.NewIDs(gateway.PrefixDelivery, at, n)
			many = append(many, a.Fanout)
		}
	}
	return many
}

// audience is a fan-out in the making.
type audience struct {
	gateway.Fanout
	places map[*directory.Endpoint]int // among its listeners
}

// add adds an event, and gives how many want it, by its type and as it is.
func (a *audience) add(e *gateway.Event, of *directory.Tenant, passes func(*directory.Endpoint) bool) (n int) {
	at := uint16(len(a.Events)) // of at most gateway.MaxEvents
	a.Events = append(a.Events, gateway.FanoutEvent{ID: e.ID, Type: e.Type, ConversationKey: e.ConversationKey})
	wanting := of.Wanting(e.Type, e.Kind)
	for endpoint := wanting.Next(); endpoint != nil; endpoint = wanting.Next() {
		if !passes(endpoint) {
			continue
		}
		place, known := a.places[endpoint]
		if !known {
			place = len(a.Listeners)
			a.places[endpoint] = place
			a.Listeners = append(a.Listeners, gateway.Listener{Endpoint: endpoint.ID})
		}
		a.Listeners[place].Events = append(a.Listeners[place].Events, at)
		n++
	}
	return n
}
