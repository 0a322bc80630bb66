package stats_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/stats"
	"hookgate/retry"
)

func TestCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		defer func() { k.stats.Close() }()
		now := time.Now()
		tell := k.stats.Count
		for range 3 {
			tell(callback("acme", "pay", gateway.OutcomeResumed))
		}
		tell(callback("acme", "pay", gateway.OutcomeUnauthenticated))
		open := &gateway.Wait{Tenant: "acme", Source: "pay", State: gateway.StateWaiting, CreatedAt: now}
		tell(gateway.WaitHappened(open))
		for took, state := range map[time.Duration]gateway.WaitState{
			30 * time.Millisecond: gateway.StateResumed, time.Second: gateway.StateTimedOut, 2 * time.Second: gateway.StateCancelled,
		} {
			tell(gateway.WaitHappened(&gateway.Wait{Tenant: "acme", Source: "pay", State: state, CreatedAt: now, EndedAt: now.Add(took)}))
		}
		atOnce := gateway.WaitHappened(&gateway.Wait{Tenant: "acme", Source: "pay", State: gateway.StateResumed, CreatedAt: now, EndedAt: now})
		atOnce.AtOnce = true
		tell(atOnce)
		tell(gateway.EventHappened(&gateway.Event{Tenant: "acme"}))
		d := &gateway.Delivery{Tenant: "acme", Endpoint: "crm", State: gateway.DeliveryDead}
		tell(gateway.AttemptHappened(d, &gateway.Attempt{Duration: time.Hour, Error: "timeout"}))
		tell(gateway.AttemptHappened(d, &gateway.Attempt{Duration: 3 * time.Millisecond}))
		tell(gateway.AttemptHappened(d, &gateway.Attempt{Error: "new"}))
		tell(gateway.DeliveryHappened(d))
		tell(gateway.CallHappened(&gateway.Call{Tenant: "acme", Webhook: "stock", Outcome: gateway.CallFailure, Reason: gateway.CallTemplate, Duration: 15 * time.Millisecond}))
		tell(gateway.CallHappened(&gateway.Call{Tenant: "acme", Webhook: "stock", Outcome: gateway.CallSuccess, Duration: 15 * time.Millisecond}))
		k.stats.Parked("acme", 2)
		k.backlog.Store(gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}, 7)
		time.Sleep(2 * time.Second)

		p := k.only(stats.Query{Tenant: "acme"})
		if p.Callbacks["resumed"] != 3 || p.Callbacks["unauthenticated"] != 1 || p.Refused["unauthenticated"] != 1 || len(p.Refused) != 1 {
			t.Errorf("callbacks are %v, refused %v", p.Callbacks, p.Refused)
		}
		if w := p.Waits; w["opened"] != 2 || w["resumed"] != 2 || w["timed_out"] != 1 || w["cancelled"] != 1 {
			t.Errorf("waits are %v", w)
		}
		if b := p.WaitMS.Buckets; len(b) != 2 || *b[1].LE != 50 || b[1].Count != 1 {
			t.Errorf("wait_ms is %+v", p.WaitMS)
		}
		if p.Events != 1 || p.Attempts["timeout"] != 1 || p.Attempts["2xx"] != 1 || p.Attempts["other"] != 1 || p.Deliveries["dead"] != 1 || p.Deliveries["succeeded"] != 0 {
			t.Errorf("events %d, attempts %v, deliveries %v", p.Events, p.Attempts, p.Deliveries)
		}
		if b := p.AttemptMS.Buckets; len(b) != 3 || b[2].LE != nil || *p.AttemptMS.P99 != 300_000 {
			t.Errorf("attempt_ms is %+v", p.AttemptMS)
		}
		if p.Calls.Success != 1 || p.Calls.Failure != 1 || p.Calls.Reasons["template"] != 1 || *p.CallMS.P50 != 15 || *p.CallMS.P99 != 19.9 {
			t.Errorf("calls are %+v, call_ms %v", p.Calls, p.CallMS)
		}
		if p.Parked != 2 || p.Backlog != 7 {
			t.Errorf("%d parked, backlog %d", p.Parked, p.Backlog)
		}
		if p := k.only(stats.Query{Tenant: "acme", Part: stats.Part{Kind: stats.Endpoint, ID: "crm"}}); p.Attempts["2xx"] != 1 || p.Backlog != 7 || p.Events != 0 {
			t.Errorf("the endpoint's are %+v", p)
		}
		if p := k.only(stats.Query{Tenant: "acme", Part: stats.Part{Kind: stats.Source, ID: "pay"}}); p.Waits["opened"] != 2 || len(p.Attempts) != 0 {
			t.Errorf("the source's are %+v", p)
		}
		if all := k.points(stats.Query{Tenant: "acme", Part: stats.Part{Kind: stats.Source, ID: "other"}}); len(all) != 0 {
			t.Errorf("of a source without any there is %+v", all)
		}
	})
}

