package metrics

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

type routes struct {
	routeRequests *prometheus.CounterVec
	liveRoutes    *liveRoutes
	routeDuration prometheus.Histogram
}

func newRoutes(r prometheus.Registerer) routes {
	f := routes{
		liveRoutes:    &liveRoutes{ids: map[string]bool{}},
		routeRequests: counterVec("hookgate_route_requests_total", "Requests to routes, by the status of their answer; 499 is for a client who left before it.", "route", "code"),
		routeDuration: histogram("hookgate_route_duration_seconds", "From a request's head to the end of its answer.",
			.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60),
	}
	r.MustRegister(f.routeRequests, f.routeDuration)
	return f
}

// maxStatus bounds the values of the label code.
const maxStatus = 600

// Route is what is counted for one route.
type Route struct {
	id    string
	live  *liveRoutes
	vec   *prometheus.CounterVec
	codes [maxStatus]atomic.Pointer[prometheus.Counter]
}

// Route gives the counters of one route. The statuses that are given have their children
// at once, any other from its first request on: nobody wants to see the six hundred that
// never come.
func (s *Set) Route(id string, statuses []int) *Route {
	s.liveRoutes.set(id, true, nil)
	r := &Route{id: id, live: s.liveRoutes, vec: s.routeRequests}
	for _, status := range statuses {
		r.first(status)
	}
	return r
}

// liveRoutes are those that there are. A request that is under way when its route goes
// makes no child of it any more.
type liveRoutes struct {
	mu  sync.Mutex
	ids map[string]bool
}

// set says whether there is a route, and does what goes with it.
func (l *liveRoutes) set(id string, is bool, do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if is {
		l.ids[id] = true
	} else {
		delete(l.ids, id)
	}
	if do != nil {
		do()
	}
}

// while does something if there is the route, which stays meanwhile.
func (l *liveRoutes) while(id string, do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids[id] {
		do()
	}
}

// Answered counts a request by the status of its answer, 100 to 599.
func (r *Route) Answered(status int) {
	if status < 100 || status >= maxStatus {
		return
	}
	child := r.codes[status].Load()
	if child == nil {
		child = r.first(status)
	}
	if child != nil {
		(*child).Inc()
	}
}

// first makes the child of a status; nil where the route is no more.
func (r *Route) first(status int) (child *prometheus.Counter) {
	r.live.while(r.id, func() {
		made := r.vec.WithLabelValues(r.id, strconv.Itoa(status))
		child = &made
		r.codes[status].Store(child)
	})
	return child
}

// RouteDuration takes the seconds that each request to a route took.
func (s *Set) RouteDuration() prometheus.Observer { return s.routeDuration }

// ForgetRoute removes every child of a route that is no more.
func (s *Set) ForgetRoute(id string) {
	s.liveRoutes.set(id, false, func() { s.routeRequests.DeletePartialMatch(prometheus.Labels{"route": id}) })
}
