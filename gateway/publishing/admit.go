package publishing

import (
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/limits"
)

// admit holds back what is too much for a tenant, and for which the disk has no room. Of a
// publish for several tenants all may pass, or it is counted for none: who keeps its own
// limit used up must not use up those of the others, whenever their publisher tries again.
func (p *Publisher) admit(d *draft) error {
	for _, t := range d.tenants {
		if err := p.options.Room(t.of.ID); err != nil {
			return err
		}
	}
	var room [8]limits.Demand
	all := d.demands(room[:0])
	refusing, again := p.rates.TakeAll(all, d.at)
	if again == 0 {
		return nil
	}
	e := &gateway.Error{
		Code: gateway.CodeRateLimited, Message: "more events than limits.events_per_second allows", RetryAfter: again,
	}
	if len(d.tenants) > 1 {
		e.Faults = []gateway.Fault{{
			Path:    "events[" + strconv.Itoa(d.firstUnder(all[refusing].Key.Tenant)) + "]",
			Message: "its tenant, or one above it, may have no more events now: the others can be published without them",
		}}
	}
	return e
}

// demands appends what the publish asks of limits: of one above several of its tenants
// once, for all of them.
func (d *draft) demands(all []limits.Demand) []limits.Demand {
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

func (d *draft) treeOf(all []limits.Demand, i int) []limits.Demand {
	t := &d.tenants[i]
	return limits.Tree(all, t.of, d.Snapshot.Above(t.of), limits.Events, t.events)
}

// firstUnder gives the first event of a tenant or of one below it.
func (d *draft) firstUnder(tenant string) int {
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
