package metrics

import "github.com/prometheus/client_golang/prometheus"

type operations struct {
	authFailures  *prometheus.CounterVec
	cacheRequests *prometheus.CounterVec
	configReloads *prometheus.CounterVec
}

func newOperations(r prometheus.Registerer) operations {
	o := operations{
		authFailures:  counterVec("hookgate_auth_failures_total", "Requests that could not prove who calls.", "where"),
		cacheRequests: counterVec("hookgate_cache_requests_total", "Lookups in caches of what can be recomputed.", "cache", "result"),
		configReloads: counterVec("hookgate_config_reloads_total", "Times that the configuration file was loaded again.", "result"),
	}
	r.MustRegister(o.authFailures, o.cacheRequests, o.configReloads)
	o.Reloads() // there may never be one: see the package's comment
	return o
}

// AuthFailures counts failures at one place: "internal", "source", "route".
func (s *Set) AuthFailures(where string) prometheus.Counter {
	return s.authFailures.WithLabelValues(where)
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
