package node

import (
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
	"hookgate/metrics"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// A lane may outlive what it is for, or come late: an attempt that was under way when
// its endpoint was deleted, a publish that had seen it. What such a lane does is not
// counted, for its series would stay for ever.

// lane gives what is counted of a lane; nil where it is for nothing that there is.
func (c counts) lane(lane gateway.LaneKey) *metrics.Endpoint {
	s := c.directory.Current()
	t := s.Tenant(lane.Tenant)
	switch {
	case t == nil:
		return nil
	case lane.Endpoint == gateway.PlatformEndpoint && t.Platform != nil:
		return t.Outcomes
	}
	if id, is := gateway.RouteOfLane(lane.Endpoint); is {
		if r := s.Route(id); r != nil && r.Relay && r.Tenant == t {
			return r.Lane
		}
		return nil
	}
	if e := t.Endpoint(lane.Endpoint); e != nil {
		return e.Metrics
	}
	return nil
}

// observeLane counts what a lane does.
func (c counts) observeLane(lane gateway.LaneKey) outbound.Observer {
	attempts, lags := metrics.Traced(c.metrics.AttemptDuration()), c.metrics.DeliveryLag()
	return outbound.Observer{
		Attempt: func(o retry.Outcome, took time.Duration, trace string) {
			if own := c.lane(lane); own != nil {
				own.Attempted(string(o))
			}
			attempts(took.Seconds(), trace)
		},
		Ended: func(s gateway.DeliveryState, lag time.Duration) {
			if own := c.lane(lane); own != nil {
				own.Ended(string(s))
			}
			if s == gateway.DeliverySucceeded {
				lags.Observe(lag.Seconds())
			}
		},
		Breaker: func(s breaker.State) {
			if own := c.lane(lane); own != nil {
				own.Breaker(int(s))
			}
		},
		Settled: func(d *gateway.Delivery, made *gateway.Attempt) {
			if c.lane(lane) == nil {
				return
			}
			if made != nil {
				c.happened(gateway.AttemptHappened(d, made))
			}
			if d.State.Ended() {
				c.happened(gateway.DeliveryHappened(d))
			}
		},
		Turned:   func(s breaker.State, until time.Time) { c.happened(laneTurned(lane, s, until)) },
		Switched: func(reason string) { c.changes.Told(endpointSwitched(lane, reason)) },
	}
}

// laneTurned tells of the breaker of a lane.
func laneTurned(lane gateway.LaneKey, s breaker.State, until time.Time) gateway.Happening {
	h := gateway.Happening{Kind: gateway.HappenedBreaker, Tenant: lane.Tenant, At: time.Now(), Of: "endpoint", Target: lane.Endpoint, Outcome: s.String()}
	if route, is := gateway.RouteOfLane(lane.Endpoint); is {
		h.Of, h.Target = "route", route
	}
	if s == breaker.Open {
		h.Until = until
	}
	return h
}

// scrape answers /metrics. How the lanes stand is looked up for it: nothing is
// counted along for gauges that nobody may ever read.
func (c counts) scrape() fasthttp.RequestHandler {
	c.metrics.Queues(func() {
		c.lanes.Stats(func(s outbound.Stat) {
			if own := c.lane(s.Lane); own != nil {
				own.Queue(s.Depth, s.Oldest)
			}
		})
	})
	return fasthttpadaptor.NewFastHTTPHandler(c.metrics.Handler())
}
