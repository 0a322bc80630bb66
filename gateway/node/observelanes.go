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
	node *Node
	lane gateway.LaneKey
	own  atomic.Pointer[metrics.Endpoint]
}

// get gives the counts; nil where the lane is for nothing that there is.
func (c *laneCounts) get() *metrics.Endpoint {
	t := c.node.directory.Current().Tenant(c.lane.Tenant)
	if t == nil {
		return nil
	}
	if e := t.Endpoint(c.lane.Endpoint); e != nil {
		return &e.Metrics
	}
	if !c.node.hasLane(c.lane) {
		return nil
	}
	if own := c.own.Load(); own != nil {
		return own
	}
	own := c.node.metrics.Endpoint(c.lane.Tenant, c.lane.Endpoint, endStates, attemptCodes)
	if !c.node.hasLane(c.lane) { // it went in this moment, and its series with it
		c.node.metrics.ForgetEndpoint(c.lane.Tenant, c.lane.Endpoint)
		return nil
	}
	c.own.Store(&own)
	return &own
}

// hasLane says whether there is what a lane is for.
func (n *Node) hasLane(lane gateway.LaneKey) bool {
	s := n.directory.Current()
	t := s.Tenant(lane.Tenant)
	switch {
	case t == nil:
		return false
	case lane.Endpoint == gateway.PlatformEndpoint:
		return t.Platform != nil
	}
	if id, is := gateway.RouteOfLane(lane.Endpoint); is {
		r := s.Route(id)
		return r != nil && r.Tenant != nil && r.Tenant.ID == lane.Tenant
	}
	return t.Endpoint(lane.Endpoint) != nil
}

// observeLane counts what a lane does.
func (n *Node) observeLane(lane gateway.LaneKey) outbound.Observer {
	attempts, lags := n.metrics.AttemptDuration(), n.metrics.DeliveryLag()
	counts := &laneCounts{node: n, lane: lane}
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
func (n *Node) scrape() fasthttp.RequestHandler {
	serve := fasthttpadaptor.NewFastHTTPHandler(n.metrics.Handler())
	return func(ctx *fasthttp.RequestCtx) {
		n.lanes.Stats(func(s outbound.Stat) {
			counts := (&laneCounts{node: n, lane: s.Lane}).get()
			if counts == nil {
				n.metrics.ForgetEndpoint(s.Lane.Tenant, s.Lane.Endpoint) // its route, or its platform, went since it was counted
				return
			}
			counts.QueueDepth.Set(float64(s.Depth))
			counts.QueueOldest.Since(s.Oldest)
		})
		serve(ctx)
	}
}
