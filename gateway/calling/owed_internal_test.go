package calling

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
)

// away is waits that cannot be written; it notes for which tenants somebody tried.
type away struct {
	Waits
	mu    sync.Mutex
	tried map[string]map[string]bool
}

func (a *away) Cancel(_ context.Context, tenant, id, _ string) (*gateway.Wait, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tried[tenant] == nil {
		a.tried[tenant] = map[string]bool{}
	}
	a.tried[tenant][id] = true
	return nil, gateway.Unavailable("the store is away", time.Second)
}

// of is how many waits of a tenant were to be ended.
func (a *away) of(tenant string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.tried[tenant])
}

// One tenant whose calls fail while the store is away leaves others places, and there are so many.
func TestOwedAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := &away{tried: map[string]map[string]bool{}}
		o := newOwed(Options{Waits: waits, Log: slog.New(slog.DiscardHandler)}.whole())
		add := func(tenant string, n int) {
			for i := range n {
				o.add(&gateway.Call{Tenant: tenant, WaitID: fmt.Sprint(i)}, gateway.ErrMoved)
			}
		}
		add("greedy", 2*mostOwed)
		add("other", 10)
		time.Sleep(time.Second)
		if n := waits.of("greedy"); n == 0 || n >= mostOwed {
			t.Errorf("one tenant has %d places", n)
		}
		if n := waits.of("other"); n != 10 {
			t.Errorf("another has %d of 10", n)
		}
		began := time.Now()
		o.drain(t.Context())
		if took := time.Since(began); took > owedDrain+time.Second {
			t.Errorf("a process that ends waits for %s", took)
		}
		if used := o.places.Stat().Used; used != 0 {
			t.Errorf("%d places were not given back", used)
		}
	})
}
