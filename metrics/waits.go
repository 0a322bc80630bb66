package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Tenant is what is counted for one tenant as a whole.
type Tenant struct {
	thing
	states, types *words
	did           atomic.Pointer[tenantCounts]
}

type tenantCounts struct {
	ended, events tally
	open, parked  atomic.Int64
}

// otherTypes stands for all event types that are not counted by name: publishers
// make them up, and a label's values come from a closed list.
const otherTypes = "other"

// Tenant gives what is counted of one tenant, for the states in which waits end and
// the event types that are counted by name.
func (s *Set) Tenant(tenant string, states, types []string) *Tenant {
	ends, of := s.lists.of(states), s.lists.of(append(types[:len(types):len(types)], otherTypes))
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	o := s.shelf.ownerOf(s.shelf.tenants, tenant)
	if o.tenant == nil {
		o.tenant = &Tenant{states: ends, types: of}
		s.shelf.made(&o.tenant.thing, o, tenant, len(states)+len(of.list)+2)
	}
	return o.tenant
}

// WaitsOpen adds to how many waits are open now.
func (t *Tenant) WaitsOpen(n int) { t.live().open.Add(int64(n)) }

// WaitEnded counts a wait that ended, by the state it ended in.
func (t *Tenant) WaitEnded(state string) { t.live().ended.add(t.states, state, 1) }

// CallbacksParked adds to how many callbacks are parked now.
func (t *Tenant) CallbacksParked(n int) { t.live().parked.Add(int64(n)) }

// EventsAccepted counts n events of a type.
func (t *Tenant) EventsAccepted(eventType string, n int) {
	i, named := t.types.at[eventType]
	if !named {
		i = len(t.types.list) - 1 // otherTypes
	}
	t.live().events[i].Add(uint64(n))
}

func (t *Tenant) live() *tenantCounts {
	if c := t.did.Load(); c != nil {
		return c
	}
	return first(&t.thing, &t.did, &tenantCounts{ended: make(tally, len(t.states.list)), events: make(tally, len(t.types.list))})
}

var idle tenantCounts

func (t *Tenant) counts() *tenantCounts {
	if c := t.did.Load(); c != nil {
		return c
	}
	return &idle
}

// ForgetTenant removes every series of a tenant that is no more, and of its parts.
func (s *Set) ForgetTenant(tenant string) { s.shelf.forget(s.shelf.tenants, tenant) }

var waitsEnded = &family{
	name: "hookgate_waits_ended_total", help: "Waits that ended, by the state they ended in.", labels: []string{"state", "tenant"},
	rows: func(v *view, o *owner) {
		if o.tenant == nil {
			return
		}
		of := o.tenant.counts().ended
		for i, state := range o.tenant.states.list {
			v.row(&o.tenant.thing, of.at(i), state, o.name, "")
		}
	},
}

var eventsAccepted = &family{
	name: "hookgate_events_accepted_total", help: "Events that were accepted; those of types that are not the platform's own count as other.", labels: []string{"tenant", "type"},
	rows: func(v *view, o *owner) {
		if o.tenant == nil {
			return
		}
		of := o.tenant.counts().events
		for i, eventType := range o.tenant.types.list {
			v.row(&o.tenant.thing, of.at(i), o.name, eventType, "")
		}
	},
}

// tenantGauge shows a number of each tenant.
func tenantGauge(name, help string, of func(*tenantCounts) *atomic.Int64) *family {
	return &family{name: name, help: help, labels: []string{"tenant"}, gauge: true, rows: func(v *view, o *owner) {
		if o.tenant != nil {
			v.row(&o.tenant.thing, float64(of(o.tenant.counts()).Load()), o.name, "", "")
		}
	}}
}

var (
	waitsOpen       = tenantGauge("hookgate_waits_open", "Waits that are open now.", func(c *tenantCounts) *atomic.Int64 { return &c.open })
	callbacksParked = tenantGauge("hookgate_callbacks_parked", "Callbacks that are parked now, for a wait to come.", func(c *tenantCounts) *atomic.Int64 { return &c.parked })
)

func (l *library) waitTimerLag() prometheus.Histogram {
	return l.histogram("hookgate_wait_timer_lag_seconds", "How long after its deadline a wait was ended.",
		.001, .002, .005, .01, .025, .05, .1, .25, 1)
}

// WaitTimerLag takes the seconds by which each timeout was late.
func (s *Set) WaitTimerLag() prometheus.Observer { return s.waitTimerLag }
