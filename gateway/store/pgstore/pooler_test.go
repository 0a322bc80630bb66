package pgstore

import (
	"fmt"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
)

// TestPooler works through a pooler of transactions. Its connections outlive the database:
// that it is another one is seen all the same.
func TestPooler(t *testing.T) {
	own := postgres.Start(t)
	pooler := own.Pooler(t)
	o := options(own)
	o.URL = func() (string, error) { return pooler, nil }
	s := mustOpen(t, o)
	var kept []string
	keep := func() {
		t.Helper()
		for n := range 2 * writing {
			w := aWait(tenantOf(n%writing), fmt.Sprint(n))
			must(t, s.Commit(&gateway.Change{Wait: w, Marks: []gateway.Mark{{Tenant: w.Tenant, Expires: at.Add(time.Hour)}}}))
			got, err := s.Wait(w.Tenant, w.ID)
			must(t, err)
			if got.Source != w.Source {
				t.Fatalf("%+v", got)
			}
			kept = append(kept, w.ID)
		}
	}
	keep()
	own.Kill()
	must(t, own.Run())
	for range 2 {
		err := s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "decided before")})
		if err == nil {
			t.Fatal("the database crashed, and a slot is written for that was not read anew")
		}
	}
	for deadline := time.Now().Add(time.Minute); ; {
		ids := map[string]bool{}
		err := s.Recover(gateway.AllSlots(), func(w *gateway.Wait) error { ids[w.ID] = true; return nil }, func(*gateway.Parked) error { return nil })
		if err == nil {
			if len(ids) != len(kept) {
				t.Fatalf("open: %d, want %d", len(ids), len(kept))
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; { // the other writer may not know yet
		err := s.Commit(&gateway.Change{Wait: aWait(tenantOf(1), "may be too early")})
		if err == nil {
			break
		}
		must(t, s.Recover(gateway.AllSlots(), func(*gateway.Wait) error { return nil }, func(*gateway.Parked) error { return nil }))
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	keep()
}
