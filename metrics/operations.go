package metrics

import "github.com/prometheus/client_golang/prometheus"

type operations struct {
	authFailures  *prometheus.CounterVec
	cacheRequests *prometheus.CounterVec
	configReloads *prometheus.CounterVec
	spans         *prometheus.CounterVec
	config        *loaded
	held          *standstill
	jobs          *bulk
	exemplars     bool // see Exemplars
}

func newOperations(l *library) operations {
	o := operations{
		authFailures:  l.counterVec("hookgate_auth_failures_total", "Requests that could not prove who calls.", "where"),
		cacheRequests: l.counterVec("hookgate_cache_requests_total", "Lookups in caches of what can be recomputed.", "cache", "result"),
		configReloads: l.counterVec("hookgate_config_reloads_total", "Times that the configuration file was loaded again.", "result"),
		spans:         l.counterVec("hookgate_spans_total", "Spans that the collector took, and those that it will never get.", "result"),
	}
	o.config, o.held, o.jobs = newLoaded(l), newHeld(l), newBulk(l)
	o.Jobs()
	o.Spans("sent")
	o.Spans("dropped")
	o.Reloads() // there may never be one: see the package's comment
	return o
}

// AuthFailures counts failures at one place: "internal", "source", "route".
func (s *Set) AuthFailures(where string) prometheus.Counter {
	return s.authFailures.WithLabelValues(where)
}

// Spans counts spans by what became of them: "sent", "dropped".
func (o *operations) Spans(result string) prometheus.Counter { return o.spans.WithLabelValues(result) }

// Exemplars says that there will be some (Traced), so that OpenMetrics, the one text format
// that has them, is spoken with who prefers it. It is called before the first scrape.
//
// Without them it is not: its families are written from what is gathered of each, as
// protobuf's are, where the plain format is written as it goes.
func (o *operations) Exemplars() { o.exemplars = true }

// Traced gives what observes seconds with the trace that shows where they went, as an
// exemplar; "": there is none.
func Traced(of prometheus.Observer) func(seconds float64, trace string) {
	with, can := of.(prometheus.ExemplarObserver)
	return func(seconds float64, trace string) {
		if trace == "" || !can {
			of.Observe(seconds)
			return
		}
		with.ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": trace})
	}
}

// Cache is what is counted for one cache.
type Cache struct{ Hit, Miss prometheus.Counter }

// Cache gives the children of one cache.
func (s *Set) Cache(name string) Cache {
	return Cache{
		Hit:  s.cacheRequests.WithLabelValues(name, "hit"),
		Miss: s.cacheRequests.WithLabelValues(name, "miss"),
	}
}

// Reloads is what is counted of reloads.
type Reloads struct{ OK, Error prometheus.Counter }

// Reloads gives the children for reloads.
func (o *operations) Reloads() Reloads {
	return Reloads{OK: o.configReloads.WithLabelValues("ok"), Error: o.configReloads.WithLabelValues("error")}
}
