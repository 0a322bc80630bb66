package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Budget is how an amount stands that many share: see package gateway/shares.
type Budget struct {
	Limit, Used, Largest int64
	Refused              uint64
}

// budgets collects how each budget stands, when it is asked for.
type budgets struct {
	limit, used, largest, refused *prometheus.Desc

	mu sync.Mutex
	of map[string]func() Budget
}

func newBudgets(l *library) *budgets {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("hookgate_budget_"+name, help, []string{"budget"}, nil)
	}
	b := &budgets{
		limit:   desc("limit", "What there is of a budget, in bytes or in number."),
		used:    desc("used", "What is taken of a budget now."),
		largest: desc("largest_share", "What the one tenant or block of clients has that has most of a budget now."),
		refused: desc("refused_total", "How often something was refused because a budget, or the share of who asked, was used up."),
		of:      map[string]func() Budget{},
	}
	l.of("hookgate_budget_*").MustRegister(b)
	return b
}

// Budget names who knows how a budget stands; it is asked at each scrape.
func (s *Set) Budget(name string, stand func() Budget) {
	s.budgets.mu.Lock()
	defer s.budgets.mu.Unlock()
	s.budgets.of[name] = stand
}

// Describe and Collect make budgets a prometheus.Collector.
func (b *budgets) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{b.limit, b.used, b.largest, b.refused} {
		out <- desc
	}
}

// Collect asks each budget how it stands.
func (b *budgets) Collect(out chan<- prometheus.Metric) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, stand := range b.of {
		s := stand()
		for _, m := range []struct {
			desc  *prometheus.Desc
			kind  prometheus.ValueType
			value float64
		}{
			{b.limit, prometheus.GaugeValue, float64(s.Limit)},
			{b.used, prometheus.GaugeValue, float64(s.Used)},
			{b.largest, prometheus.GaugeValue, float64(s.Largest)},
			{b.refused, prometheus.CounterValue, float64(s.Refused)},
		} {
			out <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value, name)
		}
	}
}
