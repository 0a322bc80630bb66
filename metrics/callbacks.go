package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Source is what is counted for one source.
type Source struct {
	thing
	outcomes *words
	did      atomic.Pointer[sourceCounts]
}

type sourceCounts struct {
	callbacks tally
	waits     spans
}

// Source gives what is counted of one source, for the outcomes that there are.
func (s *Set) Source(tenant, source string, outcomes []string) *Source {
	of := s.lists.of(outcomes)
	return partOf(s.shelf, tenant, source, len(outcomes)+len(waitBounds)+3, sourcesOf, func() *Source { return &Source{outcomes: of} })
}

func sourcesOf(o *owner) *[]*Source { return &o.sources }

// Callback counts a callback by its outcome.
func (s *Source) Callback(outcome string) { s.live().callbacks.add(s.outcomes, outcome, 1) }

// WaitEnded takes the seconds from a wait's opening to its end.
func (s *Source) WaitEnded(seconds float64) { s.live().waits.observe(seconds) }

func (s *Source) live() *sourceCounts {
	if c := s.did.Load(); c != nil {
		return c
	}
	return first(&s.thing, &s.did, &sourceCounts{callbacks: make(tally, len(s.outcomes.list))})
}

// ForgetSource removes every series of a source that is no more.
func (s *Set) ForgetSource(tenant, source string) { forgetPart(s.shelf, tenant, source, sourcesOf) }

var callbacksTotal = &family{
	name: "hookgate_callbacks_total", help: "Callbacks answered, by outcome.", labels: []string{"outcome", "source", "tenant"},
	rows: func(v *view, o *owner) {
		for _, s := range o.sources {
			var of tally
			if c := s.did.Load(); c != nil {
				of = c.callbacks
			}
			for i, outcome := range s.outcomes.list {
				v.row(&s.thing, of.at(i), outcome, s.id, o.name)
			}
		}
	},
}

// Waits take minutes, and people.
var waitBounds = []float64{.1, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}

var waitDuration = &family{
	name: "hookgate_wait_duration_seconds", help: "From a wait's opening to its end.", labels: []string{"source", "tenant"}, bounds: waitBounds,
	rows: func(v *view, o *owner) {
		for _, s := range o.sources {
			var of *spans
			if c := s.did.Load(); c != nil {
				of = &c.waits
			}
			v.spans(&s.thing, of, s.id, o.name)
		}
	},
}

func (l *library) callbackDuration() prometheus.Histogram {
	return l.histogram("hookgate_callback_duration_seconds", "From a callback's last byte in to its answer.",
		.0002, .0005, .001, .002, .005, .01, .025, .05, .1, .25, 1, 5)
}

// CallbackDuration takes the seconds that each callback took to answer.
func (s *Set) CallbackDuration() prometheus.Observer { return s.callbackDuration }
