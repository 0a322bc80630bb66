package metrics

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// maxStatus bounds the values of the label code.
const maxStatus = 600

// Route is what is counted for one route.
type Route struct {
	thing
	listed []int // statuses that are shown from its first sign of life on
	did    atomic.Pointer[routeCounts]
}

// routeCounts has a place for each status; nil: it never came, and is not listed.
type routeCounts struct {
	codes  [maxStatus]atomic.Pointer[answers]
	mu     sync.Mutex
	others atomic.Pointer[[]*answers] // that are not listed; never changed in place
}

// answers is how many had one status. One that is not listed is born by itself.
type answers struct {
	thing
	n atomic.Uint64
}

// Route gives what is counted of one route. The statuses that are listed are all shown
// once it lives, any other from its first request on: nobody wants to see the six hundred
// that never come.
func (s *Set) Route(id string, statuses []int) *Route {
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	o := s.shelf.ownerOf(s.shelf.routes, id)
	if o.route == nil {
		o.route = &Route{listed: slices.Sorted(slices.Values(statuses))}
		s.shelf.made(&o.route.thing, o, id, len(statuses))
	}
	return o.route
}

// Answered counts a request by the status of its answer, 100 to 599.
func (r *Route) Answered(status int) {
	if status < 100 || status >= maxStatus {
		return
	}
	c := r.live()
	of := c.codes[status].Load()
	if of == nil {
		of = r.other(c, status)
	}
	of.n.Add(1)
}

func (r *Route) live() *routeCounts {
	if c := r.did.Load(); c != nil {
		return c
	}
	made := &routeCounts{}
	for _, status := range r.listed {
		made.codes[status].Store(new(answers))
	}
	return first(&r.thing, &r.did, made)
}

// other makes the place of a status that is not listed.
func (r *Route) other(c *routeCounts, status int) *answers {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of := c.codes[status].Load(); of != nil {
		return of
	}
	of := &answers{thing: thing{id: strconv.Itoa(status)}}
	s := r.owner.shelf
	s.mu.Lock()
	s.bear(&of.thing)
	s.mu.Unlock()
	all := []*answers{of}
	if others := c.others.Load(); others != nil {
		all = append(all, *others...)
	}
	c.others.Store(&all)
	c.codes[status].Store(of)
	return of
}

// ForgetRoute removes every series of a route that is no more.
func (s *Set) ForgetRoute(id string) { s.shelf.forget(s.shelf.routes, id) }

var routeRequests = &family{
	name:   "hookgate_route_requests_total",
	help:   "Requests to routes, by the status of their answer; 499 is for a client who left before it.",
	labels: []string{"code", "route"},
	rows: func(v *view, o *owner) {
		r := o.route
		if r == nil {
			return
		}
		c := r.did.Load()
		for _, status := range r.listed {
			n := 0.0
			if c != nil {
				n = float64(c.codes[status].Load().n.Load())
			}
			v.row(&r.thing, n, strconv.Itoa(status), o.name, "")
		}
		if c == nil || c.others.Load() == nil {
			return
		}
		for _, other := range *c.others.Load() {
			v.row(&other.thing, float64(other.n.Load()), other.id, o.name, "")
		}
	},
}

func (l *library) routeDuration() prometheus.Histogram {
	return l.histogram("hookgate_route_duration_seconds", "From a request's head to the end of its answer.",
		.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)
}

// RouteDuration takes the seconds that each request to a route took.
func (s *Set) RouteDuration() prometheus.Observer { return s.routeDuration }
