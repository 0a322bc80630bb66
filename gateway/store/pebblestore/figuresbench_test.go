package pebblestore_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"hookgate/gateway/stats"
	"hookgate/gateway/store"
	"hookgate/gateway/store/pebblestore"
)

// BenchmarkStats is of the minutes of a day, while a thousand tenants have as many: of one
// of them, and of all. heap-MB is what stays in memory, answers apart.
func BenchmarkStats(b *testing.B) {
	s, err := pebblestore.Open(pebblestore.Options{
		Dir: b.TempDir(), Logger: slog.New(slog.DiscardHandler),
		DiskUsage: func() (uint64, uint64, error) { return 1 << 40, 1 << 41, nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const tenants, minutes = 1000, 24 * 60
	last := time.Now().UTC().Truncate(time.Minute)
	data := []byte{0, 9, 1, 8, 4, 12, 5, 11, 16, 8, 17, 1, 48, 12, 80, 4, 81, 3, 103, 9, 104, 3} // what a tenant does that is not idle
	for m := range minutes {
		rows := []store.Figures{{Tenant: "*", At: last.Add(-time.Duration(m) * time.Minute), Data: data}}
		for i := range tenants {
			rows = append(rows, store.Figures{Tenant: fmt.Sprintf("t%04d", i), At: rows[0].At, Data: data})
		}
		if err := s.PutFigures(rows); err != nil {
			b.Fatal(err)
		}
	}
	figures := stats.New(stats.Options{Store: s, Above: func(string) ([]string, bool) { return nil, true }})
	for name, q := range map[string]stats.Query{"one": {Tenant: "t0500"}, "all": {}} {
		b.Run(name, func(b *testing.B) {
			q.Step, q.Until = stats.Minute, last.Add(time.Minute)
			q.Since = last.Add(-24 * time.Hour)
			b.ReportAllocs()
			for b.Loop() {
				points, err := figures.Points(q)
				if err != nil || len(points) != minutes {
					b.Fatalf("%d points, %v", len(points), err)
				}
				var text []byte
				for i := range points {
					text = points[i].AppendJSON(text)
				}
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MB")
		})
	}
}