// Minutes, hours and days add up, of a tenant, of a tree and of all; a restart loses nothing.
func TestKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		defer func() { k.stats.Close() }()
		time.Sleep(10 * time.Second) // within a minute, not where two meet
		for i := range 3 * 60 {
			k.stats.Count(callback("acme", "pay", gateway.OutcomeResumed))
			k.stats.Count(callback("shop", "pay", gateway.OutcomeResumed))
			if i%2 == 0 {
				k.stats.Count(callback("rival", "pay", gateway.OutcomeLate))
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(30 * time.Second)
		k.stats.Count(callback("acme", "pay", gateway.OutcomeResumed))
		k.stats.Close()
		k.start() // in the same minute
		k.stats.Count(callback("acme", "pay", gateway.OutcomeResumed))
		sum := func(q stats.Query, o string) (n, points int) {
			all := k.points(q)
			for _, p := range all {
				n += p.Callbacks[o]
			}
			return n, len(all)
		}
		for _, step := range []time.Duration{stats.Minute, stats.Hour, stats.Day} {
			for _, c := range []struct {
				name string
				q    stats.Query
				o    string
				want int
			}{
				{"acme", stats.Query{Tenant: "acme"}, "resumed", 182}, {"acme's source", stats.Query{Tenant: "acme", Part: stats.Part{Kind: stats.Source, ID: "pay"}}, "resumed", 182},
				{"acme's tree", stats.Query{Tenant: "acme", Tree: true}, "resumed", 362}, {"agency's tree", stats.Query{Tenant: "agency", Tree: true}, "resumed", 362},
				{"agency", stats.Query{Tenant: "agency"}, "resumed", 0}, {"all", stats.Query{}, "resumed", 362}, {"all", stats.Query{}, "late", 90},
				{"the tree without rival", stats.Query{Tenant: "agency", Tree: true}, "late", 0},
			} {
				c.q.Step = step
				if n, _ := sum(c.q, c.o); n != c.want {
					t.Errorf("%s by %s: %d %s, want %d", c.name, step, n, c.o, c.want)
				}
			}
		}
		if _, points := sum(stats.Query{Tenant: "acme"}, "resumed"); points != 181 {
			t.Errorf("%d points, want one a minute", points)
		}
		if all := k.points(stats.Query{Tenant: "rival"}); len(all) != 90 || all[1].At.Sub(all[0].At) != 2*time.Minute {
			t.Errorf("rival has %d points; empty ones are left out", len(all))
		}
	})
}

// How things stand is as it was last.
func TestStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		defer func() { k.stats.Close() }()
		for _, n := range []int{5, 2} {
			k.backlog.Store(gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}, n)
			k.backlog.Store(gateway.LaneKey{Tenant: "shop", Endpoint: "crm"}, 1)
			time.Sleep(time.Minute)
			synctest.Wait() // the minute is counted by another goroutine, at the same moment
		}
		if p := k.only(stats.Query{Tenant: "acme", Step: stats.Hour}); p.Backlog != 2 {
			t.Errorf("acme's backlog is %d", p.Backlog)
		}
		if p := k.only(stats.Query{Step: stats.Hour}); p.Backlog != 3 {
			t.Errorf("the backlog of all is %d", p.Backlog)
		}
	})
}

