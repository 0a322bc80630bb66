package node

import (
	"sync/atomic"
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

var (
	endStates    = []string{string(gateway.DeliverySucceeded), string(gateway.DeliveryDead), string(gateway.DeliveryCancelled)}
	attemptCodes = func() (codes []string) {
		for _, o := range retry.Outcomes {
			codes = append(codes, string(o))
		}
		return codes
	}()
)

// laneCounts is what is counted for one lane. Those of endpoints are the snapshot's;
// for those of the platform and of relay routes the lane keeps its own.
type laneCounts struct {
	parts *parts
	lane  gateway.LaneKey
	own   atomic.Pointer[metrics.Endpoint]
}

// get gives the counts; nil where the lane is for nothing that there is.
func (c *laneCounts) get() *metrics.Endpoint {
	t := c.parts.directory.Current().Tenant(c.lane.Tenant)
	if t == nil {
		return nil
	}
	if e := t.Endpoint(c.lane.Endpoint); e != nil {
		return &e.Metrics
	}
	now := current{c.parts.directory}
	if !now.hasLane(c.lane) {
		return nil
	}
	if own := c.own.Load(); own != nil {
		return own
	}
	own := c.parts.metrics.Endpoint(c.lane.Tenant, c.lane.Endpoint, endStates, attemptCodes)
	if !now.hasLane(c.lane) { // it went in this moment, and its series with it
		c.parts.metrics.ForgetEndpoint(c.lane.Tenant, c.lane.Endpoint)
		return nil
	}
	c.own.Store(&own)
	return &own
}

// observeLane counts what a lane does.
func (c counts) observeLane(lane gateway.LaneKey) outbound.Observer {
	attempts, lags := c.metrics.AttemptDuration(), c.metrics.DeliveryLag()
	counts := &laneCounts{parts: c.parts, lane: lane}
	return outbound.Observer{
		Attempt: func(o retry.Outcome, took time.Duration) {
			if c := counts.get(); c != nil {
				c.Attempts[string(o)].Inc()
			}
			attempts.Observe(took.Seconds())
		},
		Ended: func(s gateway.DeliveryState, lag time.Duration) {
			if c := counts.get(); c != nil {
				c.Deliveries[string(s)].Inc()
			}
			if s == gateway.DeliverySucceeded {
				lags.Observe(lag.Seconds())
			}
		},
		Breaker: func(s breaker.State) {
			if c := counts.get(); c != nil {
				c.Breaker.Set(float64(s))
			}
		},
	}
}

// scrape answers /metrics. How the lanes stand is looked up for it: nothing is
// counted along for gauges that nobody may ever read.
func (c counts) scrape() fasthttp.RequestHandler {
	serve := fasthttpadaptor.NewFastHTTPHandler(c.metrics.Handler())
	return func(ctx *fasthttp.RequestCtx) {
		c.lanes.Stats(func(s outbound.Stat) {
			counts := (&laneCounts{parts: c.parts, lane: s.Lane}).get()
			if counts == nil {
				c.metrics.ForgetEndpoint(s.Lane.Tenant, s.Lane.Endpoint) // its route, or its platform, went since it was counted
				return
			}
			counts.QueueDepth.Set(float64(s.Depth))
			counts.QueueOldest.Since(s.Oldest)
		})
		serve(ctx)
	}
}
