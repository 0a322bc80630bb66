package publishing

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/limits"
)

// admit holds back what is too much for a tenant, and for which the disk has no room. Of a
// publish for several tenants all may pass, or it is counted for none: who keeps its own
// limit used up must not use up those of the others, whenever their publisher tries again.
func (p *Publisher) admit(d *draft) error {
	s := sharing{d}
	for _, t := range d.tenants {
		if err := p.options.Room(t.of.ID); err != nil {
			return s.blames(err, t.of.ID)
		}
	}
	var room [8]limits.Demand
	all := s.demands(room[:0])
	refusing, again := p.rates.TakeAll(all, d.at)
	if again == 0 {
		return nil
	}
	return s.blames(&gateway.Error{
		Code: gateway.CodeRateLimited, Message: "more events than limits.events_per_second allows", RetryAfter: again,
	}, all[refusing].Key.Tenant)
}

// sharing is a draft as one of several tenants.
type sharing struct{ *draft }

// blames says in a publish for several tenants which event is refused, and with it all: the
// others can be published without those of its tenant.
func (d sharing) blames(err error, tenant string) error {
	var refused *gateway.Error
	if len(d.tenants) < 2 || !errors.As(err, &refused) {
		return err
	}
	named := *refused
	named.Faults = []gateway.Fault{{
		Path:    "events[" + strconv.Itoa(d.firstUnder(tenant)) + "]",
		Message: "is refused for its tenant, or one above it: the others can be published without that tenant's",
	}}
	return &named
}

// demands appends what the publish asks of limits: of one above several of its tenants
// once, for all of them.
func (d sharing) demands(all []limits.Demand) []limits.Demand {
	if len(d.tenants) == 1 { // as most
		return d.treeOf(all, 0)
	}
	places := map[limits.Key]int{}
	for i := range d.tenants {
		own := len(all)
		all = d.treeOf(all, i)
		asked := all[own:]
		all = all[:own]
		for _, one := range asked {
			if at, known := places[one.Key]; known {
				all[at].N += one.N
				continue
			}
			places[one.Key] = len(all)
			all = append(all, one)
		}
	}
	return all
}

func (d sharing) treeOf(all []limits.Demand, i int) []limits.Demand {
	t := &d.tenants[i]
	return limits.Tree(all, t.of, d.Snapshot.Above(t.of), limits.Events, t.events)
}

// firstUnder gives the first event of a tenant or of one below it.
func (d sharing) firstUnder(tenant string) int {
	for i := range d.publication.Events {
		of := d.tenants[d.shareOf(d.publication.Events[i].Tenant)].of
		if of.ID == tenant {
			return i
		}
		for _, above := range d.Snapshot.Above(of) {
			if above.ID == tenant {
				return i
			}
		}
	}
	return 0
}

// busiest is the tenant whose events would make the most deliveries, as far as is known
// without looking at them.
func (d sharing) busiest() string {
	return slices.MaxFunc(d.tenants, func(a, b tenantShare) int {
		return cmp.Compare(a.events*a.of.Listening(), b.events*b.of.Listening())
	}).of.ID
}
