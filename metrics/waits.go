package metrics

import "github.com/prometheus/client_golang/prometheus"

type waits struct {
	waitsOpen       *prometheus.GaugeVec
	waitsEnded      *prometheus.CounterVec
	waitDuration    *prometheus.HistogramVec
	waitTimerLag    prometheus.Histogram
	callbacksParked *prometheus.GaugeVec
}

func newWaits(r prometheus.Registerer) waits {
	w := waits{
		waitsOpen:  gaugeVec("hookgate_waits_open", "Waits that are open now.", "tenant"),
		waitsEnded: counterVec("hookgate_waits_ended_total", "Waits that ended, by the state they ended in.", "tenant", "state"),
		waitDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hookgate_wait_duration_seconds", Help: "From a wait's opening to its end.",
			Buckets: []float64{.1, .5, 1, 2.5, 5, 10, 30, 60, 120, 300},
		}, []string{"tenant", "source"}),
		waitTimerLag: histogram("hookgate_wait_timer_lag_seconds", "How long after its deadline a wait was ended.",
			.001, .002, .005, .01, .025, .05, .1, .25, 1),
		callbacksParked: gaugeVec("hookgate_callbacks_parked", "Callbacks that are parked now, for a wait to come.", "tenant"),
	}
	r.MustRegister(w.waitsOpen, w.waitsEnded, w.waitDuration, w.waitTimerLag, w.callbacksParked)
	return w
}

// Tenant is what is counted for one tenant as a whole.
type Tenant struct {
	WaitsOpen       prometheus.Gauge
	WaitsEnded      map[string]prometheus.Counter // by state; read only
	CallbacksParked prometheus.Gauge
	events          map[string]prometheus.Counter // by type; read only
}

// Tenant gives the children of one tenant, for the states in which waits end and
// the event types that are counted by name.
func (s *Set) Tenant(tenant string, states, types []string) Tenant {
	return Tenant{
		events:          children(s.eventsAccepted, append(types[:len(types):len(types)], otherTypes), tenant),
		WaitsOpen:       s.waitsOpen.WithLabelValues(tenant),
		WaitsEnded:      children(s.waitsEnded, states, tenant),
		CallbacksParked: s.callbacksParked.WithLabelValues(tenant),
	}
}

// WaitTimerLag takes the seconds by which each timeout was late.
func (s *Set) WaitTimerLag() prometheus.Observer { return s.waitTimerLag }
