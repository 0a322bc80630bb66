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
	"hookgate/gateway/shares"
)

// TestHangingEndpointsHoldUpNobody: with few places and many deliveries for
// endpoints that hang, all others are served at once.
func TestHangingEndpointsHoldUpNobody(t *testing.T) {
	for name, c := range map[string]struct {
		other    string
		hangs    int // endpoints
		children int // whose they are; 0: the tenant's own
	}{
		"one, and another tenant":       {"globex", 1, 0},
		"one, and others of its tenant": {"acme", 1, 0},
		"many, and another tenant":      {"globex", 100, 0},
		"those of many children":        {"globex", 1, 50},
		"a child's, and another child":  {"acme1", 1, 1},
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
				w.options.Holder = func(tenant string) shares.Holder {
					if tenant != "acme" && strings.HasPrefix(tenant, "acme") {
						return shares.Tenant(tenant, "acme")
					}
					return shares.Tenant(tenant)
				}
				w.options.Targets = func(_, endpoint string) *outbound.Target {
					to := *w.target
					to.Headers = []directory.Header{{Name: "X-To", Value: endpoint}}
					to.Timeout = time.Minute
					return &to
				}
				w.start()
				for i := range 100 {
					tenant := "acme"
					if c.children > 0 {
						tenant = fmt.Sprint("acme", i%c.children)
					}
					w.publish(tenant, fmt.Sprintf("hangs%d", i%c.hangs))
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
