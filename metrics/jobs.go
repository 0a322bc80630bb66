package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// bulk is what is counted of bulk jobs.
type bulk struct {
	running    atomic.Int64
	ended      *prometheus.CounterVec
	deliveries *prometheus.CounterVec
}

func newBulk(l *library) *bulk {
	b := &bulk{
		ended:      l.counterVec("hookgate_jobs_ended_total", "Bulk jobs that ended.", "state"),
		deliveries: l.counterVec("hookgate_job_deliveries_total", "Deliveries that bulk jobs came to: done were made due again, failed are no more.", "result"),
	}
	l.gauge("hookgate_jobs_running", "Bulk jobs that run.", nil, func() float64 { return float64(b.running.Load()) })
	return b
}

// Jobs is what is counted of bulk jobs.
type Jobs struct {
	running                        *atomic.Int64
	Done, Cancelled                prometheus.Counter // jobs
	DeliveriesDone, DeliveriesGone prometheus.Counter
}

// Runs counts jobs that run, and those that do not any more.
func (j *Jobs) Runs(delta int) { j.running.Add(int64(delta)) }

// Jobs gives the children for bulk jobs.
func (o *operations) Jobs() *Jobs {
	b := o.jobs
	return &Jobs{
		running: &b.running, Done: b.ended.WithLabelValues("done"), Cancelled: b.ended.WithLabelValues("cancelled"),
		DeliveriesDone: b.deliveries.WithLabelValues("done"), DeliveriesGone: b.deliveries.WithLabelValues("failed"),
	}
}
