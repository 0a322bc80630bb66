package metrics

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// gathered gives families as the library gives its own: for who asks for protobuf, for
// tests and tools.
type gathered struct {
	family *family
	desc   *prometheus.Desc
	made   *dto.MetricFamily
}

func (g *gathered) begin(f *family) error {
	kind := dto.MetricType_COUNTER
	switch {
	case f.bounds != nil:
		kind = dto.MetricType_HISTOGRAM
	case f.gauge:
		kind = dto.MetricType_GAUGE
	}
	g.family, g.desc = f, prometheus.NewDesc(f.name, f.help, f.labels, nil)
	g.made = &dto.MetricFamily{Name: &f.name, Help: &f.help, Type: &kind}
	return nil
}

func (g *gathered) row(n float64, labels [3]string, born int64) error {
	if g.family.gauge {
		return g.add(prometheus.NewConstMetric(g.desc, prometheus.GaugeValue, n, g.own(labels)...))
	}
	return g.add(prometheus.NewConstMetricWithCreatedTimestamp(g.desc, prometheus.CounterValue, n, time.Unix(0, born), g.own(labels)...))
}

func (g *gathered) spans(below [maxBounds + 1]uint64, sum float64, labels [3]string, born int64) error {
	buckets := make(map[float64]uint64, len(g.family.bounds))
	for i, bound := range g.family.bounds {
		buckets[bound] = below[i]
	}
	return g.add(prometheus.NewConstHistogramWithCreatedTimestamp(g.desc, below[maxBounds], sum, buckets, time.Unix(0, born), g.own(labels)...))
}

func (g *gathered) own(labels [3]string) []string { return labels[:len(g.family.labels)] }

func (g *gathered) add(m prometheus.Metric, err error) error {
	if err != nil {
		return err
	}
	one := new(dto.Metric)
	if err := m.Write(one); err != nil {
		return err
	}
	g.made.Metric = append(g.made.Metric, one)
	return nil
}

func (g *gathered) end() error { return nil }

// gather gives a family as a view shows it; nil where it shows nothing of it.
func (v *view) gather(f *family) (*dto.MetricFamily, error) {
	g := new(gathered)
	v.out = g
	if err := v.write(f); err != nil || len(g.made.Metric) == 0 {
		return nil, err
	}
	return g.made, nil
}

// Gatherer gives the metrics to tests and tools.
func (s *Set) Gatherer() prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		all, err := s.library.gather(nil)
		if err != nil {
			return nil, err
		}
		v := s.shelf.view(time.Now())
		for _, f := range families {
			made, err := v.gather(f)
			if err != nil {
				return nil, err
			}
			if made != nil {
				all = append(all, made)
			}
		}
		slices.SortFunc(all, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
		return all, nil
	})
}
