//go:build !race

// The race detector makes sync.Pool forget at random, so it counts other allocations.

package outbound_test

import (
	"fmt"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
)

// mostAllocations is the budget of DESIGN for one event on the accept path, from
// the body to the durable commit, with one endpoint that wants it.
const mostAllocations = 10

func TestEventStaysInItsAllocationBudget(t *testing.T) {
	w := real(t, always(204))
	w.to(func(target *outbound.Target) { target.Off = true }) // nothing is sent meanwhile
	p, snapshot := publisherOf(t, w, map[string]gateway.Endpoint{"crm": {URL: "https://crm.example.com/in"}})
	q := publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme")}
	const warm, tries, runs = 100, 3, 300
	bodies := make([][]byte, warm+tries*runs)
	for i := range bodies {
		bodies[i] = fmt.Appendf(nil, `{"events":[{"event":{"type":"message","payload":{"message":{"type":"text","text":"%0600d"}}},`+
			`"conversation":{"key":"42bb83f00d8240e5bb41290a12eb44%d"}}]}`, i, i)
	}
	publish := func() {
		q.Body, bodies = bodies[0], bodies[1:]
		if _, err := p.Publish(q); err != nil {
			t.Fatal(err)
		}
	}
	for range warm {
		publish()
	}
	per, bytes := gatewaytest.Allocations(tries, runs, publish)
	t.Logf("%.1f allocations and %.0f bytes an event", per, bytes)
	if per > mostAllocations {
		t.Errorf("%.1f allocations an event, want at most %d", per, mostAllocations)
	}
}
