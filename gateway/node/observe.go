package node

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/jobs"
	"hookgate/gateway/mapping"
	"hookgate/gateway/shares"
	"hookgate/gateway/stats"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

// waitObserver counts what waiting tells, on the children that the snapshot
// holds. Of a tenant that is gone nothing is counted.
type waitObserver struct {
	directory *directory.Directory
	lag       prometheus.Observer
	rules     metrics.Cache
	stats     *stats.Stats
}

func newWaitObserver(d *directory.Directory, m *metrics.Set, s *stats.Stats) *waitObserver {
	return &waitObserver{directory: d, lag: m.WaitTimerLag(), rules: m.Cache("rules"), stats: s}
}

// told is what it is told.
func (o *waitObserver) told(noticed func(gateway.LaneKey, gateway.Due), happened func(gateway.Happening)) waiting.Observer {
	return waiting.Observer{
		Happened: happened,
		Open:     o.open, Ended: o.ended, Taken: o.taken, TimerLag: o.timerLag, Parked: o.parked, RulesCache: o.rulesCache, Noticed: noticed,
	}
}

func (o *waitObserver) open(tenant string, delta int) {
	o.stats.Waiting(tenant, delta)
	if t := o.directory.Current().Tenant(tenant); t != nil {
		t.Metrics.WaitsOpen(delta)
	}
}

func (o *waitObserver) ended(tenant, source string, state gateway.WaitState, after time.Duration) {
	t := o.directory.Current().Tenant(tenant)
	if t == nil {
		return
	}
	t.Metrics.WaitEnded(string(state))
	if s := t.Source(source); s != nil {
		s.Metrics.WaitEnded(after.Seconds())
	}
}

func (o *waitObserver) taken(tenant, source string) { o.ended(tenant, source, gateway.StateResumed, 0) }

func (o *waitObserver) timerLag(lag time.Duration) { o.lag.Observe(lag.Seconds()) }

func (o *waitObserver) parked(tenant string, delta int) {
	o.stats.Parked(tenant, delta)
	if t := o.directory.Current().Tenant(tenant); t != nil {
		t.Metrics.CallbacksParked(delta)
	}
}

func (o *waitObserver) rulesCache(hit bool) {
	if hit {
		o.rules.Hit.Inc()
		return
	}
	o.rules.Miss.Inc()
}

// counts is what the parts have counted.
type counts struct{ *parts }

// callEnded gives what counts how long calls took.
func (c counts) callEnded() func(took time.Duration, trace string) {
	took := metrics.Traced(c.metrics.CallDuration())
	return func(d time.Duration, trace string) { took(d.Seconds(), trace) }
}

// jobs gives what counts bulk jobs.
func (c counts) jobs() jobs.Observer {
	m := c.metrics.Jobs()
	return jobs.Observer{
		Running: m.Runs,
		Ended: func(s gateway.JobState) {
			if s == gateway.JobCancelled {
				m.Cancelled.Inc()
			} else {
				m.Done.Inc()
			}
		},
		Stepped: func(done, failed int) {
			m.DeliveriesDone.Add(float64(done))
			m.DeliveriesGone.Add(float64(failed))
		},
	}
}

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
func (c counts) mappingPeaks(b configs.Bounds) mapping.Peaks {
	return mapping.Peaks{
		Pattern:   c.metrics.Peak("pattern", float64(b.Pattern)).Saw,
		Variables: c.metrics.Peak("variables_max", float64(b.VariablesMax)).Saw,
		Work:      c.metrics.Peak("mapping", float64(b.Mapping)).Saw, // nanoseconds
	}
}
