package pebblestore

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// awaitSwept waits until nothing of dropped lanes is left to do.
func awaitSwept(t testing.TB, s *Store) {
	t.Helper()
	for until := time.Now().Add(time.Minute); len(s.drops.unswept()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("a dropped lane is never swept")
		}
	}
}

// crowd makes a publication of one event, and so many deliveries of one lane and one
// of another.
func crowd(at time.Time, n int) *gateway.Publication {
	p := &gateway.Publication{Events: []gateway.Event{{
		ID: gateway.NewID(gateway.PrefixEvent, at), Tenant: "acme", Type: "message", AcceptedAt: at, Body: gateway.Raw(`{}`),
	}}}
	for i := range n + 1 {
		endpoint := "crm"
		if i == n {
			endpoint = "other"
		}
		p.Deliveries = append(p.Deliveries, gateway.Delivery{
			ID: gateway.NewID(gateway.PrefixDelivery, at), Tenant: "acme", Endpoint: endpoint, EventIDs: []string{p.Events[0].ID},
			EventType: "message", State: gateway.DeliveryPending, NextAttemptAt: at, CreatedAt: at,
		})
	}
	return p
}

// states counts a tenant's deliveries of the lane crm by their state.
func states(t *testing.T, s *Store) map[gateway.DeliveryState]int {
	t.Helper()
	counts := map[gateway.DeliveryState]int{}
	_, err := s.Deliveries(store.Query{Tenant: "acme", Rows: 1 << 30}, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool {
		if d.Endpoint == "crm" {
			counts[d.State]++
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

var crm = gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}

// The lane of a deleted endpoint goes at once, however much waits in it: what waited
// is cancelled for whoever asks, before each has its record, and so it stays after the
// power went at any moment. An endpoint made anew under the id has none of it.
func TestDroppedLaneIsGoneAtOnce(t *testing.T) {
	const many = 20_000
	fs := vfs.NewCrashableMem()
	s, err := Open(Options{Dir: "data", FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Accept(crowd(time.Now(), many)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := s.DropLane(crm); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("dropped in %s", took)
	if took > 10*time.Second { // a hang, on whatever machine
		t.Errorf("dropping took %s", took)
	}
	fresh := crowd(time.Now(), 3)
	if err := s.Accept(fresh); err != nil {
		t.Fatal(err)
	}
	check := func(s *Store, when string) {
		t.Helper()
		if got := states(t, s); got[gateway.DeliveryCancelled] != many || got[gateway.DeliveryPending] != 3 || len(got) != 2 {
			t.Errorf("%s: %v", when, got)
		}
		due, err := s.Window(crm, gateway.Due{}, 100)
		if err != nil || len(due) != 3 || slices.ContainsFunc(due, func(d gateway.Due) bool { return d.ID < fresh.Deliveries[0].ID }) {
			t.Errorf("%s the window has %v, %v", when, due, err)
		}
	}
	check(s, "at once")
	crashed := fs.CrashClone(vfs.CrashCloneCfg{})
	awaitSwept(t, s)
	check(s, "swept")
	mustClose(t, s)

	s = mustOpen(t, Options{Dir: "data", FS: crashed})
	check(s, "after the crash")
	awaitSwept(t, s)
	check(s, "swept after the crash")
	d, _, err := s.Load("acme", fresh.Deliveries[0].ID)
	if err != nil || d.State != gateway.DeliveryPending {
		t.Errorf("the new endpoint's: %+v, %v", d, err)
	}
}

// What comes late for a dropped lane is cancelled too: the outcome of an attempt that
// was under way, a publish that had seen the endpoint. What somebody brings back by
// hand is not.
func TestLateForADroppedLane(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	late, first := crowd(time.Now(), 2), crowd(time.Now(), 2)
	must(s.Accept(first))
	must(s.DropLane(crm))
	must(s.Accept(late))
	settled := first.Deliveries[0]
	settled.State, settled.Attempts, settled.EndedAt = gateway.DeliverySucceeded, 1, time.Now()
	must(s.Settle(&settled, nil))
	if _, _, err := s.Load("acme", late.Deliveries[0].ID); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("what came late waits: %v", err)
	}
	if got := states(t, s); got[gateway.DeliveryCancelled] != 4 || len(got) != 1 {
		t.Errorf("%v", got)
	}
	back := first.Deliveries[1]
	back.NextAttemptAt = time.Now()
	must(s.Requeue(nil, &back))
	awaitSwept(t, s)
	if d, _, err := s.Load("acme", back.ID); err != nil || d.State != gateway.DeliveryPending {
		t.Errorf("what was brought back: %+v, %v", d, err)
	}
	must(s.DropLane(crm))
	awaitSwept(t, s)
	if got := states(t, s); got[gateway.DeliveryCancelled] != 4 || len(got) != 1 {
		t.Errorf("dropped again: %v", got)
	}
}

// A publish had seen an endpoint that was deleted and swept meanwhile, and the process
// ends between its commit and the correction: the next one makes it. Drops are
// forgotten when no publish can be under way any more.
func TestLateForADroppedLaneOverACrash(t *testing.T) {
	var past atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(past.Load())) }
	fs := vfs.NewCrashableMem()
	s := mustOpen(t, Options{Dir: "data", FS: fs, Now: now})
	late := crowd(now(), 2)
	if err := s.Accept(crowd(now(), 2)); err != nil {
		t.Fatal(err)
	}
	if err := s.DropLane(crm); err != nil {
		t.Fatal(err)
	}
	awaitSwept(t, s)
	b := s.newBatch(1 << 10) // Accept without the rest of it
	for i := range late.Deliveries {
		putNew(b, &late.Deliveries[i])
	}
	if err := s.commit(b, true); err != nil {
		t.Fatal(err)
	}
	b.free()

	s = mustOpen(t, Options{Dir: "data", FS: fs.CrashClone(vfs.CrashCloneCfg{}), Now: now})
	awaitSwept(t, s)
	if got := states(t, s); got[gateway.DeliveryCancelled] != 4 || len(got) != 1 {
		t.Errorf("%v", got)
	}
	if due, err := s.Window(crm, gateway.Due{}, 10); err != nil || len(due) > 0 {
		t.Errorf("the window has %v, %v", due, err)
	}
	past.Store(int64(dropKept + time.Second))
	if err := s.Expire(now()); err != nil {
		t.Fatal(err)
	}
	if _, found := s.drops.get(crm); found {
		t.Error("a drop is never forgotten")
	}
	it, err := s.iter([]byte{kindDrop}, []byte{kindDrop + 1})
	if err != nil {
		t.Fatal(err)
	}
	if it.First() {
		t.Errorf("the store still has the drop %q", it.Key())
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
}
