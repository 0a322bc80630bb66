package waiting_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/waiting"
)

// A wall clock that is set by hours ends no wait early or late, and forgets nothing
// early: neither a parked callback, nor that one was taken.
func TestAStepOfTheClock(t *testing.T) {
	for name, c := range map[string]struct {
		step    time.Duration
		restart bool
	}{
		"back": {-2 * time.Hour, false}, "ahead": {2 * time.Hour, false}, "ahead by a day": {25 * time.Hour, false},
		"back, and a restart": {-2 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var off atomic.Int64
				off.Store(int64(23 * time.Hour)) // near the end of a day
				k := &kit{t: t, fs: vfs.NewMem(), dir: "data", wall: func() time.Time { return time.Now().Add(time.Duration(off.Load())) }}
				k.begin(gateway.Source{})
				defer func() { k.stop() }()
				opened := k.open(waiting.OpenRequest{Key: "waits", Timeout: time.Minute}).Wait
				k.open(waiting.OpenRequest{Key: "taken"})
				taken := k.send(sent{key: "taken", id: "once", body: paid(1)})
				early := k.send(sent{key: "early", id: "parked", body: paid(2)})
				off.Add(int64(c.step))
				if c.restart {
					k.restart()
				}
				time.Sleep(30 * time.Second)
				if err := k.store.Expire(k.now()); err != nil {
					t.Fatal(err)
				}
				if w := k.wait(opened.ID); w.State != gateway.StateWaiting {
					t.Errorf("after half of its time the wait is %s", w.State)
				}
				if again := k.send(sent{key: "taken", id: "once", body: paid(1)}); again.Outcome != gateway.OutcomeDuplicate || again.CallbackID != taken.CallbackID {
					t.Errorf("a repeat is %+v", again)
				}
				if w := k.open(waiting.OpenRequest{Key: "early"}).Wait; w.State != gateway.StateResumed || w.Callback.ID != early.CallbackID {
					t.Errorf("the parked callback is lost: %s", w.AppendJSON(nil))
				}
				time.Sleep(32 * time.Second)
				if w := k.wait(opened.ID); w.State != gateway.StateTimedOut {
					t.Errorf("after its time the wait is %s", w.State)
				}
			})
		})
	}
}
