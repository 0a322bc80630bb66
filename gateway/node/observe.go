package node

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/gateway/shares"
	"hookgate/metrics"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// waitObserver counts what waiting tells, on the children that the snapshot
// holds. Of a tenant that is gone nothing is counted.
type waitObserver struct {
	directory *directory.Directory
	lag       prometheus.Observer
	rules     metrics.Cache
}

func newWaitObserver(d *directory.Directory, m *metrics.Set) *waitObserver {
	return &waitObserver{directory: d, lag: m.WaitTimerLag(), rules: m.Cache("rules")}
}

func (o *waitObserver) WaitOpened(tenant string) {
	if t := o.directory.Current().Tenant(tenant); t != nil {
		t.Metrics.WaitsOpen.Inc()
	}
}

func (o *waitObserver) WaitEnded(tenant, source string, state gateway.WaitState, after time.Duration) {
	if t := o.directory.Current().Tenant(tenant); t != nil {
		t.Metrics.WaitsOpen.Dec()
		o.ended(t, source, state, after)
	}
}

func (o *waitObserver) WaitTaken(tenant, source string) {
	if t := o.directory.Current().Tenant(tenant); t != nil {
		o.ended(t, source, gateway.StateResumed, 0)
	}
}

func (o *waitObserver) ended(t *directory.Tenant, source string, state gateway.WaitState, after time.Duration) {
	t.Metrics.WaitsEnded[string(state)].Inc()
	if s := t.Source(source); s != nil {
		s.Metrics.WaitDuration.Observe(after.Seconds())
	}
}

func (o *waitObserver) TimerLag(lag time.Duration) { o.lag.Observe(lag.Seconds()) }

func (o *waitObserver) ParkedChanged(tenant string, delta int) {
	if t := o.directory.Current().Tenant(tenant); t != nil {
		t.Metrics.CallbacksParked.Add(float64(delta))
	}
}

func (o *waitObserver) RulesCache(hit bool) {
	if hit {
		o.rules.Hit.Inc()
		return
	}
	o.rules.Miss.Inc()
}

var (
	endStates    = []string{string(gateway.DeliverySucceeded), string(gateway.DeliveryDead), string(gateway.DeliveryCancelled)}
	attemptCodes = func() (codes []string) {
		for _, o := range retry.Outcomes {
			codes = append(codes, string(o))
		}
		return codes
	}()
)

// newLaneObserver counts what each lane does, on children made once a lane.
func newLaneObserver(m *metrics.Set) func(gateway.LaneKey) outbound.Observer {
	attempts, lags := m.AttemptDuration(), m.DeliveryLag()
	return func(lane gateway.LaneKey) outbound.Observer {
		counts := m.Endpoint(lane.Tenant, lane.Endpoint, endStates, attemptCodes)
		return outbound.Observer{
			Attempt: func(o retry.Outcome, took time.Duration) {
				counts.Attempts[string(o)].Inc()
				attempts.Observe(took.Seconds())
			},
			Ended: func(s gateway.DeliveryState, lag time.Duration) {
				counts.Deliveries[string(s)].Inc()
				if s == gateway.DeliverySucceeded {
					lags.Observe(lag.Seconds())
				}
			},
			Breaker: func(s breaker.State) { counts.Breaker.Set(float64(s)) },
		}
	}
}

// scrape answers /metrics. How the lanes stand is looked up for it: nothing is
// counted along for gauges that nobody may ever read.
func (n *Node) scrape() fasthttp.RequestHandler {
	serve := fasthttpadaptor.NewFastHTTPHandler(n.metrics.Handler())
	return func(ctx *fasthttp.RequestCtx) {
		n.lanes.Stats(func(s outbound.Stat) {
			if n.directory.Current().Tenant(s.Lane.Tenant) == nil {
				return
			}
			counts := n.metrics.Endpoint(s.Lane.Tenant, s.Lane.Endpoint, endStates, attemptCodes)
			counts.QueueDepth.Set(float64(s.Depth))
			counts.QueueOldest.Since(s.Oldest)
		})
		serve(ctx)
	}
}

// budget makes a budget that the metrics show by the name that it has in the file.
func (n *Node) budget(name string, most int64) *shares.Budget {
	b := shares.New(most)
	n.showBudget(name, b)
	return b
}

// holder says who has what is used for a tenant.
func (n *Node) holder(tenant string) shares.Holder {
	s := n.directory.Current()
	if t := s.Tenant(tenant); t != nil {
		return s.Holder(t)
	}
	return shares.Tenant(tenant)
}

// showBudget lets the metrics show how a budget stands.
func (n *Node) showBudget(name string, b *shares.Budget) {
	n.metrics.Budget(name, func() metrics.Budget {
		s := b.Stat()
		return metrics.Budget{Limit: s.Most, Used: s.Used, Largest: s.Largest, Refused: s.Refused}
	})
}
