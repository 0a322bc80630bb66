package limits_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/limits"
)

func TestTake(t *testing.T) {
	var table limits.Table
	key := limits.Key{Tenant: "acme", Part: "crm"}
	rate := &gateway.Rate{PerSecond: 2, Burst: 4}
	now := time.Now()
	if after := table.Take(key, nil, 1000, now); after != 0 {
		t.Errorf("without a limit: after %s", after)
	}
	for i := range 4 {
		if after := table.Take(key, rate, 1, now); after != 0 {
			t.Fatalf("%d of a burst of 4: after %s", i+1, after)
		}
	}
	if after := table.Take(key, rate, 1, now); after != time.Second {
		t.Errorf("beyond the burst: after %s, want 1s", after)
	}
	if after := table.Take(limits.Key{Tenant: "acme"}, rate, 1, now); after != 0 {
		t.Errorf("another key: after %s", after)
	}
	if after := table.Take(key, rate, 100, now.Add(2*time.Second)); after != 0 {
		t.Errorf("more than a burst, when it is free: after %s", after)
	}
	if after := table.Take(key, rate, 100, now.Add(2*time.Second)); after != 2*time.Second {
		t.Errorf("and once more: after %s, want 2s", after)
	}
	// A changed limit keeps what was used.
	if after := table.Take(key, &gateway.Rate{PerSecond: 1000, Burst: 4}, 1, now.Add(2*time.Second)); after == 0 {
		t.Error("a changed limit began anew")
	}
	table.Forget("acme")
	if after := table.Take(key, rate, 4, now.Add(2*time.Second)); after != 0 {
		t.Errorf("forgotten: after %s", after)
	}
}

// A request whose body was slow comes with the time at which it began: nobody gets
// twice what a limit gives by keeping such ones ready.
func TestTakeOfSlowRequests(t *testing.T) {
	parent := &directory.Tenant{ID: "agency"}
	parent.Spec.Limits.CallbacksPerSecond = &gateway.Rate{PerSecond: 2, Burst: 2}
	child := &directory.Tenant{ID: "acme"}
	for name, take := range map[string]func(*limits.Table, time.Time) time.Duration{
		"one": func(table *limits.Table, at time.Time) time.Duration {
			return table.Take(limits.Key{Tenant: "acme"}, &gateway.Rate{PerSecond: 2, Burst: 2}, 1, at)
		},
		"a tree": func(table *limits.Table, at time.Time) time.Duration {
			return table.TakeTree(child, []*directory.Tenant{parent}, limits.Callbacks, 1, at)
		},
	} {
		var table limits.Table
		began := time.Now()
		later := began.Add(5 * time.Second)
		passed := 0
		for range 10 {
			for _, at := range []time.Time{later, began} {
				if take(&table, at) == 0 {
					passed++
				}
			}
		}
		if passed != 2 {
			t.Errorf("%s: %d passed at once, want the burst of 2", name, passed)
		}
	}
}

// Those who come at once, from many sides, get no more than the limit gives: none of
// them takes the limiter's time back, by as little as it may be.
func TestTakeAtOnce(t *testing.T) {
	const each, sides, step = 5000, 8, 10 * time.Microsecond
	limit := &gateway.Rate{PerSecond: 1000, Burst: 10}
	parent := &directory.Tenant{ID: "agency"}
	parent.Spec.Limits.CallbacksPerSecond = limit
	child := &directory.Tenant{ID: "acme"}
	for name, take := range map[string]func(*limits.Table, time.Time) time.Duration{
		"one": func(table *limits.Table, at time.Time) time.Duration {
			return table.Take(limits.Key{Tenant: "acme"}, limit, 1, at)
		},
		"a tree": func(table *limits.Table, at time.Time) time.Duration {
			return table.TakeTree(child, []*directory.Tenant{parent}, limits.Callbacks, 1, at)
		},
	} {
		var table limits.Table
		var clock, passed atomic.Int64
		var all sync.WaitGroup
		began := time.Now()
		for range sides {
			all.Go(func() {
				for range each {
					at := began.Add(time.Duration(clock.Add(1)) * step)
					runtime.Gosched() // others may overtake between the time and its use
					if take(&table, at) == 0 {
						passed.Add(1)
					}
				}
			})
		}
		all.Wait()
		given := float64(limit.Burst) + limit.PerSecond*(each*sides*step).Seconds()
		if n := passed.Load(); float64(n) > given {
			t.Errorf("%s: %d passed, and the limit gives %.0f", name, n, given)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	var table limits.Table
	key, limit, now := limits.Key{Tenant: "acme", Part: "payments"}, &gateway.Rate{PerSecond: 1e9, Burst: 1e6}, time.Now()
	b.ReportAllocs()
	for b.Loop() {
		table.Take(key, limit, 1, now)
	}
}
