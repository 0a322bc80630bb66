package pebblestore

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkAcceptBeside publishes one event each 2 ms, as a neighbour does, while
// somebody else fans a hundred thousand deliveries out again and again, and in calm.
func BenchmarkAcceptBeside(b *testing.B) {
	for _, name := range []string{"calm", "fan-out"} {
		b.Run(name, func(b *testing.B) {
			s := benchStore(b)
			var beside sync.WaitGroup
			over := make(chan struct{})
			fanouts := 0
			if name != "calm" {
				beside.Go(func() {
					for {
						select {
						case <-over:
							return
						default:
						}
						p, many := fannedOut(time.Now(), 100, 1000)
						if err := s.FanOut(p, many, func() {}, goOn); err != nil {
							b.Error(err)
							return
						}
						fanouts++
					}
				})
			}
			p, took := published(time.Now(), 1), make([]time.Duration, 0, b.N)
			pace := time.NewTicker(2 * time.Millisecond)
			for b.Loop() {
				<-pace.C
				began := time.Now()
				renew(p, began)
				if err := s.Accept(p); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			b.ReportMetric(float64(fanouts)/b.Elapsed().Seconds(), "fanouts/s")
			close(over)
			beside.Wait()
			slices.Sort(took)
			at := func(part float64) float64 { return float64(took[int(part*float64(len(took)-1))].Microseconds()) / 1000 }
			b.ReportMetric(at(0.5), "p50-ms")
			b.ReportMetric(at(0.99), "p99-ms")
			b.ReportMetric(at(1), "max-ms")
		})
	}
}
