package outbound_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
)

// Retries of a tenant that has its share of a disk that is nearly full wait until there is
// room, and what comes for the first time goes.
func TestRetriesSpareTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(500))
		defer w.stop()
		_ = w.halt()
		var short atomic.Bool
		short.Store(true)
		w.options.Spare = func(tenant string) bool { return tenant == "acme" && short.Load() }
		w.start()
		n := w.publish("acme", gateway.PlatformEndpoint)
		time.Sleep(time.Hour)
		if got := len(w.receiver.all()); got != 1 {
			t.Fatalf("%d attempts while the disk is nearly full", got)
		}
		if d, _ := w.read(n); d.State != gateway.DeliveryRetrying {
			t.Errorf("it is %s", d.State)
		}
		short.Store(false)
		time.Sleep(time.Minute)
		if got := len(w.receiver.all()); got < 2 {
			t.Errorf("%d attempts, and there was room for a minute", got)
		}
	})
}
