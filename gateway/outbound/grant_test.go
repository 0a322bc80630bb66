package outbound_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"hookgate/gateway/outbound"
	"hookgate/gateway/shares"
)

// A tenant with many endpoints that take nothing has its share of the places in
// memory, and no more: others find some, its own rest on disk, and all is delivered
// in the end. Then the places are free again.
func TestWindowsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(204))
		defer w.stop()
		_ = w.halt()
		w.options.Windows = shares.New(2000)
		w.start()
		target := *w.target
		w.setTarget(nil)
		w.options.Windows.Take(shares.Tenant("bystander"), 1)
		const lanes, each = 20, 100
		for i := range lanes {
			for range each {
				w.publish("acme", fmt.Sprint("e", i))
			}
		}
		synctest.Wait()
		if s := w.options.Windows.Stat(); s.Largest > 500 || s.Largest < 100 {
			t.Errorf("it has %d of %d places", s.Largest, s.Most)
		}
		if !w.options.Windows.Take(shares.Tenant("another"), 400) {
			t.Error("nothing is left to others")
		}
		w.options.Windows.Give(shares.Tenant("another"), 400)
		depth := 0
		w.lanes.Stats(func(s outbound.Stat) { depth += s.Depth })
		if depth != lanes*each {
			t.Errorf("%d are unfinished", depth)
		}
		w.setTarget(&target)
		w.await(lanes * each)
		if !w.rests() {
			t.Error("something is left")
		}
		if used := w.options.Windows.Stat().Used; used != 1 {
			t.Errorf("%d places are still taken", used)
		}
		for range 2 * each {
			w.publish("acme", "late")
		}
		w.await(2 * each)
		w.setTarget(nil)
		for range each {
			w.publish("acme", "gone")
		}
		if err := w.lanes.Dropped("acme", "gone"); err != nil {
			t.Fatal(err)
		}
		if used := w.options.Windows.Stat().Used; used != 1 {
			t.Errorf("%d places are taken for a lane that is gone", used)
		}
	})
}
