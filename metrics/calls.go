package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Webhook is what is counted for one webhook.
type Webhook struct {
	thing
	outcomes *words
	did      atomic.Pointer[tally]
}

// Webhook gives what is counted of one webhook, for the outcomes in which calls end.
func (s *Set) Webhook(tenant, webhook string, outcomes []string) *Webhook {
	of := s.lists.of(outcomes)
	return partOf(s.shelf, tenant, webhook, len(outcomes), webhooksOf, func() *Webhook { return &Webhook{outcomes: of} })
}

func webhooksOf(o *owner) *[]*Webhook { return &o.webhooks }

// Called counts a call that ended, by its outcome.
func (w *Webhook) Called(outcome string) { w.live().add(w.outcomes, outcome, 1) }

func (w *Webhook) live() tally {
	if c := w.did.Load(); c != nil {
		return *c
	}
	made := make(tally, len(w.outcomes.list))
	return *first(&w.thing, &w.did, &made)
}

// ForgetWebhook removes every series of a webhook that is no more.
func (s *Set) ForgetWebhook(tenant, webhook string) { forgetPart(s.shelf, tenant, webhook, webhooksOf) }

var callsTotal = &family{
	name: "hookgate_calls_total", help: "Calls that ended, by outcome.", labels: []string{"outcome", "tenant", "webhook"},
	rows: func(v *view, o *owner) {
		for _, w := range o.webhooks {
			var of tally
			if c := w.did.Load(); c != nil {
				of = *c
			}
			for i, outcome := range w.outcomes.list {
				v.row(&w.thing, of.at(i), outcome, o.name, w.id)
			}
		}
	},
}

func (l *library) callDuration() prometheus.Histogram {
	return l.histogram("hookgate_call_duration_seconds", "From a call's acceptance to its end: rendering, all attempts and the pauses between them.",
		.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60)
}

// CallDuration takes the seconds of each call.
func (s *Set) CallDuration() prometheus.Observer { return s.callDuration }
