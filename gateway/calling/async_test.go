package calling_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/directory"
	"hookgate/gateway/shares"
)

// notice gives the one notice of a call, and fails the test where there are others.
func (w *world) notice(id string) gjson.Result {
	w.t.Helper()
	all := w.notices()
	if len(all) != 1 {
		w.t.Fatalf("%d notices: %s", len(all), strings.Join(all, "\n"))
	}
	n := gjson.Parse(all[0])
	if n.Get("type").Str != "call.finished" || n.Get("data.id").Str != id {
		w.t.Fatalf("the notice is %s", all[0])
	}
	return n.Get("data")
}

// TestAsync: pending at once, its outcome in one notice, one line in the timeline.
func TestAsync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(func(q asked) reply {
			return reply{status: []int{500, 200}[q.n-1], body: `{"a":7}`, after: 20 * time.Second}
		})
		w.hook(gateway.Webhook{
			Method: "POST", Mode: "async", Timeout: span(30 * time.Second), Retry: schedule(time.Hour),
			Response: gateway.Response{Variables: []gateway.Variable{{Name: "a", Path: "a"}}},
		})
		made := w.call(`{"conversation_key":"k","context":{"step":1}}`)
		want(t, made, "pending", "")
		if !made.EndedAt.IsZero() || w.pending() != 1 || string(made.Context) != `{"step":1}` {
			t.Errorf("%+v, %d stored", made, w.pending())
		}
		if line := w.timeline("k"); len(line) != 1 || !strings.Contains(line[0], `"outcome":"pending"`) {
			t.Errorf("timeline %v", line)
		}
		<-w.told
		data := w.notice(made.ID)
		if got := data.Get("[outcome,status,attempts,variables,context,duration_ms]").Raw; got != `["success",200,2,{"a":7},{"step":1},3640000]` {
			t.Errorf("%s", got)
		}
		if w.pending() != 0 {
			t.Error("it is still promised")
		}
		if line := w.timeline("k"); len(line) != 1 || !strings.Contains(line[0], `"outcome":"success"`) {
			t.Errorf("timeline %v", line)
		}
	})
}

// TestAsyncNeedsAPlatform, and a place.
func TestAsyncNeedsAPlatform(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.tenant.Platform = nil
		for _, hook := range []gateway.Webhook{{Mode: "async"}, {OnTimeout: "continue"}} {
			w.hook(hook)
			_, err := w.tryCall(`{}`, "")
			coded(t, err, gateway.CodePlatformNotConfigured)
			w.run(`{}`) // it tells its outcome itself
		}
	})
}

// TestContinue: a sync call becomes a pending one at its deadline, and goes on for
// a minute from its start.
func TestContinue(t *testing.T) {
	for name, c := range map[string]struct {
		after  time.Duration
		hang   bool
		answer string // outcome and reason, at once
		notice string
		took   time.Duration
	}{
		"in time":   {after: 4 * time.Second, answer: "success "},
		"later":     {after: 20 * time.Second, answer: "pending ", notice: "success ", took: 20 * time.Second},
		"too late":  {after: 2 * time.Minute, answer: "pending ", notice: "failure timeout", took: time.Minute},
		"never":     {hang: true, answer: "pending ", notice: "failure timeout", took: time.Minute},
		"just then": {after: 5*time.Second + 1, answer: "pending ", notice: "success ", took: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.backend.play(always(reply{after: c.after, hang: c.hang}))
				w.hook(gateway.Webhook{Method: "POST", OnTimeout: "continue"})
				began := time.Now()
				made := w.call(`{"conversation_key":"k"}`)
				if got := string(made.Outcome) + " " + made.Reason; got != c.answer {
					t.Fatalf("answered %s", got)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("answered after %s", took)
				}
				if c.notice == "" {
					if n := w.notices(); len(n) != 0 || w.pending() != 0 {
						t.Errorf("%d pending, notices %v", w.pending(), n)
					}
					return
				}
				<-w.told
				data := w.notice(made.ID)
				if got := data.Get("outcome").Str + " " + data.Get("reason").Str; got != c.notice {
					t.Errorf("told %s", got)
				}
				if took := time.Since(began).Truncate(time.Millisecond); took != c.took || w.pending() != 0 {
					t.Errorf("after %s, %d pending", took, w.pending())
				}
				if len(w.backend.all()) != 1 || len(w.timeline("k")) != 1 {
					t.Errorf("%d requests, timeline %v", len(w.backend.all()), w.timeline("k"))
				}
			})
		})
	}
}

// TestLimit: no more calls under way than that; one that would go on then ends as
// any other.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.places = shares.New(3) // alone it gets all but a quarter
		w.crash()
		w.backend.play(always(reply{hang: true}))
		w.hook(gateway.Webhook{Mode: "async"})
		w.call(`{}`)
		w.call(`{}`)
		_, err := w.tryCall(`{}`, "")
		if refused := coded(t, err, gateway.CodeUnavailable); refused.RetryAfter <= 0 {
			t.Error("no Retry-After")
		}
		w.hook(gateway.Webhook{OnTimeout: "continue", Timeout: span(time.Second)})
		began := time.Now()
		want(t, w.call(`{}`), "failure", "timeout")
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %s", took)
		}
		<-w.told
		<-w.told
		synctest.Wait()
		want(t, w.call(`{}`), "pending", "")
	})
}

