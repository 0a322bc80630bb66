package directory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// What is found by type is what is found by asking each.
func TestListenersAreThoseThatWant(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var all []*Endpoint
		for i := range 200 {
			e := &Endpoint{ID: fmt.Sprintf("e%03d", i)}
			for range r.IntN(4) {
				w := wanted{eventType: fmt.Sprintf("t%d", r.IntN(6))}
				if w.eventType == "t0" {
					w = wanted{messageType, fmt.Sprintf("k%d", r.IntN(3))}
				}
				e.wants = append(e.wants, w)
			}
			all = append(all, e)
		}
		tenant := &Tenant{listening: all}
		tenant.joinListeners()
		for _, event := range [][2]string{{"t1", ""}, {"t5", ""}, {messageType, "k0"}, {messageType, ""}, {"other", ""}} {
			var want []*Endpoint
			for _, e := range all {
				if e.Wants(event[0], event[1]) {
					want = append(want, e)
				}
			}
			wanting := tenant.Wanting(event[0], event[1])
			var got []*Endpoint
			for e := wanting.Next(); e != nil; e = wanting.Next() {
				got = append(got, e)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, %v: %d endpoints, want %d", seed, event, len(got), len(want))
			}
			if e := wanting.Next(); e != nil {
				t.Errorf("%s comes behind the last one", e.ID)
			}
		}
	}
}

// Ten endpoints want an event, of however many there are.
func BenchmarkWanting(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			tenant := &Tenant{}
			for i := range n {
				w := wanted{eventType: "other"}
				if i%(n/10) == 0 {
					w.eventType = "order.paid"
				}
				tenant.listening = append(tenant.listening, &Endpoint{wants: []wanted{w}})
			}
			tenant.joinListeners()
			b.ReportAllocs()
			for b.Loop() {
				found := 0
				wanting := tenant.Wanting("order.paid", "")
				for e := wanting.Next(); e != nil; e = wanting.Next() {
					found++
				}
				if found != 10 {
					b.Fatal(found)
				}
			}
		})
	}
}
