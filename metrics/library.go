package metrics

import (
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// library is what the Prometheus library keeps: what the process has once, whatever there
// is of tenants. Each metric, or some that are asked for together, has a registry of its
// own, so that who asks for one gathers no other.
type library struct {
	mu      sync.Mutex
	shelves []*books
}

type books struct {
	names    []string // of its metrics, or what they begin with and a star
	registry *prometheus.Registry
}

// of gives the registry of metrics, made when it is new.
func (l *library) of(names ...string) *prometheus.Registry {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.shelves {
		if slices.Equal(b.names, names) {
			return b.registry
		}
	}
	b := &books{names, prometheus.NewRegistry()}
	l.shelves = append(l.shelves, b)
	return b.registry
}

// wants says whether any of the names that are asked for may be here.
func (b *books) wants(asked wanted) bool {
	if asked == nil {
		return true
	}
	for name := range asked {
		for _, own := range b.names {
			if prefix, many := strings.CutSuffix(own, "*"); name == own || many && strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return false
}

// gather gives what is asked for, by name.
func (l *library) gather(asked wanted) (all []*dto.MetricFamily, err error) {
	l.mu.Lock()
	shelves := l.shelves
	l.mu.Unlock()
	for _, b := range shelves {
		if !b.wants(asked) {
			continue
		}
		some, err := b.registry.Gather()
		if err != nil {
			return nil, err
		}
		for _, f := range some {
			if asked.has(f.GetName()) {
				all = append(all, f)
			}
		}
	}
	return all, nil
}

func (l *library) histogram(name, help string, buckets ...float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	l.of(name).MustRegister(h)
	return h
}

func (l *library) counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	l.of(name).MustRegister(vec)
	return vec
}

// gauge shows what it is told when it is asked for.
func (l *library) gauge(name, help string, labels prometheus.Labels, value func() float64) {
	l.of(name).MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
}
