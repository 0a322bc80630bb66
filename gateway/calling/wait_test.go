package calling_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/calling"
)

// TestFailedCallEndsItsWait at once, whatever it failed of.
func TestFailedCallEndsItsWait(t *testing.T) {
	for name, hook := range map[string]gateway.Webhook{
		"status": {}, "template": {Headers: gateway.Headers{{Name: "X", Value: "{{ broken }}"}}}, "blocked_target": {URL: "http://10.0.0.1/"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.backend.play(always(reply{status: 500}))
				w.hook(hook)
				wait := w.open("k")
				made, err := w.tryCall(`{"conversation_key":"k","variables":{"broken":"\n"},"wait":{"source":"payments"}}`, wait)
				if err != nil {
					t.Fatal(err)
				}
				want(t, made, "failure", name)
				if made.WaitID != wait || made.Wait == nil || made.Wait.State != gateway.StateCancelled || made.Wait.Reason != gateway.ReasonCallFailed {
					t.Errorf("wait %s %+v", made.WaitID, made.Wait)
				}
				if again := w.open("k"); again == wait {
					t.Error("the conversation cannot wait again")
				}
			})
		})
	}
}

// TestFailedCallEndsItsWaitLater where that cannot be written when the call has failed: what is
// answered waits for nothing, and the conversation can wait again as soon as it can be. It was left
// to its deadline, and the next try of the call was refused until then.
func TestFailedCallEndsItsWaitLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(func(asked) reply {
			w.sessions.Release(gateway.AllSlots())
			return reply{status: 500}
		})
		w.hook(gateway.Webhook{})
		wait, began := w.open("k"), time.Now()
		made, err := w.tryCall(`{"conversation_key":"k","wait":{"source":"payments"}}`, wait)
		if err != nil {
			t.Fatal(err)
		}
		want(t, made, "failure", "status")
		if took := time.Since(began); took > time.Second {
			t.Errorf("it was answered after %v", took)
		}
		time.Sleep(5 * time.Second)
		if err := w.sessions.Acquire(gateway.AllSlots()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if ended, err := w.sessions.Get("acme", wait); err != nil || ended.State != gateway.StateCancelled || ended.Reason != gateway.ReasonCallFailed {
			t.Errorf("the wait is %+v, %v", ended, err)
		}
		w.open("k")
	})
}

// TestAliasIsLearnedBeforeTheAnswer, durably.
func TestAliasIsLearnedBeforeTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(func(q asked) reply {
			return reply{body: fmt.Sprintf(`{"payment":{"id":"pi_%d","url":"https://pay.example/p/pi_%d/"}}`, q.n, q.n)}
		})
		w.hook(gateway.Webhook{Method: "POST"})
		for i, path := range []string{"payment.id", "/payment/id", "$.payment.id", "{{ payment.id }}", "payment.url"} {
			key := fmt.Sprintf("k%d", i)
			wait := w.open(key)
			made, err := w.tryCall(`{"conversation_key":"`+key+`","wait":{"source":"payments","alias_path":"`+path+`"}}`, wait)
			if err != nil {
				t.Fatal(err)
			}
			want(t, made, "success", "")
			if made.Wait == nil || made.Wait.ID != wait || made.Wait.State != gateway.StateWaiting || len(made.Errors) != 0 {
				t.Errorf("wait %+v, errors %v", made.Wait, made.Errors)
			}
			if alias := fmt.Sprintf("pi_%d", i+1); !slices.Equal(made.Wait.Aliases, []string{alias}) { // c27
				t.Errorf("the call shows the aliases %v, want %s", made.Wait.Aliases, alias)
			}
			w.crash()
			if line := w.timeline(fmt.Sprintf("pi_%d", i+1)); len(line) != 1 || !strings.HasPrefix(line[0], "wait "+wait) {
				t.Errorf("by its alias from %s the conversation has %v", path, line)
			}
		}
	})
}

// TestAliasThatIsNotThere: the backend did its work, so the call is good; it says
// what is missing.
func TestAliasThatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.hook(gateway.Webhook{})
		wait := w.open("k")
		made, err := w.tryCall(`{"conversation_key":"k","wait":{"alias_path":"payment.id"}}`, wait)
		if err != nil {
			t.Fatal(err)
		}
		want(t, made, "success", "")
		if len(made.Errors) != 1 || made.Errors[0].Path != "wait.alias_path" || made.Wait.State != gateway.StateWaiting {
			t.Errorf("%v, wait %s", made.Errors, made.Wait.State)
		}
	})
}

// forgetful cannot store aliases.
type forgetful struct{ calling.Waits }

func (forgetful) Alias(context.Context, string, string, string) error { return errDisk }

// TestAliasThatCannotBeStored: the call was made, and must not be made again.
func TestAliasThatCannotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(always(reply{body: `{"id":"pi_1"}`}))
		w.hook(gateway.Webhook{})
		o := w.made
		o.Waits = forgetful{w.sessions}
		q, err := calling.Read(w.acme().Webhook("hook"), []byte(`{"conversation_key":"k","wait":{"alias_path":"id"}}`))
		if err != nil {
			t.Fatal(err)
		}
		q.Open = w.had(w.open("k"))
		made, err := w.another(o).Call(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		want(t, made, "success", "")
		if len(made.Errors) != 1 || made.Errors[0].Path != "wait.alias_path" || made.Wait == nil {
			t.Errorf("%v, wait %+v", made.Errors, made.Wait)
		}
	})
}

// TestPanicIsAFailure: of the call, and of nothing else.
func TestPanicIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.hook(gateway.Webhook{})
		q, err := calling.Read(w.acme().Webhook("hook"), []byte(`{"conversation_key":"k"}`))
		if err != nil {
			t.Fatal(err)
		}
		broken := *q.Webhook
		broken.Response = nil
		q.Webhook = &broken
		made, err := w.calls.Call(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		want(t, made, "failure", "interrupted")
		want(t, w.call(`{}`), "success", "")
		if !strings.Contains(w.log.String(), "a call panicked") {
			t.Error("nothing in the log")
		}
	})
}
