package metrics

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Age is the age of something, computed when it is asked for: a gauge that was
// set once would stand still while what it tells of grows older.
type Age struct{ since atomic.Int64 } // Unix nanoseconds; 0: of nothing

// Since sets the moment from which the age counts; the zero Time is none.
func (a *Age) Since(t time.Time) {
	if t.IsZero() {
		a.since.Store(0)
		return
	}
	a.since.Store(t.UnixNano())
}

func (a *Age) seconds(now time.Time) float64 {
	since := a.since.Load()
	if since == 0 {
		return 0
	}
	return max(0, now.Sub(time.Unix(0, since)).Seconds())
}

type laneLabels struct{ tenant, endpoint string }

// ages collects the age of each lane's oldest delivery.
type ages struct {
	desc  *prometheus.Desc
	mu    sync.Mutex
	lanes map[laneLabels]*Age
}

func newAges(name, help string) *ages {
	return &ages{
		desc:  prometheus.NewDesc(name, help, []string{"tenant", "endpoint"}, nil),
		lanes: map[laneLabels]*Age{},
	}
}

func (a *ages) of(k laneLabels) *Age {
	a.mu.Lock()
	defer a.mu.Unlock()
	age := a.lanes[k]
	if age == nil {
		age = new(Age)
		a.lanes[k] = age
	}
	return age
}

func (a *ages) forget(gone func(laneLabels) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k := range a.lanes {
		if gone(k) {
			delete(a.lanes, k)
		}
	}
}

// Describe and Collect make ages a prometheus.Collector.
func (a *ages) Describe(out chan<- *prometheus.Desc) { out <- a.desc }

// Collect computes each age as of now.
func (a *ages) Collect(out chan<- prometheus.Metric) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, age := range a.lanes {
		out <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, age.seconds(now), k.tenant, k.endpoint)
	}
}
