package pebblestore

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// count counts what a query lists, page by page.
func count[T any](t *testing.T, q store.Query, list func(store.Query, func(*T) bool) (string, error)) (n int) {
	t.Helper()
	for {
		next, err := list(q, func(*T) bool { n++; return true })
		must(t, err)
		if q.Before = next; next == "" {
			return n
		}
	}
}

// floors are those that are stored.
func floors(t *testing.T, s *Store) (list [][]byte) {
	t.Helper()
	for _, of := range s.later.all() {
		_, err := s.get(floorKey(nil, of.block), func(value []byte) error {
			list = append(list, bytes.Clone(value))
			return nil
		})
		must(t, err)
	}
	return list
}

// TestStartTakesUpAll: a process may leave more than there is room for in memory, of
// several tenants, in several places. A start takes all up, and raises no floor: a crash
// in the middle of it must find the same again.
func TestStartTakesUpAll(t *testing.T) {
	const each = 12_000 // of both tenants; more than 2*laterEnough
	mem := vfs.NewMem()
	s := mustOpen(t, Options{Dir: "data", FS: mem})
	postSoon(s, 10*each)
	at := time.Now()
	for n := 0; n < each; n += 500 {
		for _, tenant := range []string{"acme", "zeta"} {
			at = at.Add(time.Millisecond)
			p := published(at, 250)
			p.Traces = nil
			for i := range p.Events {
				p.Events[i].Tenant, p.Deliveries[i].Tenant = tenant, tenant
			}
			must(t, s.Accept(p))
			for i := range p.Deliveries {
				if d := &p.Deliveries[i]; i%2 == 0 {
					d.State, d.Attempts, d.EndedAt = gateway.DeliverySucceeded, 1, at
					must(t, s.Settle(d, nil))
				}
			}
		}
	}
	was := floors(t, s)
	mustClose(t, s)
	s = mustOpen(t, Options{Dir: "data", FS: mem})
	if !slices.EqualFunc(floors(t, s), was, bytes.Equal) {
		t.Error("the start raised a floor")
	}
	check := func() {
		t.Helper()
		for _, tenant := range []string{"acme", "zeta"} {
			if n := count(t, store.Query{Tenant: tenant, Endpoint: "crm"}, s.deliveriesOf); n != each/2 {
				t.Errorf("%s: %d deliveries to crm, want %d", tenant, n, each/2)
			}
			if n := count(t, store.Query{Tenant: tenant, Type: "message"}, s.Events); n != each/2 {
				t.Errorf("%s: %d messages, want %d", tenant, n, each/2)
			}
		}
	}
	check()
	for _, of := range s.later.all() {
		if n := of.size(); n > 2*laterEnough {
			t.Errorf("%d are in memory, want %d at most", n, 2*laterEnough)
		}
		must(t, postBlocks(s.engine, of))
	}
	check()
}

// TestTenantThatIsNotDeleted is listed as before: its deletion was refused.
func TestTenantThatIsNotDeleted(t *testing.T) {
	d := newDisk(32 * mib)
	s := d.open(t)
	must(t, s.Accept(published(time.Now(), 5)))
	d.free.Store(0)
	s.space.look()
	wantFull(t, "a deletion", s.DeleteTenant("acme"))
	if n := count(t, store.Query{Tenant: "acme", Type: "message"}, s.Events); n != 5 {
		t.Errorf("%d messages are listed, want 5", n)
	}
}

// TestUnstorable: what was refused does not keep others from being posted.
func TestUnstorable(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	bad := published(time.Now(), 2)
	for i := range bad.Events {
		bad.Events[i].Tenant, bad.Deliveries[i].Tenant = "ac\x00me", "ac\x00me"
	}
	if s.Accept(bad) == nil {
		t.Fatal("stored")
	}
	must(t, s.Accept(published(time.Now(), 50)))
	for _, of := range s.later.all() {
		must(t, postBlocks(s.engine, of))
	}
}

// TestWaitThatEndsAsItOpens is listed by its source though the clock was set back since
// others were posted.
func TestWaitThatEndsAsItOpens(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	now := time.Now()
	for i := range 50 {
		must(t, s.Commit(&gateway.Change{Wait: openWait(now.Add(time.Duration(i)*time.Millisecond), 1)}))
	}
	must(t, postBlocks(s.engine, &s.later.waits))
	w := openWait(now.Add(-time.Hour), 1)
	w.Source, w.State, w.EndedAt = "early", gateway.StateResumed, w.CreatedAt
	must(t, s.Commit(&gateway.Change{Wait: w}))
	if n := count(t, store.Query{Tenant: "acme", Source: "early"}, s.Waits); n != 1 {
		t.Errorf("%d waits are listed, want 1", n)
	}
}

// TestStartTakesUpNoMore than what lies above the floor.
func TestStartTakesUpNoMore(t *testing.T) {
	const n = 80
	mem := vfs.NewMem()
	s := mustOpen(t, Options{Dir: "data", FS: mem})
	now := time.Now()
	for i := range n {
		must(t, s.Accept(published(now.Add(time.Duration(i)*time.Millisecond), 1)))
	}
	must(t, postBlocks(s.engine, &s.later.events))
	must(t, postBlocks(s.engine, &s.later.deliveries))
	mustClose(t, s)
	s = mustOpen(t, Options{Dir: "data", FS: mem})
	if e, d := s.later.events.size(), s.later.deliveries.size(); e > n/4 || d > n/4 {
		t.Errorf("of %d were taken up %d events and %d deliveries", n, e, d)
	}
}
