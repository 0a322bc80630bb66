package node

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster"
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

// A tenant that is deleted is cleared away when no node can write anything more of it: one that
// stands still, and was about to, is waited for until it knows, or is dead. It was for a second, and
// a tenant made anew under the id had events and parked callbacks of the old one.
func TestDeletedTenantWaitsForNodesThatStandStill(t *testing.T) {
	for name, then := range map[string]func(*cluster.Status){
		"it is dead": func(s *cluster.Status) { s.State = cluster.StateGone },
		"it knows":   func(s *cluster.Status) { s.Known = 1 << 40 },
	} {
		w := newTown(t, 1)
		a := w.nodes[0]
		a.must(t, 201, "PUT", "/v1/tenants/acme", `{}`)
		set := func(s *cluster.Status) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ghost = s
		}
		set(&cluster.Status{ID: "ghost", Address: "127.0.0.1:1", State: cluster.StateReady})
		deleted := make(chan reply, 1)
		go func() { deleted <- a.ask(t, "DELETE", "/v1/tenants/acme", "") }()
		eventually(t, "the tenant is no more", func() bool { return a.ask(t, "GET", "/v1/tenants/acme", "").status == 404 })
		select {
		case r := <-deleted:
			t.Errorf("%s: nobody knows of a node what it writes, and the tenant's end is answered %d", name, r.status)
		case <-time.After(4 * time.Second):
			s := cluster.Status{ID: "ghost", Address: "127.0.0.1:1", State: cluster.StateReady}
			then(&s)
			set(&s)
			if r := <-deleted; r.status != 204 {
				t.Errorf("%s: answered %d %s", name, r.status, r.body)
			}
		}
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
