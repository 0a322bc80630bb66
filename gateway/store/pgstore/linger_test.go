package pgstore

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
)

// TestLingers settles deliveries one by one: each waits for what comes, goes with a promise
// that does, and goes at once where somebody hurries.
func TestLingers(t *testing.T) {
	o := options(server(t))
	statements := atomic.Int64{}
	o.OnCommit = func(time.Duration) { statements.Add(1) }
	s := mustOpen(t, o)
	tenant := tenantOf(0)
	w := s.all[0]
	settling := func(n int) (done *sync.WaitGroup) {
		var p gateway.Publication
		for range n {
			one := aPublication(tenant, time.Now())
			p.Events, p.Deliveries = append(p.Events, one.Events...), append(p.Deliveries, one.Deliveries...)
		}
		must(t, s.Accept(&p))
		w.mu.Lock()
		w.linger.pause, w.linger.last = time.Hour, n+1 // else a busy machine decides
		w.mu.Unlock()
		statements.Store(0)
		done = &sync.WaitGroup{}
		for i := range p.Deliveries {
			d := p.Deliveries[i]
			d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, time.Time{}, d.CreatedAt
			done.Go(func() { must(t, s.Settle(&d, nil)) })
		}
		for queued := 0; queued < n; time.Sleep(time.Millisecond) {
			w.mu.Lock()
			queued = len(w.queue)
			w.mu.Unlock()
		}
		if statements.Load() != 0 {
			t.Fatal("it waited for nobody")
		}
		return done
	}
	const many = 5
	for what, goOn := range map[string]func(){
		"a promise":   func() { must(t, s.Commit(&gateway.Change{Wait: aWait(tenant, "x")})) },
		"a hand-over": func() { must(t, s.firm(gateway.SlotSet{}, gateway.SlotSet{})) },
		"one more": func() {
			d := aPublication(tenant, time.Now()).Deliveries[0]
			d.State, d.EndedAt = gateway.DeliverySucceeded, d.CreatedAt
			must(t, s.Settle(&d, nil))
		},
	} {
		done := settling(many)
		goOn()
		done.Wait()
		if n := statements.Load(); n != 1 {
			t.Errorf("%s: %d statements, want 1", what, n)
		}
	}
}
