// Package metrics holds every metric of hookgate (SPEC 12), one file an area.
//
// What counts on the way of a request is held: whoever builds the snapshot asks the Set
// once for what is counted of a tenant, a source, an endpoint, a webhook or a route, and
// a request adds to it without a lookup or a lock. It outlives the snapshot: who asks again
// by the same name gets the same. It goes when what it counts goes (ForgetTenant,
// ForgetSource, ForgetEndpoint, ForgetWebhook, ForgetRoute), so that the label tenant has
// values for configured tenants only.
//
//	things.go    what has series of its own, and when they are shown (born, alive, idle)
//	view.go      all things as one scrape sees them, row by row
//	text.go      the rows as text; gathered.go: as the library has them
//	scrapers.go  who comes again, and what he has not seen yet
//	scrape.go    the handler; compress.go
//	library.go   what the process has once, which the Prometheus library keeps
//
// Label values come from closed lists that the caller owns: this package imports nothing
// of ours, and never sees a conversation key. All series of a thing are shown at once, each
// at 0, before or as it does anything: a counter that comes to be with its first 1 has had
// no increase, and nobody is alerted.
package metrics

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Set is all metrics of one process.
type Set struct {
	library  *library
	shelf    *shelf
	lists    lists
	scrapers *scrapers
	queues   func()
	store
	operations
	budgets *budgets

	callbackDuration, callDuration, attemptDuration, deliveryLag, waitTimerLag, routeDuration prometheus.Histogram
}

// New makes the metrics of a process of the given version, each of them new.
func New(version string) *Set {
	l := &library{}
	s := &Set{
		library: l, shelf: newShelf(), scrapers: newScrapers(), store: newStore(l), operations: newOperations(l), budgets: newBudgets(l),
		callbackDuration: l.callbackDuration(), callDuration: l.callDuration(), attemptDuration: l.attemptDuration(),
		deliveryLag: l.deliveryLag(), waitTimerLag: l.waitTimerLag(), routeDuration: l.routeDuration(),
	}
	l.of("go_*").MustRegister(collectors.NewGoCollector())
	l.of("process_*").MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	l.gauge("hookgate_build_info", "1, labelled with what was built and by what.",
		prometheus.Labels{"version": version, "goversion": runtime.Version()}, func() float64 { return 1 })
	return s
}

// Queues names who tells each endpoint how its queue stands (Endpoint.Queue). It is called
// before a scrape that asks for it, and set before the first.
func (s *Set) Queues(look func()) { s.queues = look }

func (s *Set) lookAtQueues() {
	if s.queues != nil {
		s.queues()
	}
}
