package node

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
	"hookgate/gateway/shares"
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

// counts is what the parts have counted.
type counts struct{ *parts }

// budget makes a budget that the metrics show by the name that it has in the file.
func (c counts) budget(name string, most int64) *shares.Budget {
	b := shares.New(most)
	c.showBudget(name, b)
	return b
}

// showBudget lets the metrics show how a budget stands.
func (c counts) showBudget(name string, b *shares.Budget) {
	c.metrics.Budget(name, func() metrics.Budget {
		s := b.Stat()
		return metrics.Budget{Limit: s.Most, Used: s.Used, Largest: s.Largest, Refused: s.Refused}
	})
}

// mappingPeaks shows how near to its bounds the mapping of one document comes.
func (c counts) mappingPeaks() *mapping.Peaks {
	b := c.config.Bounds
	return &mapping.Peaks{
		Pattern:   c.metrics.Peak("pattern", float64(b.Pattern)).Saw,
		Variables: c.metrics.Peak("variables_max", float64(b.VariablesMax)).Saw,
		Work:      c.metrics.Peak("mapping", float64(b.Mapping)).Saw, // nanoseconds
	}
}
