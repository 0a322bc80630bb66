package metrics

import "github.com/prometheus/client_golang/prometheus"

type calls struct {
	callsTotal   *prometheus.CounterVec
	callDuration prometheus.Histogram
}

func newCalls(r prometheus.Registerer) calls {
	c := calls{
		callsTotal: counterVec("hookgate_calls_total", "Calls that ended, by outcome.", "tenant", "webhook", "outcome"),
		callDuration: histogram("hookgate_call_duration_seconds", "From a call's acceptance to its end: rendering, all attempts and the pauses between them.",
			.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60),
	}
	r.MustRegister(c.callsTotal, c.callDuration)
	return c
}

// Webhook is what is counted for one webhook.
type Webhook struct {
	Calls map[string]prometheus.Counter // by outcome; read only
}

// Webhook gives the children of one webhook, for the outcomes in which calls end.
func (s *Set) Webhook(tenant, webhook string, outcomes []string) Webhook {
	return Webhook{Calls: children(s.callsTotal, outcomes, tenant, webhook)}
}

// CallDuration takes the seconds of each call.
func (s *Set) CallDuration() prometheus.Observer { return s.callDuration }
