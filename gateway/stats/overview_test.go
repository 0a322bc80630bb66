package stats_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/stats"
)

// overview gives what a tenant has.
func (k *kit) overview(tenant, span string) (of stats.Overview) {
	k.t.Helper()
	for _, s := range stats.Spans {
		if s.Word != span {
			continue
		}
		err := k.stats.Overviews([]string{tenant}, s, func(_ string, o *stats.Overview) bool { of = *o; return true })
		if err != nil {
			k.t.Fatal(err)
		}
		if of.Strip != nil && len(of.Strip) != s.Steps {
			k.t.Errorf("the strip of %s has %d steps", span, len(of.Strip))
		}
	}
	return of
}

// total adds up what a strip has.
func total(s stats.Strip) (callbacks, good, all uint32) {
	for _, row := range s {
		callbacks, good, all = callbacks+row.Callbacks, good+row.Good, all+row.All
	}
	return callbacks, good, all
}

// Hour after hour, over restarts: each strip has what the store has of its span, however
// often it was asked for meanwhile.
func TestOverviewsFollowTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		defer func() { k.stats.Close() }()
		if o := k.overview("acme", "24h"); o.Strip != nil || o.Lately != (stats.Row{}) {
			t.Errorf("of nothing there is %+v", o)
		}
		counted := 0
		for hour := range 60 {
			if hour%7 != 3 {
				for range hour % 5 {
					k.stats.Count(callback("acme", "pay", gateway.OutcomeResumed))
					counted++
				}
				k.stats.Count(callback("acme", "pay", gateway.OutcomeUnauthenticated))
				counted++
			}
			if hour%11 == 10 {
				k.stats.Close()
				k.start()
			}
			if hour%3 == 0 {
				k.overview("acme", "1h")
				k.overview("acme", "30d")
			}
			time.Sleep(59*time.Minute + 17*time.Second)
		}
		for span, since := range map[string]time.Duration{"1h": 59 * time.Minute, "24h": 23 * time.Hour, "30d": 29 * 24 * time.Hour} {
			fresh := stats.New(stats.Options{Store: k.store, Above: func(string) ([]string, bool) { return nil, true }})
			asked, anew := k.overview("acme", span), &kit{t: t, store: k.store, stats: fresh}
			if got, want := fmt.Sprint(asked.Strip), fmt.Sprint(anew.overview("acme", span).Strip); got != want {
				t.Errorf("%s has\n%s, read anew\n%s", span, got, want)
			}
			step := map[string]time.Duration{"1h": stats.Minute, "24h": stats.Hour, "30d": stats.Day}[span]
			sum := 0
			for _, p := range k.points(stats.Query{Tenant: "acme", Step: step, Since: time.Now().Truncate(step).Add(-since.Truncate(step))}) {
				for _, n := range p.Callbacks {
					sum += n
				}
			}
			if callbacks, _, _ := total(asked.Strip); int(callbacks) != sum {
				t.Errorf("%s has %d callbacks, the figures %d", span, callbacks, sum)
			}
		}
		if callbacks, good, all := total(k.overview("acme", "30d").Strip); int(callbacks) != counted || all != callbacks || good == 0 || good >= all {
			t.Errorf("in 30 days there are %d of %d callbacks, %d of %d went well", callbacks, counted, good, all)
		}
	})
}

// What runs is there at once, and how things stand as well.
func TestOverviewsAreOfNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		defer func() { k.stats.Close() }()
		k.stats.Count(callback("acme", "pay", gateway.OutcomeResumed))
		time.Sleep(3 * time.Minute)
		k.stats.Count(callback("acme", "pay", gateway.OutcomeLate))
		k.stats.Waiting("acme", 2)
		k.stats.Parked("acme", 1)
		k.backlog.Store(gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}, 5)
		time.Sleep(2 * time.Second)
		for _, span := range []string{"1h", "24h", "30d"} {
			o := k.overview("acme", span)
			last := stats.Row{}
			if len(o.Strip) > 0 {
				last = o.Strip[len(o.Strip)-1]
			}
			if o.Lately.Callbacks != 2 || o.Waits != 2 || o.Parked != 1 || o.Backlog != 5 || last.Waits != 2 || last.Backlog != 5 {
				t.Errorf("%s: %+v", span, o)
			}
		}
		k.stats.Waiting("acme", -2)
		time.Sleep(10 * time.Minute)
		if o := k.overview("acme", "1h"); o.Waits != 0 || o.Lately.Callbacks != 0 || o.Strip[len(o.Strip)-10].Backlog != 5 {
			t.Errorf("later: %+v", o)
		}
		k.stats.Forget("acme")
		k.backlog.Clear()
		k.store.failing(errors.New("no room")) // nothing of it is kept
		k.stats.ReadAhead([]string{"acme", "shop"})
		synctest.Wait()
		k.store.failing(nil)
	})
}

// A thousand tenants that had something in every minute.
func BenchmarkOverviews(b *testing.B) {
	s := stats.New(stats.Options{Store: &memory{rows: map[key][]byte{}}, Above: func(string) ([]string, bool) { return nil, true }})
	s.Start()
	defer s.Close()
	var tenants []string
	for i := range 1000 {
		tenants = append(tenants, fmt.Sprint("t", i))
		s.Count(callback(tenants[i], "pay", gateway.OutcomeResumed))
	}
	for b.Loop() {
		if err := s.Overviews(tenants, stats.Spans[0], func(string, *stats.Overview) bool { return true }); err != nil {
			b.Fatal(err)
		}
	}
}
