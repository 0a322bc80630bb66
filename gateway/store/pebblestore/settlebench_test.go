package pebblestore

import (
	"testing"
	"time"

	"hookgate/gateway"
)

// toldAttempt is what an attempt has in the record of its delivery: what was sent and said.
func toldAttempt(d *gateway.Delivery) *gateway.Attempt {
	a := *firstAttempt
	a.Address = "203.0.113.7:443"
	a.RequestHeaders = [][2]string{
		{"Content-Type", "application/json"}, {"User-Agent", "hookgate/1.0"}, {"Hookgate-Attempt", "1"}, {"webhook-id", d.ID},
		{"webhook-timestamp", "1795962756"}, {"webhook-signature", "***"},
	}
	a.ResponseHeaders = [][2]string{
		{"Content-Type", "text/plain; charset=utf-8"}, {"Date", "Sun, 29 Nov 2026 14:32:36 GMT"}, {"Content-Length", "2"}, {"Server", "nginx"},
	}
	return &a
}

// BenchmarkSettleTold settles with a bare attempt, and with one that tells what was sent
// and said.
func BenchmarkSettleTold(b *testing.B) {
	for _, how := range []string{"bare", "told"} {
		b.Run(how, func(b *testing.B) {
			s := benchStore(b)
			p := published(time.Now(), 100)
			at, written := 0, s.db.Metrics().WAL.BytesIn
			for at < b.N {
				b.StopTimer()
				renew(p, time.Now())
				for i := range p.Deliveries {
					p.Deliveries[i].State, p.Deliveries[i].Attempts = gateway.DeliveryPending, 0
				}
				must(b, s.Accept(p))
				before := s.db.Metrics().WAL.BytesIn
				b.StartTimer()
				for i := range p.Deliveries {
					d, a := &p.Deliveries[i], firstAttempt
					if how == "told" {
						a = toldAttempt(d)
					}
					d.State, d.Attempts, d.EndedAt = gateway.DeliverySucceeded, 1, d.CreatedAt
					must(b, s.Settle(d, a))
				}
				at += len(p.Deliveries)
				written += s.db.Metrics().WAL.BytesIn - before
			}
			b.ReportMetric(float64(written)/float64(at), "log-B/op")
		})
	}
}
