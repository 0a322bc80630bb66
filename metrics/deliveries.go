package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Endpoint is what is counted for one endpoint, or for another lane of a tenant.
type Endpoint struct {
	thing
	ends, codes *words
	did         atomic.Pointer[endpointCounts]
}

type endpointCounts struct {
	ended, attempts tally
	depth           atomic.Int64
	since           atomic.Int64 // Unix nanoseconds of the oldest; 0: there is none
	breaker         atomic.Int64
}

// Endpoint gives what is counted of one endpoint, for the states in which deliveries
// end and the codes of attempts.
func (s *Set) Endpoint(tenant, endpoint string, states, codes []string) *Endpoint {
	ends, of := s.lists.of(states), s.lists.of(codes)
	return partOf(s.shelf, tenant, endpoint, len(states)+len(codes)+3, endpointsOf, func() *Endpoint { return &Endpoint{ends: ends, codes: of} })
}

func endpointsOf(o *owner) *[]*Endpoint { return &o.endpoints }

// Ended counts a delivery that ended, by the state it ended in.
func (e *Endpoint) Ended(state string) { e.live().ended.add(e.ends, state, 1) }

// Attempted counts an attempt, by how it went.
func (e *Endpoint) Attempted(code string) { e.live().attempts.add(e.codes, code, 1) }

// Breaker takes the state of the circuit breaker: 0 closed, 1 half-open, 2 open.
func (e *Endpoint) Breaker(state int) {
	if state != 0 || e.did.Load() != nil {
		e.live().breaker.Store(int64(state))
	}
}

// Queue takes how many deliveries have not ended, and since when the oldest of them
// waits: its age is computed at each scrape. That there are none is no sign of life.
func (e *Endpoint) Queue(depth int, oldest time.Time) {
	if depth == 0 && e.did.Load() == nil {
		return
	}
	c := e.live()
	c.depth.Store(int64(depth))
	if oldest.IsZero() {
		c.since.Store(0)
		return
	}
	c.since.Store(oldest.UnixNano())
}

func (e *Endpoint) live() *endpointCounts {
	if c := e.did.Load(); c != nil {
		return c
	}
	return first(&e.thing, &e.did, &endpointCounts{ended: make(tally, len(e.ends.list)), attempts: make(tally, len(e.codes.list))})
}

// none is what an endpoint stands at that has done nothing.
var none endpointCounts

func (e *Endpoint) counts() *endpointCounts {
	if c := e.did.Load(); c != nil {
		return c
	}
	return &none
}

// oldest is the age of the oldest delivery in seconds.
func (c *endpointCounts) oldest(now time.Time) float64 {
	since := c.since.Load()
	if since == 0 {
		return 0
	}
	return max(0, now.Sub(time.Unix(0, since)).Seconds())
}

// ForgetEndpoint removes every series of an endpoint that is no more.
func (s *Set) ForgetEndpoint(tenant, endpoint string) {
	forgetPart(s.shelf, tenant, endpoint, endpointsOf)
}

var deliveriesTotal = &family{
	name: "hookgate_deliveries_total", help: "Deliveries that ended, by the state they ended in.", labels: []string{"endpoint", "state", "tenant"},
	rows: func(v *view, o *owner) {
		for _, e := range o.endpoints {
			of := e.counts().ended
			for i, state := range e.ends.list {
				v.row(&e.thing, of.at(i), e.id, state, o.name)
			}
		}
	},
}

var attemptsTotal = &family{
	name: "hookgate_delivery_attempts_total", help: "Attempts made, by how they went.", labels: []string{"code", "endpoint", "tenant"},
	rows: func(v *view, o *owner) {
		for _, e := range o.endpoints {
			of := e.counts().attempts
			for i, code := range e.codes.list {
				v.row(&e.thing, of.at(i), code, e.id, o.name)
			}
		}
	},
}

// laneGauge shows a number of each endpoint.
func laneGauge(name, help string, of func(*endpointCounts, *view) float64) *family {
	return &family{name: name, help: help, labels: []string{"endpoint", "tenant"}, gauge: true, rows: func(v *view, o *owner) {
		for _, e := range o.endpoints {
			v.row(&e.thing, of(e.counts(), v), e.id, o.name, "")
		}
	}}
}

var (
	queueDepth = laneGauge("hookgate_queue_depth", "Deliveries that have not ended.",
		func(c *endpointCounts, _ *view) float64 { return float64(c.depth.Load()) })
	queueOldest = laneGauge("hookgate_queue_oldest_seconds", "Age of the oldest delivery that has not ended; 0 with none.",
		func(c *endpointCounts, v *view) float64 { return c.oldest(v.now) })
	breakerState = laneGauge("hookgate_breaker_state", "The endpoint's circuit breaker: 0 closed, 1 half-open, 2 open.",
		func(c *endpointCounts, _ *view) float64 { return float64(c.breaker.Load()) })
)

func (l *library) attemptDuration() prometheus.Histogram {
	return l.histogram("hookgate_delivery_attempt_duration_seconds", "How long one attempt took.",
		.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60)
}

func (l *library) deliveryLag() prometheus.Histogram {
	return l.histogram("hookgate_delivery_lag_seconds", "From an event's acceptance to its delivery.",
		.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30, 300, 3600)
}

// AttemptDuration takes the seconds of each attempt.
func (s *Set) AttemptDuration() prometheus.Observer { return s.attemptDuration }

// DeliveryLag takes the seconds from acceptance to delivery.
func (s *Set) DeliveryLag() prometheus.Observer { return s.deliveryLag }