// Of a tenant that is gone nothing is stored, and a store that fails ends nothing.
func TestGoneAndFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		defer func() { k.stats.Close() }()
		time.Sleep(10 * time.Second)
		k.stats.Count(callback("acme", "pay", gateway.OutcomeResumed))
		k.gone.Store("acme", true)
		time.Sleep(time.Minute)
		if synctest.Wait(); k.store.count() != 0 {
			t.Errorf("%d rows are stored", k.store.count())
		}
		k.store.failing(errors.New("no room"))
		k.stats.Count(callback("shop", "pay", gateway.OutcomeResumed))
		time.Sleep(time.Minute)
		synctest.Wait()
		k.store.failing(nil)
		k.stats.Count(callback("shop", "pay", gateway.OutcomeResumed))
		if p := k.only(stats.Query{Tenant: "shop"}); p.Callbacks["resumed"] != 1 {
			t.Errorf("after a failure there is %+v", p)
		}
		k.stats.Forget("shop")
		if all := k.points(stats.Query{Tenant: "shop"}); len(all) != 0 {
			t.Errorf("of a forgotten tenant there is %+v", all)
		}
	})
}

// A tenant with very many parts has no more memory for them than its share, and is counted
// whole all the same.
func TestPartsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		defer func() { k.stats.Close() }()
		for i := range 5000 {
			k.stats.Count(callback("acme", "s"+string(rune('a'+i%26))+time.Duration(i).String(), gateway.OutcomeResumed))
		}
		k.stats.Count(callback("shop", "pay", gateway.OutcomeResumed))
		if p := k.only(stats.Query{Tenant: "acme"}); p.Callbacks["resumed"] != 5000 {
			t.Errorf("acme has %v", p.Callbacks)
		}
		if p := k.only(stats.Query{Tenant: "shop", Part: stats.Part{Kind: stats.Source, ID: "pay"}}); p.Callbacks["resumed"] != 1 {
			t.Errorf("shop's source has %v", p.Callbacks)
		}
		time.Sleep(time.Minute)
		if synctest.Wait(); k.store.count() > 2*(4000+1+1+2+10) {
			t.Errorf("%d rows are stored", k.store.count())
		}
	})
}

// Each word that can happen has a place of its own.
func TestEveryWordHasAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		defer func() { k.stats.Close() }()
		for _, o := range gateway.Outcomes {
			k.stats.Count(callback("acme", "pay", o))
		}
		d := &gateway.Delivery{Tenant: "acme", Endpoint: "crm"}
		for _, o := range retry.Outcomes {
			k.stats.Count(gateway.AttemptHappened(d, &gateway.Attempt{Error: string(o)}))
		}
		p := k.only(stats.Query{Tenant: "acme"})
		if len(p.Callbacks) != len(gateway.Outcomes) || len(p.Attempts) != len(retry.Outcomes) || p.Attempts["other"] != 0 {
			t.Errorf("callbacks %v, attempts %v", p.Callbacks, p.Attempts)
		}
	})
}

// Counting what was counted in this minute allocates nothing.
func TestCountingAllocatesNothing(t *testing.T) {
	k := newKit(t)
	defer k.stats.Close()
	h := callback("acme", "pay", gateway.OutcomeResumed)
	k.stats.Count(h)
	if n := testing.AllocsPerRun(100, func() { k.stats.Count(h) }); n > 0.1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCount(b *testing.B) {
	s := stats.New(stats.Options{Store: &memory{}})
	h := callback("acme", "pay", gateway.OutcomeResumed)
	b.ReportAllocs()
	for b.Loop() {
		s.Count(h)
	}
}