// TestCrash: what was promised before the power went is told exactly once, however
// often the process dies on the way.
func TestCrash(t *testing.T) {
	for method, c := range map[string]struct {
		notice   string
		requests int
	}{
		"GET": {"success ", 3}, "PUT": {"success ", 3}, "POST": {"failure interrupted", 1}, "PATCH": {"failure interrupted", 1},
	} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.backend.play(func(q asked) reply { return reply{hang: q.n < c.requests} })
				if c.requests == 1 {
					w.backend.play(always(reply{hang: true}))
				}
				w.hook(gateway.Webhook{Method: method, Mode: "async", Timeout: span(time.Minute)})
				wait := w.open("k")
				made, err := w.tryCall(`{"conversation_key":"k","variables":{"x":1}}`, wait)
				if err != nil {
					t.Fatal(err)
				}
				<-w.backend.heard
				w.crash()
				if c.requests > 1 {
					<-w.backend.heard
					w.crash()
				}
				<-w.told
				synctest.Wait()
				data := w.notice(made.ID)
				if got := data.Get("outcome").Str + " " + data.Get("reason").Str; got != c.notice {
					t.Errorf("told %s", got)
				}
				if data.Get("conversation_key").Str != "k" || data.Get("wait_id").Str != wait || data.Get("created_at").Str == "" {
					t.Errorf("it lost something: %s", data.Raw)
				}
				if state := data.Get("wait.state").Str; (state == "cancelled") != (c.requests == 1) {
					t.Errorf("its wait is %s", state)
				}
				w.crash()
				if err := w.calls.Acquire(gateway.AllSlots()); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				w.notice(made.ID)
				if n := len(w.backend.all()); n != c.requests || w.pending() != 0 {
					t.Errorf("%d requests, %d pending", n, w.pending())
				}
				calls := slices.DeleteFunc(w.timeline("k"), func(line string) bool { return !strings.HasPrefix(line, "call ") })
				if len(calls) != 1 {
					t.Errorf("timeline %v", calls)
				}
			})
		})
	}
}

// TestCrashBetweenWaitAndOutcome: where the wait of a call was ended because the call
// failed, and the power went before that was told, it is not made again.
func TestCrashBetweenWaitAndOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(always(reply{hang: true}))
		w.hook(gateway.Webhook{Mode: "async", Timeout: span(time.Minute)})
		wait := w.open("k")
		made, err := w.tryCall(`{"conversation_key":"k"}`, wait)
		if err != nil {
			t.Fatal(err)
		}
		<-w.backend.heard
		if _, err := w.sessions.Cancel(t.Context(), "acme", wait, gateway.ReasonCallFailed); err != nil {
			t.Fatal(err)
		}
		w.crash()
		<-w.told
		synctest.Wait()
		if data := w.notice(made.ID); data.Get("reason").Str != "interrupted" || len(w.backend.all()) != 1 {
			t.Errorf("%d requests; told %s", len(w.backend.all()), data.Raw)
		}
	})
}

// TestCrashOfContinue: at its deadline a call is promised before it is answered.
func TestCrashOfContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(func(q asked) reply { return reply{hang: q.n == 1, after: 50 * time.Second} })
		w.hook(gateway.Webhook{OnTimeout: "continue"})
		made := w.call(`{}`)
		want(t, made, "pending", "")
		w.crash()
		<-w.told // the second attempt has a minute of its own
		if got := w.notice(made.ID).Get("outcome").Str; got != "success" {
			t.Errorf("told %s", got)
		}
	})
}

// TestRecoverWithoutWebhook: it was deleted, or switched off, or changed into one
// that may not be called twice.
func TestRecoverWithoutWebhook(t *testing.T) {
	for name, after := range map[string]map[string]gateway.Webhook{
		"deleted": nil, "off": nil, "changed": {"hook": {URL: "http://93.184.215.14/", Method: "POST", Mode: "async"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.backend.play(always(reply{hang: true}))
				w.hook(gateway.Webhook{Mode: "async"})
				made := w.call(`{"conversation_key":"k","context":{"a":1}}`)
				<-w.backend.heard
				w.configure(after)
				if name == "off" {
					w.off = &directory.Webhook{ID: "hook", Tenant: w.acme()}
				}
				w.crash()
				<-w.told
				data := w.notice(made.ID)
				if got := data.Get("[tenant,webhook,conversation_key,reason,attempts,context]").Raw; got != `["acme","hook","k","interrupted",0,{"a":1}]` {
					t.Errorf("%s", got)
				}
			})
		})
	}
}

