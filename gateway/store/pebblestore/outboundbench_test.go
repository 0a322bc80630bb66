package pebblestore

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// published is what a publish of n events of about 800 bytes makes durable, each
// with one delivery and one trace.
func published(at time.Time, n int) *gateway.Publication {
	p := &gateway.Publication{}
	body := gateway.Raw(`{"event":{"type":"message"},"data":"` + strings.Repeat("x", 760) + `"}`)
	for range n {
		v := gateway.Event{
			ID: gateway.NewEventID(at), Lined: true, Tenant: "acme", Type: "message", Kind: "text",
			ConversationKey: "42bb83c1-6d3e-4d0e-9d1e-1f1f6f6f6f6f", AcceptedAt: at, Body: body,
		}
		p.Events = append(p.Events, v)
		p.Deliveries = append(p.Deliveries, gateway.Delivery{
			ID: gateway.DeliveryBeside(v.ID, 1), Tenant: "acme", Endpoint: "crm", EventIDs: []string{v.ID}, EventType: v.Type,
			ConversationKey: v.ConversationKey, State: gateway.DeliveryPending, NextAttemptAt: at, CreatedAt: at,
		})
	}
	return p
}

// renew gives what is published ids that were never stored.
func renew(p *gateway.Publication, at time.Time) {
	for i := range p.Events {
		p.Events[i].ID = gateway.NewEventID(at)
		p.Deliveries[i].ID, p.Deliveries[i].EventIDs[0] = gateway.DeliveryBeside(p.Events[i].ID, 1), p.Events[i].ID
	}
}

// BenchmarkAccept makes publications durable, on a real disk, from 64 goroutines.
// Two allocations for each event are those of its ids.
func BenchmarkAccept(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			s := benchStore(b)
			b.SetParallelism(64 / runtime.GOMAXPROCS(0))
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				p := published(time.Now(), n)
				for pb.Next() {
					renew(p, time.Now())
					if err := s.Accept(p); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkSettle publishes events and ends their deliveries with the first
// attempt, from 64 goroutines: all that the store does for an event that is
// delivered at once.
func BenchmarkSettle(b *testing.B) {
	s := benchStore(b)
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		p := published(time.Now(), 1)
		for pb.Next() {
			at := time.Now()
			renew(p, at)
			if err := settleFirst(s, p, at); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

var firstAttempt = &gateway.Attempt{Number: 1, At: time.Now(), Duration: time.Millisecond, Status: 200, ResponseBody: []byte("ok")}

// settleFirst accepts a publication of one event and settles its delivery.
func settleFirst(s *Store, p *gateway.Publication, at time.Time) error {
	d := &p.Deliveries[0]
	d.State, d.Attempts, d.NextAttemptAt, d.CreatedAt, d.EndedAt = gateway.DeliveryPending, 0, at, at, time.Time{}
	if err := s.Accept(p); err != nil {
		return err
	}
	d.State, d.Attempts, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, 1, time.Time{}, at
	return s.Settle(d, firstAttempt)
}
