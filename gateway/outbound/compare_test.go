package outbound_test

import (
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
)

// A delivery that another process has made, and of which nobody told its lane, is found by
// looking into the store again: by a lane that stands still, by one that has never been, and
// behind others that wait. Nothing is sent twice for that.
func TestWhatNobodyToldOfIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(received) reply { return reply{status: 200} })
		defer w.stop()
		untold := func(endpoint string) {
			if err := w.store.Commit(&gateway.Change{Notice: w.notice("acme", endpoint)}); err != nil {
				t.Fatal(err)
			}
		}
		w.publish("acme", "crm")
		w.await(1)
		untold("crm")
		untold("never")
		time.Sleep(time.Hour)
		if n := w.endedIn(gateway.DeliverySucceeded); n != 1 {
			t.Fatalf("%d were sent of which nobody was told", n-1)
		}
		for range 3 {
			if err := w.lanes.Compare(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		w.await(2)
		if n := w.endedIn(gateway.DeliverySucceeded); n != 3 || len(w.receiver.all()) != 3 {
			t.Errorf("%d have succeeded, and %d were sent, want 3 and 3", n, len(w.receiver.all()))
		}
		if !w.rests() {
			t.Error("something is unfinished")
		}
	})
}
