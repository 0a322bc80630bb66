package node

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/resources"
	"hookgate/gateway/store"
	"hookgate/gateway/store/pgstore"
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

// A tenant that was deleted and made anew before a node looked is another to it: it went on as the
// old one, whose waits in the memory of their owner the new one's callbacks then ended.
func TestATenantMadeAnewIsAnother(t *testing.T) {
	w := newTown(t, 1)
	a := w.nodes[0]
	a.must(t, 201, "PUT", "/v1/tenants/acme", `{}`)
	a.must(t, 201, "PUT", "/v1/tenants/acme/sources/pay", `{"verify":{"type":"none"}}`)
	wait := a.must(t, 201, "POST", "/v1/tenants/acme/waits", `{"source":"pay","conversation_key":"k","mode":"poll","timeout_seconds":60}`).get("id")
	life := a.directory.Current().Tenant("acme").Life
	anew := func(created string) {
		var changes []resources.Change
		err := a.store.revisions.ResourcesSince(0, func(c pgstore.Revised) error {
			if c.Kind == gateway.KindTenant {
				var record map[string]any
				if err := json.Unmarshal(c.Value, &record); err != nil {
					return err
				}
				if created != "" {
					record["created_at"] = created
				}
				c.Value = messageOf(record)
				changes = append(changes, resources.Change{Record: c.Record})
			}
			return nil
		})
		if err != nil || len(changes) != 1 {
			t.Fatal(err, changes)
		}
		err = a.resources.Follow(func(each func(resources.Change) error) error { return each(changes[0]) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if anew(""); life.Over() {
		t.Error("a tenant that was written is another")
	}
	a.must(t, 200, "GET", "/v1/tenants/acme/waits/"+wait, "")
	if anew("2020-01-02T03:04:05.678Z"); !life.Over() {
		t.Error("a tenant that was made anew is the old one still")
	}
	if r := a.call(t, "/hooks/acme/pay", `{"conversation_key":"k"}`); r.get("outcome") == "resumed" {
		t.Errorf("a wait of the old one ends: %s", r.body)
	}
}

// Who deletes a tenant may die before it has cleared up what others were writing for it in that moment:
// whoever makes another of that id does so. That one had events and parked callbacks of the old one.
func TestATenantMadeAnewHasNothing(t *testing.T) {
	w := newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	w.give(t, gateway.SlotsOf(gateway.SlotOf("acme")), b)
	a.must(t, 201, "PUT", "/v1/tenants/acme", `{}`)
	a.must(t, 201, "PUT", "/v1/tenants/acme/sources/pay", `{"verify":{"type":"none"}}`)
	w.known(t)
	a.must(t, 202, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note","payload":{}}}]}`)
	if r := b.call(t, "/hooks/acme/pay", `{"conversation_key":"k"}`); r.get("outcome") != "parked" {
		t.Fatalf("a callback for nobody is answered %d %s", r.status, r.body)
	}
	sql := func(form string) {
		t.Helper()
		for _, table := range []string{"events", "parked", "callbacks"} {
			if out, err := w.db.Ask(fmt.Sprintf(form, table)); err != nil {
				t.Fatal(err, out)
			}
		}
	}
	sql("CREATE TABLE kept_%[1]s_of_test AS SELECT * FROM hookgate.%[1]s WHERE tenant = 'acme'")
	a.must(t, 204, "DELETE", "/v1/tenants/acme", "")
	sql("INSERT INTO hookgate.%[1]s SELECT * FROM kept_%[1]s_of_test") // as others do whom nobody clears up after
	w.give(t, gateway.SlotsOf(gateway.SlotOf("acme")), a)              // who reads it
	w.give(t, gateway.SlotsOf(gateway.SlotOf("acme")), b)
	a.must(t, 201, "PUT", "/v1/tenants/acme", `{}`)
	a.must(t, 201, "PUT", "/v1/tenants/acme/sources/pay", `{"verify":{"type":"none"}}`)
	w.known(t)
	for _, c := range w.nodes {
		for _, list := range []string{"events", "callbacks"} {
			if r := c.must(t, 200, "GET", "/v1/tenants/acme/"+list, ""); !strings.Contains(r.body, `"data":[]`) {
				t.Errorf("%s shows of the old one's %s: %s", c.self.ID, list, r.body)
			}
		}
	}
	if r := a.must(t, 201, "POST", "/v1/tenants/acme/waits", `{"source":"pay","conversation_key":"k","mode":"poll","timeout_seconds":60}`); r.get("state") != "waiting" {
		t.Errorf("a wait takes a callback of the old one: %s", r.body)
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
