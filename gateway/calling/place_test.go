package calling_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/shares"
)

// contended gives a budget of which another tenant has some.
func contended(most int64) *shares.Budget {
	b := shares.New(most)
	b.Take(shares.Tenant("bystander"), 1)
	return b
}

// A tenant whose backends hang leaves room to others, whatever the mode of its calls,
// and has its own again when they have ended.
func TestHangingCallsAreShared(t *testing.T) {
	for _, c := range []struct {
		name string
		hook gateway.Webhook
		call func(*world, string) error
		says string
	}{
		{"async", gateway.Webhook{Mode: "async"}, (*world).callFails, "bounds.calls"},
		{"sync", gateway.Webhook{}, (*world).callFails, "bounds.waited_calls"},
		{"continue", gateway.Webhook{OnTimeout: "continue"}, (*world).callFails, "bounds.waited_calls"},
		{"run", gateway.Webhook{Mode: "async"}, (*world).runFails, "bounds.waited_calls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.places, w.waited, w.requests = contended(8), contended(8), contended(1<<20)
				w.crash()
				w.backend.play(always(reply{hang: true}))
				c.hook.Timeout = span(5 * time.Second)
				w.hook(c.hook)
				var calls sync.WaitGroup
				for range 2 {
					calls.Go(func() {
						if err := c.call(w, `{}`); err != nil {
							t.Error(err)
						}
					})
				}
				synctest.Wait()
				if err := c.call(w, `{}`); coded(t, err, gateway.CodeUnavailable).RetryAfter <= 0 || !strings.Contains(err.Error(), c.says) {
					t.Errorf("one more: %v", err)
				}
				if !w.places.Take(shares.Tenant("another"), 1) || !w.waited.Take(shares.Tenant("another"), 1) {
					t.Error("nothing is left to others")
				}
				calls.Wait()
				time.Sleep(time.Hour)
				synctest.Wait()
				w.places.Give(shares.Tenant("another"), 1)
				w.waited.Give(shares.Tenant("another"), 1)
				for name, b := range map[string]*shares.Budget{"calls": w.places, "waited": w.waited, "requests": w.requests} {
					if used := b.Stat().Used; used != 1 {
						t.Errorf("%s: %d are still taken", name, used)
					}
				}
			})
		})
	}
}

func (w *world) callFails(body string) error {
	_, err := w.tryCall(body, "")
	return err
}

func (w *world) runFails(body string) error {
	q, err := calling.Read(w.acme().Webhook("hook"), []byte(body))
	if err != nil {
		return err
	}
	_, err = w.calls.Run(context.Background(), q)
	return err
}

// Large requests of hanging calls are shared by their memory.
func TestLargeRequestsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.requests = contended(4000)
		w.crash()
		w.backend.play(always(reply{hang: true}))
		w.hook(gateway.Webhook{Mode: "async"})
		large := `{"variables":{"x":"` + strings.Repeat("x", 600) + `"}}`
		w.call(large)
		err := w.callFails(large)
		if coded(t, err, gateway.CodeUnavailable); !strings.Contains(err.Error(), "bounds.call_requests") {
			t.Errorf("one more: %v", err)
		}
	})
}

// What a former process promised has its place, however little there is now, and
// gives it back.
func TestRecoveredCallsHavePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(always(reply{hang: true}))
		w.hook(gateway.Webhook{Method: "GET", Mode: "async", Timeout: span(time.Second)})
		for range 5 {
			w.call(`{}`)
		}
		w.places = shares.New(2)
		w.crash()
		if used := w.places.Stat().Used; used != 5 {
			t.Errorf("%d are taken", used)
		}
		for range 5 {
			<-w.told
		}
		synctest.Wait()
		if used := w.places.Stat().Used; used != 0 {
			t.Errorf("%d are taken at the end", used)
		}
	})
}
