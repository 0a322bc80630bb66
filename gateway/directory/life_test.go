package directory

import (
	"sync"
	"testing"
	"testing/synctest"

	"hookgate/gateway"
	"hookgate/metrics"
)

func TestLifeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLife()
		for range 2 {
			if !l.Enter() {
				t.Fatal("nobody gets in")
			}
		}
		over := make(chan struct{})
		go func() {
			l.End()
			close(over)
		}()
		synctest.Wait()
		if l.Enter() {
			t.Error("one gets in after the end")
		}
		l.Leave()
		synctest.Wait()
		select {
		case <-over:
			t.Fatal("it is over while one is inside")
		default:
		}
		l.Leave()
		<-over
		if l.Enter() {
			t.Error("one gets in when it is over")
		}
	})
	newLife().End() // with nobody inside it waits for nobody
	var none *Life
	if !none.Enter() {
		t.Error("nil has ended")
	}
	none.Leave()
}

func TestLifeEndsUnderLoad(t *testing.T) {
	for range 100 {
		l := newLife()
		var inside, wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for l.Enter() {
					inside.Go(l.Leave)
				}
			})
		}
		l.End()
		wait.Wait()
		inside.Wait()
	}
}

// Whatever is written of a tenant, its life goes on; made anew it has another.
func TestLifeIsTheTenants(t *testing.T) {
	d := New()
	m := metrics.New("test")
	tenant := func() *Tenant { return &Tenant{ID: "acme", Meta: gateway.Meta{ID: "acme"}} }
	d.Swap(Build(m, []*Tenant{tenant()}, nil))
	first := d.Current().Tenant("acme").Life
	if first == nil {
		t.Fatal("it has none")
	}
	d.Swap(d.Current().With(tenant()))
	d.Swap(d.Current().With(d.Current().Tenant("acme").With(&Source{ID: "payments"})))
	d.Swap(Build(m, []*Tenant{tenant(), {ID: "other"}}, nil)) // as a reload does
	now := d.Current().Tenant("acme")
	if now.Life != first {
		t.Error("a change ended it")
	}
	if now = d.Current().With(now.With(&Source{ID: "payments"})).Tenant("acme"); now.Source("payments").Tenant.Life != first {
		t.Error("its source is of another")
	}
	d.Swap(d.Current().Without("acme"))
	d.Swap(d.Current().With(tenant()))
	if d.Current().Tenant("acme").Life == first {
		t.Error("made anew it lives on")
	}
}
