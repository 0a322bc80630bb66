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

// asking gives the request for a call of the webhook hook, with what opens its wait.
func (w *world) asking(body string, open func(context.Context, func(string) *gateway.Change) (*gateway.Wait, error)) calling.Request {
	w.t.Helper()
	q, err := calling.Read(w.acme().Webhook("hook"), []byte(body))
	if err != nil {
		w.t.Fatal(err)
	}
	q.Open = open
	return q
}

// opening opens a wait for the conversation k, with what is promised with it.
func (w *world) opening(ctx context.Context, promise func(string) *gateway.Change) (*gateway.Wait, error) {
	opened, err := w.sessions.Open(ctx, waiting.OpenRequest{
		Source: w.acme().Source("payments"), Key: "k", Timeout: time.Minute, Mode: gateway.ModePoll, With: promise,
	})
	return opened.Wait, err
}

var errCrashed = gateway.Unavailable("this process is as good as gone", time.Second)

// The promise of a call is one commit with its wait: whoever crashes after it finds
// both, and makes the call.
func TestPromiseIsStoredWithItsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.hook(gateway.Webhook{Mode: "async", Method: "PUT"})
		var opened *gateway.Wait
		q := w.asking(`{"conversation_key":"k","wait":{"source":"payments"}}`, func(ctx context.Context, promise func(string) *gateway.Change) (_ *gateway.Wait, err error) {
			if opened, err = w.opening(ctx, promise); err != nil {
				return nil, err
			}
			return nil, errCrashed
		})
		if _, err := w.calls.Call(context.Background(), q); !errors.Is(err, errCrashed) {
			t.Fatal(err)
		}
		if n := w.pending(); n != 1 {
			t.Fatalf("%d promised calls, want 1 with the wait", n)
		}
		w.crash()
		synctest.Wait()
		time.Sleep(time.Minute)
		if n := w.pending(); n != 0 || len(w.notices()) != 1 {
			t.Errorf("%d are still promised, and the platform was told %q", n, w.notices())
		}
		if _, err := w.sessions.Get("acme", opened.ID); err != nil {
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
				refused := gateway.Errorf(gateway.CodeWaitExists, "the conversation waits")
				for range 3 {
					q := w.asking(`{}`, func(context.Context, func(string) *gateway.Change) (*gateway.Wait, error) {
						var full *gateway.Error
						if _, err := w.tryCall(`{}`, ""); !errors.As(err, &full) || full.Code != gateway.CodeUnavailable {
							t.Errorf("a second one: %v, want unavailable", err)
						}
						return nil, refused
					})
					if _, err := w.calls.Call(context.Background(), q); !errors.Is(err, refused) {
						t.Fatal(err)
					}
				}
				w.call(`{}`)
			})
		})
	}
}
