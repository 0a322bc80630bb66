package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// The first collection is put off, and none behind it: the setting is back as soon as it has been.
func TestFirstCollectionIsPutOff(t *testing.T) {
	was := debug.SetGCPercent(50)
	t.Cleanup(func() { debug.SetGCPercent(was) })
	collectLater()
	if now := gcPercent(); now != 200 {
		t.Fatalf("GOGC is %d, want 4 times 50", now)
	}
	runtime.GC()
	for end := time.Now().Add(10 * time.Second); gcPercent() != 50; runtime.Gosched() { // a goroutine of the run time's sets it
		if time.Now().After(end) {
			t.Fatalf("GOGC is %d behind a collection, want 50", gcPercent())
		}
	}
	debug.SetGCPercent(-1)
	collectLater()
	if now := gcPercent(); int64(now) >= 0 {
		t.Errorf("GOGC was off, and is %d", now)
	}
}

func gcPercent() uint64 {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
