package node

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/store"
)

// Of a tenant that is deleted while its owner, another node, still takes its traffic, nothing
// is left.
func TestDeletedTenantLeavesNothing(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	w := newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.set(t, receiver)
	w.give(t, gateway.SlotsOf(gateway.SlotOf("acme"), gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}.Slot()), b)
	a.must(t, 200, "POST", "/v1/tenants/acme/endpoints/crm/pause", "")
	var over atomic.Bool
	var sending sync.WaitGroup
	for i := range 4 {
		sending.Go(func() {
			for n := 0; !over.Load(); n++ {
				b.ask(t, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note","payload":{}}}]}`)
				b.call(t, "/hooks/acme/pay", fmt.Sprintf(`{"conversation_key":"k%d-%d"}`, i, n))
			}
		})
	}
	eventually(t, "traffic flows", func() bool { return len(stored(t, a)) > 20 })
	a.must(t, 204, "DELETE", "/v1/tenants/acme", "")
	time.Sleep(100 * time.Millisecond) // traffic goes on
	over.Store(true)
	sending.Wait()
	if left := stored(t, a); len(left) > 0 {
		t.Errorf("%d deliveries of a deleted tenant are stored: %v", len(left), left[:min(5, len(left))])
	}
}

// stored gives the deliveries that the store has of acme.
func stored(t *testing.T, c *citizen) (ids []string) {
	t.Helper()
	for _, state := range []gateway.DeliveryState{gateway.DeliveryPending, gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryCancelled} {
		_, err := c.store.deliveries.Deliveries(store.Query{Tenant: "acme", State: string(state)}, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool {
			ids = append(ids, d.ID)
			return true
		})
		if err != nil {
			t.Error(err)
		}
	}
	return ids
}
