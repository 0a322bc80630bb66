// Package metrics holds every metric of hookgate (SPEC 12), one file an area,
// on a registry of its own.
//
// What counts on the way of a request is a child metric: whoever builds the
// snapshot asks the Set once for the children of a tenant, a source, an endpoint
// a webhook or a route, and a request adds to them without a lookup. Children go
// when what they count goes (ForgetTenant, ForgetSource, ForgetEndpoint,
// ForgetWebhook, ForgetRoute), so that the label tenant has values for configured
// tenants only.
//
// Label values come from closed lists that the caller owns: this package
// imports nothing of ours, and never sees a conversation key. All children of one
// thing are made at once, each at 0, before it does anything: a counter that comes to
// be with its first 1 has had no increase, and nobody is alerted.
package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Set is all metrics of one process.
type Set struct {
	registry *prometheus.Registry
	callbacks
	waits
	deliveries
	calls
	routes
	store
	operations
	budgets *budgets
}

// New makes the metrics of a process of the given version, each of them new.
func New(version string) *Set {
	s := &Set{registry: prometheus.NewRegistry()}
	s.callbacks = newCallbacks(s.registry)
	s.waits = newWaits(s.registry)
	s.deliveries = newDeliveries(s.registry)
	s.calls = newCalls(s.registry)
	s.routes = newRoutes(s.registry)
	s.store = newStore(s.registry)
	s.operations = newOperations(s.registry)
	s.budgets = newBudgets(s.registry)
	s.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hookgate_build_info", Help: "1, labelled with what was built and by what.",
			ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
		}, func() float64 { return 1 }),
	)
	return s
}

// Handler serves /metrics.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{Registry: s.registry, MaxRequestsInFlight: 4})
}

// Gatherer gives the metrics to tests and tools.
func (s *Set) Gatherer() prometheus.Gatherer { return s.registry }

// ForgetTenant removes every child of a tenant that is no more.
func (s *Set) ForgetTenant(tenant string) {
	for _, family := range s.tenantFamilies() {
		family.DeletePartialMatch(prometheus.Labels{"tenant": tenant})
	}
	s.ages.forget(func(k laneLabels) bool { return k.tenant == tenant })
}

// ForgetSource removes every child of a source that is no more.
func (s *Set) ForgetSource(tenant, source string) {
	labels := prometheus.Labels{"tenant": tenant, "source": source}
	s.callbacksTotal.DeletePartialMatch(labels)
	s.waitDuration.DeletePartialMatch(labels)
}

// ForgetEndpoint removes every child of an endpoint that is no more.
func (s *Set) ForgetEndpoint(tenant, endpoint string) {
	labels := prometheus.Labels{"tenant": tenant, "endpoint": endpoint}
	s.deliveriesTotal.DeletePartialMatch(labels)
	s.attemptsTotal.DeletePartialMatch(labels)
	s.queueDepth.DeletePartialMatch(labels)
	s.breakerState.DeletePartialMatch(labels)
	s.ages.forget(func(k laneLabels) bool { return k == laneLabels{tenant, endpoint} })
}

// ForgetWebhook removes every child of a webhook that is no more.
func (s *Set) ForgetWebhook(tenant, webhook string) {
	s.callsTotal.DeletePartialMatch(prometheus.Labels{"tenant": tenant, "webhook": webhook})
}

// family is what removing children needs of a metric vector.
type family interface {
	DeletePartialMatch(prometheus.Labels) int
}

// tenantFamilies lists every vector with the label tenant; a test holds it
// against what is registered.
func (s *Set) tenantFamilies() []family {
	return []family{
		s.callbacksTotal, s.callbacksParked, s.waitsOpen, s.waitsEnded, s.waitDuration,
		s.eventsAccepted, s.deliveriesTotal, s.attemptsTotal, s.queueDepth, s.breakerState, s.callsTotal,
	}
}

// children makes one child counter for each value of a vector's last label.
func children(vec *prometheus.CounterVec, values []string, labels ...string) map[string]prometheus.Counter {
	all := make(map[string]prometheus.Counter, len(values))
	for _, value := range values {
		all[value] = vec.WithLabelValues(append(labels[:len(labels):len(labels)], value)...)
	}
	return all
}

func counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gaugeVec(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets ...float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}
