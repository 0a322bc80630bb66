package metrics

import "github.com/prometheus/client_golang/prometheus"

type callbacks struct {
	callbacksTotal   *prometheus.CounterVec
	callbackDuration prometheus.Histogram
}

func newCallbacks(r prometheus.Registerer) callbacks {
	c := callbacks{
		callbacksTotal: counterVec("hookgate_callbacks_total", "Callbacks answered, by outcome.", "tenant", "source", "outcome"),
		callbackDuration: histogram("hookgate_callback_duration_seconds", "From a callback's last byte in to its answer.",
			.0002, .0005, .001, .002, .005, .01, .025, .05, .1, .25, 1, 5),
	}
	r.MustRegister(c.callbacksTotal, c.callbackDuration)
	return c
}

// Source is what is counted for one source.
type Source struct {
	Callbacks    map[string]prometheus.Counter // by outcome; read only
	WaitDuration prometheus.Observer           // seconds from opened to ended
}

// Source gives the children of one source, for the outcomes that there are.
func (s *Set) Source(tenant, source string, outcomes []string) Source {
	return Source{
		Callbacks:    children(s.callbacksTotal, outcomes, tenant, source),
		WaitDuration: s.waitDuration.WithLabelValues(tenant, source),
	}
}

// CallbackDuration takes the seconds that each callback took to answer.
func (s *Set) CallbackDuration() prometheus.Observer { return s.callbackDuration }
