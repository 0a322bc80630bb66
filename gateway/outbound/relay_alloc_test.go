//go:build !race

// The race detector makes sync.Pool forget at random, so it counts other allocations.

package outbound_test

import (
	"fmt"
	"runtime"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
)

// mostRelayAllocations is the budget of one relay from the request to the durable
// commit, with a provider's id and twenty header fields. Two of them are of what stays at
// hand for its lane, which spares that one more.
const mostRelayAllocations = 12

func TestRelayStaysInItsAllocationBudget(t *testing.T) {
	r := relaysTo(real(t, always(204)), "http://127.0.0.1:1")
	r.to(func(target *outbound.Target) { target.Off = true }) // nothing is sent meanwhile
	const warm, tries, runs = 100, 3, 300
	requests := r.channel(warm + tries*runs)
	relay := func() {
		r.relay(requests[0])
		requests = requests[1:]
	}
	for range warm {
		relay()
	}
	per, bytes := gatewaytest.Allocations(tries, runs, relay)
	t.Logf("%.1f allocations and %.0f bytes a relay", per, bytes)
	if per > mostRelayAllocations {
		t.Errorf("%.1f allocations a relay, want at most %d", per, mostRelayAllocations)
	}
}

// channel makes requests as a channel sends them, each with an id of its own.
func (r *relayWorld) channel(n int) []publishing.RelayRequest {
	q := r.request(fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[%0800d]}`, 0))
	for i := range 18 {
		q.Request.Header = append(q.Request.Header, gateway.HeaderField{Name: fmt.Sprintf("X-Field-%d", i), Value: "some forty bytes that a provider may send"})
	}
	list := make([]publishing.RelayRequest, n)
	for i := range list {
		list[i] = q
		list[i].Key = fmt.Sprintf("4917%d", i)
		list[i].IDs = []string{fmt.Sprintf("wamid.HBgLNDkxNzAxMjM0NTY3FQIAEhggMEE%d", i)}
	}
	return list
}

// BenchmarkRelay takes requests, durably and on a real disk, from 64 goroutines.
func BenchmarkRelay(b *testing.B) {
	r := relaysTo(real(b, always(204)), "http://127.0.0.1:1")
	r.to(func(target *outbound.Target) { target.Off = true })
	requests := make(chan publishing.RelayRequest, b.N)
	for _, q := range r.channel(b.N) {
		requests <- q
	}
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.publisher.Relay(<-requests); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "relays/s")
}
