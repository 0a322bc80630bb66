package outbound_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway/outbound"
)

// Deliveries of one tenant to several endpoints that refuse them all, tried again without
// a pause and without an end: each comes once, and of what comes again there is a burst
// of 1000 and 500 a second.
func TestRetriesWithoutAPauseHaveARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const deliveries, most = 30, 1500
		w := bubble(t, func(r received) reply {
			if r.n > 2*most {
				return reply{} // it is enough, where nothing holds them back
			}
			return reply{status: 500}
		})
		defer w.stop()
		w.to(func(target *outbound.Target) {
			target.Breaker = nil
			target.Retry.Initial, target.Retry.Max, target.Retry.MaxAttempts = time.Millisecond, time.Millisecond, 100_000
		})
		for i := range deliveries {
			w.publish("acme", fmt.Sprint("crm", i%3))
		}
		time.Sleep(time.Second) // of fake time
		_ = w.halt()            // nothing comes any more
		if retries := len(w.receiver.all()) - deliveries; retries < most-1 || retries > most {
			t.Errorf("%d retries in the first second, want %d", retries, most)
		}
	})
}
