package limits_test

import (
	"testing"
	"time"

	"hookgate/gateway"
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
