package metrics

import (
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

type routes struct {
	routeRequests *prometheus.CounterVec
	routeDuration prometheus.Histogram
}

func newRoutes(r prometheus.Registerer) routes {
	f := routes{
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
	vec   *prometheus.CounterVec
	codes [maxStatus]atomic.Pointer[prometheus.Counter]
}

// Route gives the counters of one route. A status has its child from its first
// request on: nobody wants to see the six hundred that never come.
func (s *Set) Route(id string) *Route { return &Route{id: id, vec: s.routeRequests} }

// Answered counts a request by the status of its answer, 100 to 599.
func (r *Route) Answered(status int) {
	if status < 100 || status >= maxStatus {
		return
	}
	child := r.codes[status].Load()
	if child == nil {
		made := r.vec.WithLabelValues(r.id, strconv.Itoa(status))
		child = &made
		r.codes[status].Store(child)
	}
	(*child).Inc()
}

// RouteDuration takes the seconds that each request to a route took.
func (s *Set) RouteDuration() prometheus.Observer { return s.routeDuration }

// ForgetRoute removes every child of a route that is no more.
func (s *Set) ForgetRoute(id string) {
	s.routeRequests.DeletePartialMatch(prometheus.Labels{"route": id})
}
