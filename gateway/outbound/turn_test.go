package outbound_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
)

// TestHangingEndpointsHoldUpNobody: with few places and many deliveries for
// endpoints that hang, all others are served at once.
func TestHangingEndpointsHoldUpNobody(t *testing.T) {
	for name, c := range map[string]struct {
		other string
		hangs int // endpoints
	}{
		"one, and another tenant":       {"globex", 1},
		"one, and others of its tenant": {"acme", 1},
		"many, and another tenant":      {"globex", 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hung atomic.Int32
				w := bubble(t, func(r received) reply {
					if strings.HasPrefix(r.header.Get("X-To"), "hangs") {
						hung.Add(1)
						return reply{hang: true}
					}
					return reply{}
				})
				defer w.stop()
				_ = w.halt()
				w.options.Limit = 8
				w.options.Targets = func(_, endpoint string) *outbound.Target {
					to := *w.target
					to.Headers = []directory.Header{{Name: "X-To", Value: endpoint}}
					to.Timeout = time.Minute
					return &to
				}
				w.start()
				for i := range 100 {
					w.publish("acme", fmt.Sprintf("hangs%d", i%c.hangs))
				}
				synctest.Wait()
				if n := hung.Load(); n == 0 || n > 4 {
					t.Errorf("%d of 8 places are taken by one tenant", n)
				}
				begun := time.Now()
				for i := range 100 {
					w.publish(c.other, fmt.Sprintf("good%d", i%5))
				}
				w.await(100)
				if took := time.Since(begun); took != 0 {
					t.Errorf("the others took %s of fake time", took)
				}
			})
		})
	}
}
