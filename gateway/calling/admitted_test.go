package calling_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/shares"
	"hookgate/gateway/waiting"
)

// admit admits a call of the webhook hook.
func (w *world) admit(body string) (calling.Admitted, error) {
	w.t.Helper()
	q, err := calling.Read(w.acme().Webhook("hook"), []byte(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.calls.Admit(q, false)
}

// The promise of a call is one commit with its wait: whoever crashes after it finds
// both, and makes the call.
func TestPromiseIsStoredWithItsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.hook(gateway.Webhook{Mode: "async", Method: "PUT"})
		a, err := w.admit(`{"conversation_key":"k","wait":{"source":"payments"}}`)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := w.sessions.Open(context.Background(), waiting.OpenRequest{
			Source: w.acme().Source("payments"), Key: "k", Timeout: time.Minute, Mode: gateway.ModePoll, With: a.Open,
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := w.pending(); n != 1 {
			t.Fatalf("%d promised calls, want 1 with the wait", n)
		}
		a.Release() // as far as this process is concerned: it crashes
		w.crash()
		synctest.Wait()
		time.Sleep(time.Minute)
		if n := w.pending(); n != 0 || len(w.notices()) != 1 {
			t.Errorf("%d are still promised, and the platform was told %q", n, w.notices())
		}
		if _, err := w.sessions.Get("acme", opened.Wait.ID); err != nil {
			t.Error(err)
		}
	})
}

// A call that is given up gives its place back.
func TestReleaseGivesThePlaceBack(t *testing.T) {
	for name, hook := range map[string]gateway.Webhook{"async": {Mode: "async"}, "sync": {}, "continue": {OnTimeout: "continue"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.places, w.waited = shares.New(1), shares.New(1)
				w.crash()
				w.hook(hook)
				for range 3 {
					a, err := w.admit(`{}`)
					if err != nil {
						t.Fatal(err)
					}
					var full *gateway.Error
					if _, err := w.admit(`{}`); !errors.As(err, &full) || full.Code != gateway.CodeUnavailable {
						t.Errorf("a second one: %v, want unavailable", err)
					}
					a.Release()
				}
				w.call(`{}`)
			})
		})
	}
}
