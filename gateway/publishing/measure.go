package publishing

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// A publish of a few kilobytes may make a hundred thousand deliveries. How many it
// would make is counted before any of them is made.

// mostPooled is how many deliveries the memory of a pooled draft may hold, and how
// many a publish makes without a look at its share.
const mostPooled = 1000

// mostAtOnce is how many deliveries a publish makes in its own commit. Others' commits wait for a large one: with 1000, the callbacks of a
// neighbour of who publishes so without end took ten times as long.
const mostAtOnce = 128

// measured is what a publish has of the budget of deliveries in the making.
type measured struct {
	many       bool // they are made by and by
	holder     shares.Holder
	deliveries int64
}

func (m measured) giveBack(b *shares.Budget) { b.Give(m.holder, m.deliveries) }

// measure refuses a publish that makes too many deliveries, or whose tenant makes too
// many at this moment.
func (p *Publisher) measure(d *draft) (m measured, err error) {
	if d.mostDeliveries() <= min(mostAtOnce, p.options.Most) {
		return m, nil
	}
	n := d.countDeliveries()
	if p.options.Made != nil {
		p.options.Made(int64(min(n, p.options.Most)))
	}
	if n > p.options.Most {
		return m, sharing{d}.blames(gateway.Errorf(gateway.CodeTooManyDeliveries,
			"the %d events would make %d deliveries, and one publish may make %d (bounds.publish): send fewer events at once", len(d.publication.Events), n, p.options.Most), sharing{d}.busiest())
	}
	m.many = n > mostAtOnce
	if n <= mostPooled {
		return m, nil
	}
	m.deliveries = int64(n)
	if len(d.tenants) == 1 { // else it is the platform's own, which publishes for all
		m.holder = p.options.Holder(d.tenants[0].of.ID)
	}
	if !p.options.Making.Take(m.holder, m.deliveries) {
		return measured{}, errMaking
	}
	return m, nil
}

var errMaking = gateway.Unavailable("publishes of the tenant that are under way make as many deliveries as they may now of what this process can make at once (bounds.publishing)", time.Second)

// mostDeliveries is how many there are if every endpoint wants every event.
func (d *draft) mostDeliveries() (n int) {
	for _, t := range d.tenants {
		n += t.events * t.of.Listening()
	}
	return n
}

func (d *draft) countDeliveries() (n int) {
	share := 0
	for i := range d.publication.Events {
		e := &d.publication.Events[i]
		if d.tenants[share].of.ID != e.Tenant {
			share = d.shareOf(e.Tenant)
		}
		wanting := d.tenants[share].of.Wanting(e.Type, e.Kind)
		for endpoint := wanting.Next(); endpoint != nil; endpoint = wanting.Next() {
			if d.filtered.pass(i, endpoint) {
				n++
			}
		}
	}
	return n
}
