package node

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
	"hookgate/gateway/shares"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
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

// told is what it is told.
func (o *waitObserver) told(noticed func(gateway.LaneKey, gateway.Due)) waiting.Observer {
	return waiting.Observer{
		Open: o.open, Ended: o.ended, Taken: o.taken, TimerLag: o.timerLag, Parked: o.parked, RulesCache: o.rulesCache, Noticed: noticed,
	}
}

func (o *waitObserver) open(tenant string, delta int) {
	if t := o.directory.Current().Tenant(tenant); t != nil {
		t.Metrics.WaitsOpen.Add(float64(delta))
	}
}

func (o *waitObserver) ended(tenant, source string, state gateway.WaitState, after time.Duration) {
	t := o.directory.Current().Tenant(tenant)
	if t == nil {
		return
	}
	t.Metrics.WaitsEnded[string(state)].Inc()
	if s := t.Source(source); s != nil {
		s.Metrics.WaitDuration.Observe(after.Seconds())
	}
}

func (o *waitObserver) taken(tenant, source string) { o.ended(tenant, source, gateway.StateResumed, 0) }

func (o *waitObserver) timerLag(lag time.Duration) { o.lag.Observe(lag.Seconds()) }

func (o *waitObserver) parked(tenant string, delta int) {
	if t := o.directory.Current().Tenant(tenant); t != nil {
		t.Metrics.CallbacksParked.Add(float64(delta))
	}
}

func (o *waitObserver) rulesCache(hit bool) {
	if hit {
		o.rules.Hit.Inc()
		return
	}
	o.rules.Miss.Inc()
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

// mappingPeaks shows how near to its bounds the mapping of one document comes.
func (n *Node) mappingPeaks() *mapping.Peaks {
	b := n.config.Bounds
	return &mapping.Peaks{
		Pattern:   n.metrics.Peak("pattern", float64(b.Pattern)).Saw,
		Variables: n.metrics.Peak("variables_max", float64(b.VariablesMax)).Saw,
		Work:      n.metrics.Peak("mapping", float64(b.Mapping)).Saw, // nanoseconds
	}
}