// TestDrain: what ends in time is settled, the rest stays promised; nothing new
// that might outlast it is taken.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(func(q asked) reply {
			switch q.uri {
			case "/soon":
				return reply{after: 5 * time.Second}
			case "/retry":
				return reply{status: []int{500, 200}[min(q.n, 4)/4]}
			case "/rest":
				return reply{status: 500}
			}
			return reply{hang: true}
		})
		hook := func(path string, retry *gateway.Retry) *gateway.Call {
			w.hook(gateway.Webhook{URL: path, Mode: "async", Timeout: span(time.Minute), Retry: retry})
			return w.call(`{}`)
		}
		hook("/soon", nil)
		hook("/retry", schedule(3*time.Second))
		hook("/rest", schedule(time.Hour))
		hook("/hangs", nil)
		for range 4 {
			<-w.backend.heard
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		began := time.Now()
		drained := make(chan error)
		go func() { drained <- w.calls.Drain(ctx) }()
		synctest.Wait()
		_, err := w.tryCall(`{}`, "")
		coded(t, err, gateway.CodeDraining)
		if err := <-drained; err == nil || !strings.Contains(err.Error(), "1 pending calls") || time.Since(began) != 15*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if n := len(w.notices()); n != 2 || w.pending() != 2 {
			t.Errorf("%d notices, %d pending", n, w.pending())
		}
	})
}

// TestForget: the calls of a tenant that is no more end without an outcome.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(always(reply{hang: true}))
		w.hook(gateway.Webhook{Mode: "async"})
		w.call(`{}`)
		<-w.backend.heard
		w.calls.Forget("acme")
		synctest.Wait()
		if n := len(w.notices()); n != 0 {
			t.Errorf("%d notices", n)
		}
		if err := w.calls.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// faulty is a store whose disk is full while it is told to be.
type faulty struct {
	calling.Store
	full *atomic.Bool
}

var errDisk = gateway.Unavailable("no room on the disk", time.Second)

func (f *faulty) Commit(changes ...*gateway.Change) error {
	if f.full.Load() {
		return errDisk
	}
	return f.Store.Commit(changes...)
}

// TestFullDisk: nothing is promised that cannot be stored, an outcome waits for
// room, and a sync call needs none.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		var full atomic.Bool
		w.wrap = func(s calling.Store) calling.Store { return &faulty{s, &full} }
		w.crash()
		w.backend.play(always(reply{after: 10 * time.Second}))
		w.hook(gateway.Webhook{Mode: "async", Timeout: span(time.Minute)})
		made := w.call(`{}`)
		full.Store(true)
		_, err := w.tryCall(`{}`, "")
		if !errors.Is(err, errDisk) {
			t.Errorf("an async call: %v", err)
		}
		w.hook(gateway.Webhook{OnTimeout: "continue", Timeout: span(time.Second)})
		want(t, w.call(`{}`), "failure", "timeout") // it was made, and cannot be promised: its time is over
		w.hook(gateway.Webhook{Timeout: span(time.Minute)})
		want(t, w.call(`{"conversation_key":"k"}`), "success", "")
		time.Sleep(time.Hour)
		if n := len(w.notices()); n != 0 {
			t.Fatalf("%d notices", n)
		}
		full.Store(false)
		<-w.told
		if got := w.notice(made.ID).Get("duration_ms").Int(); got != 10_000 {
			t.Errorf("it took %d ms", got)
		}
	})
}

// TestManyAtOnce: sync, async and continuing calls of one webhook beside each other
// keep their memory apart.
func TestManyAtOnce(t *testing.T) {
	w := real(t)
	w.backend.play(func(q asked) reply { return reply{body: q.body} })
	webhooks := map[string]gateway.Webhook{}
	for id, hook := range map[string]gateway.Webhook{"sync": {}, "async": {Mode: "async"}, "continue": {OnTimeout: "continue"}} {
		hook.URL, hook.Method, hook.Body = w.url, "POST", raw(`{"n":"{{ n }}"}`)
		hook.Response.Variables = []gateway.Variable{{Name: "n", Path: "n"}}
		webhooks[id] = hook
	}
	w.configure(webhooks)
	const each = 50
	done := make(chan error, 3*each)
	pending := atomic.Int32{}
	for id := range webhooks {
		for n := range each {
			go func() {
				q, err := calling.Read(w.acme().Webhook(id), fmt.Appendf(nil, `{"variables":{"n":%d},"context":{"n":%d}}`, n, n))
				if err != nil {
					done <- err
					return
				}
				made, err := w.calls.Call(context.Background(), q)
				switch {
				case err != nil:
				case made.Outcome == gateway.CallPending:
					pending.Add(1)
				case string(made.Variables) != fmt.Sprintf(`{"n":%d}`, n) || string(made.Body) != string(made.Variables):
					err = fmt.Errorf("call %d of %s: %s %s, variables %s", n, id, made.Outcome, made.Reason, made.Variables)
				}
				done <- err
			}()
		}
	}
	for range 3 * each {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for range pending.Load() {
		<-w.told
	}
	for _, n := range w.notices() {
		data := gjson.Get(n, "data")
		if data.Get("context.n").Raw != data.Get("variables.n").Raw || data.Get("outcome").Str != "success" {
			t.Errorf("%s", n)
		}
	}
}
