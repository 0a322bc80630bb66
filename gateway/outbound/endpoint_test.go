package outbound_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/retry"
)

// inBubble plays a world with an endpoint crm of acme.
func inBubble(t *testing.T, script func(received) reply, play func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, script)
		defer w.stop()
		w.to(func(to *outbound.Target) { to.Form = outbound.Envelope })
		play(t, w)
	})
}

func (w *world) status() outbound.Status {
	w.t.Helper()
	synctest.Wait()
	s, err := w.lanes.Status("acme", "crm")
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) state(n *gateway.Notice) gateway.DeliveryState {
	w.t.Helper()
	d, _, err := w.carrier(&n.Event)
	if err != nil {
		w.t.Fatal(err)
	}
	return d.State
}

func TestForms(t *testing.T) {
	inBubble(t, always(200), func(t *testing.T, w *world) {
		const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		signer, faults := signature.CompileSigner(signature.Config{Type: "standard", Secrets: []string{key}})
		oracle, err := standardwebhooks.NewWebhook(key)
		if faults != nil || err != nil {
			t.Fatal(faults, err)
		}
		w.to(func(to *outbound.Target) {
			to.Token, to.Signer = directory.Header{Name: "X-Webhook-Token", Value: "tok"}, signer
		})
		n := w.accept("crm", "c", 1)
		w.await(1)
		w.to(func(to *outbound.Target) { to.Form = outbound.CloudEvents })
		w.accept("crm", "c", 2)
		w.await(1)
		w.to(func(to *outbound.Target) { to.MaxEvents, to.MaxWait = 2, time.Second })
		w.acceptAll("crm", item{Conversation: "c", N: 3}, item{N: 4})
		w.await(1)
		got := w.receiver.all()
		if want := fmt.Sprintf(`{"events":[%s]}`, n.Event.Body); string(got[0].body) != want || got[0].id() != n.Event.ID || got[0].header.Get("X-Webhook-Token") != "tok" {
			t.Errorf("%s, %v", got[0].body, got[0].header)
		}
		type cloudEvent struct {
			Specversion, ID, Source, Type, Subject string
			Time                                   time.Time
			Data                                   item
		}
		var one cloudEvent
		var many []cloudEvent
		if json.Unmarshal(got[1].body, &one) != nil || json.Unmarshal(got[2].body, &many) != nil || len(many) != 2 {
			t.Fatalf("%s\n%s", got[1].body, got[2].body)
		}
		if one.Specversion != "1.0" || one.Source != "/tenants/acme" || one.Type != "message" || one.Subject != "c" || one.ID != got[1].id() ||
			!one.Time.Equal(time.Now().Truncate(time.Second)) || one.Data.N != 2 || many[1].Subject != "" || many[1].Data.N != 4 {
			t.Errorf("%+v %+v", one, many)
		}
		for i, want := range []string{"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"} {
			if h := got[i].header.Get("Content-Type"); h != want {
				t.Errorf("%s, want %s", h, want)
			}
			if err := oracle.VerifyIgnoringTimestamp(got[i].body, got[i].header); err != nil {
				t.Errorf("request %d: %v", i+1, err)
			}
		}
		if !strings.HasPrefix(got[2].id(), gateway.PrefixDelivery) {
			t.Errorf("a batch is known as %s", got[2].id())
		}
	})
}

// TestBatches: full ones at once, others when the oldest has waited; a failed one
// goes again as it was, alone, under the same id.
func TestBatches(t *testing.T) {
	inBubble(t, func(r received) reply {
		if r.n == 3 {
			return reply{status: 500}
		}
		return reply{}
	}, func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) { to.MaxEvents, to.MaxWait = 3, time.Minute })
		begun := time.Now()
		for n := range 7 {
			w.accept("crm", "", n+1)
		}
		w.await(2)
		time.Sleep(time.Minute + 2*time.Second)
		w.acceptAll("crm", item{N: 8}, item{N: 9}, item{N: 10}) // the seventh is to be retried, alone
		w.await(2)
		got := w.receiver.all()
		var all [][]int
		for _, r := range got {
			var numbers []int
			for _, i := range items(t, r) {
				numbers = append(numbers, i.N)
			}
			all = append(all, numbers)
		}
		// The first two are sent in one moment, over two connections.
		slices.SortFunc(all[:2], slices.Compare[[]int])
		if fmt.Sprint(all) != "[[1 2 3] [4 5 6] [7] [8 9 10] [7]]" {
			t.Fatalf("%v", all)
		}
		for i, want := range []time.Duration{0, 0, time.Minute, time.Minute + 2*time.Second, time.Minute + 5*time.Second} {
			if at := got[i].at.Sub(begun); at != want {
				t.Errorf("request %d after %s, want %s", i+1, at, want)
			}
		}
		if got[4].id() != got[2].id() {
			t.Errorf("%s, then %s", got[2].id(), got[4].id())
		}
		if s := w.stat("acme", "crm"); s.Depth != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Large events do not travel together: an attempt has several copies of what it carries.
func TestBatchesOfLargeEvents(t *testing.T) {
	inBubble(t, always(200), func(t *testing.T, w *world) {
		var n atomic.Int32
		_ = w.halt()
		w.wrap = func(b outbound.Backlog) outbound.Backlog { return loading{b, &n} }
		w.start()
		w.to(func(to *outbound.Target) { to.MaxEvents, to.MaxWait = 10, time.Minute })
		large := strings.Repeat("x", 600<<10)
		const many = 10
		all := make([]item, many)
		for i := range all {
			all[i] = item{N: i + 1, Conversation: large}
		}
		w.acceptAll("crm", all...)
		w.await(many)
		for _, r := range w.receiver.all() {
			if n := len(items(t, r)); n != 1 {
				t.Errorf("%d events of 600 KiB travel together", n)
			}
		}
		if n := n.Load(); n > 3*many { // each reads the one that has no room, and not all behind it
			t.Errorf("to send %d events %d were read", many, n)
		}
	})
}

func TestRateLimit(t *testing.T) {
	inBubble(t, always(200), func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) { to.Rate = &gateway.Rate{PerSecond: 10, Burst: 5} })
		for n := range 25 {
			w.accept("crm", "", n+1)
		}
		begun := time.Now()
		w.await(5)
		if took := time.Since(begun); took != 0 {
			t.Errorf("the burst took %s", took)
		}
		w.await(20)
		if took := time.Since(begun); took < 2*time.Second || took > 2*time.Second+time.Millisecond {
			t.Errorf("twenty more took %s at ten a second", took)
		}
	})
}

func TestPauseOutlivesARestart(t *testing.T) {
	inBubble(t, always(200), func(t *testing.T, w *world) {
		if err := w.lanes.Pause("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		w.accept("crm", "", 1)
		time.Sleep(time.Hour)
		_ = w.halt()
		w.start()
		w.accept("crm", "", 2)
		time.Sleep(time.Hour)
		if s := w.status(); !s.Paused || s.Depth != 2 || len(w.receiver.all()) != 0 {
			t.Fatalf("%+v, %d requests", s, len(w.receiver.all()))
		}
		if err := w.lanes.Resume("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		w.await(2)
	})
}

func TestDisabled(t *testing.T) {
	for reason, status := range map[string]int{"gone": 410, "failing": 500} {
		t.Run(reason, func(t *testing.T) {
			inBubble(t, func(r received) reply {
				if strings.Contains(string(r.body), "endpoint.disabled") {
					return reply{}
				}
				return reply{status: status}
			}, func(t *testing.T, w *world) {
				_ = w.halt()
				w.options.Targets = func(_, endpoint string) *outbound.Target {
					w.mu.Lock()
					defer w.mu.Unlock()
					to := *w.target
					if endpoint == gateway.PlatformEndpoint {
						to.Form = outbound.Bare
					}
					return &to
				}
				w.options.Describe = func(string, string) gateway.Raw { return gateway.Raw(`{"id":"crm"}`) }
				w.start()
				w.to(func(to *outbound.Target) {
					to.Breaker, to.DisableAfter = nil, time.Hour
					to.Retry = retry.Policy{Initial: 10 * time.Minute, Max: 10 * time.Minute, Multiplier: 1, MaxAttempts: 100}
				})
				first := w.accept("crm", "", 1)
				synctest.Wait()
				second := w.accept("crm", "", 2)
				time.Sleep(2 * time.Hour)
				if s := w.status(); s.DisabledReason != reason {
					t.Fatalf("%+v", s)
				}
				want := gateway.DeliveryDead
				if reason == "failing" {
					want = gateway.DeliveryRetrying
				}
				if got := w.state(first); got != want {
					t.Errorf("the first is %s", got)
				}
				if w.state(second).Ended() {
					t.Error("the second has ended")
				}
				got := w.receiver.all()
				told := slices.DeleteFunc(slices.Clone(got), func(r received) bool { return !strings.Contains(string(r.body), `"type":"endpoint.disabled"`) })
				if len(told) != 1 || !strings.Contains(string(told[0].body), `"data":{"id":"crm"}`) {
					t.Errorf("the platform was told %d times: %+v", len(told), told)
				}
				_ = w.halt()
				w.start()
				time.Sleep(time.Hour)
				if now := len(w.receiver.all()); now != len(got) {
					t.Errorf("%d requests while it is disabled", now-len(got))
				}
				w.receiver.play(always(200))
				if err := w.lanes.Changed(t.Context(), "acme", "crm"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				if s := w.state(second); s != gateway.DeliverySucceeded {
					t.Errorf("after it was written again the second is %s", s)
				}
			})
		})
	}
}

func TestHandshake(t *testing.T) {
	const hello = `{"token":"t0ken-of-crm"}`
	answers := map[string]reply{
		"bare":       {status: 200, body: []byte(" t0ken-of-crm\n")},
		"member":     {status: 200, body: []byte(`{"ok":1,"token":"t0ken-of-crm"}`)},
		"wrong":      {status: 200, body: []byte("t0ken-of-crm2")},
		"no content": {status: 204},
		"created":    {status: 201, body: []byte("t0ken-of-crm")},
		"refused":    {status: 403},
		"hangs":      {hang: true},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r received) reply {
				if string(r.body) == hello {
					return answer
				}
				return reply{}
			}, func(t *testing.T, w *world) {
				w.to(func(to *outbound.Target) {
					to.Token = directory.Header{Name: "X-T", Value: "t0ken-of-crm"}
					to.Proof = gateway.NewMarkKey(gateway.MarkProof, []byte("1"))
				})
				begun := time.Now()
				if err := w.lanes.Changed(t.Context(), "acme", "crm"); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begun); took > 5*time.Second {
					t.Errorf("the writer waited for %s", took)
				}
				good := name == "bare" || name == "member"
				if s := w.status(); s.Verified != good || (s.VerificationError == "") != good || strings.Contains(s.VerificationError, "t0ken") {
					t.Fatalf("%+v", s)
				}
				w.accept("crm", "", 1)
				if !good {
					time.Sleep(time.Hour)
					tries := len(w.receiver.all())
					for _, r := range w.receiver.all() {
						if string(r.body) != hello || r.header.Get("X-T") != "t0ken-of-crm" {
							t.Fatalf("sent without proof: %s", r.body)
						}
					}
					if tries < 8 || tries > 20 {
						t.Errorf("%d handshakes in an hour", tries)
					}
					w.receiver.play(func(r received) reply { return reply{status: 200, body: []byte("t0ken-of-crm")} })
					if err := w.lanes.Verify(t.Context(), "acme", "crm"); err != nil {
						t.Error(err)
					}
				}
				w.await(1)
				asked := len(w.receiver.all())
				_ = w.halt()
				w.start()
				w.accept("crm", "", 2)
				w.await(1)
				if n := len(w.receiver.all()); n != asked+1 {
					t.Errorf("%d requests after a restart, want the delivery alone", n-asked)
				}
			})
		})
	}
}

// TestRestartKeepsTheBreaker: an endpoint that was dead before is not flooded.
func TestRestartKeepsTheBreaker(t *testing.T) {
	inBubble(t, always(500), func(t *testing.T, w *world) {
		for n := range 100 {
			w.accept("crm", "", n+1)
		}
		time.Sleep(time.Minute)
		was := w.status()
		if was.Breaker != "open" {
			t.Fatalf("%+v", was)
		}
		before := len(w.receiver.all())
		_ = w.halt()
		w.start()
		if s := w.status(); s.Breaker != "open" || !s.OpenUntil.Equal(was.OpenUntil) {
			t.Errorf("%+v, was %+v", s, was)
		}
		time.Sleep(time.Until(was.OpenUntil) + time.Second)
		if n := len(w.receiver.all()) - before; n != 1 {
			t.Errorf("%d probes", n)
		}
		probed := w.status()
		if probed.Breaker != "open" || time.Until(probed.OpenUntil) < time.Minute {
			t.Errorf("%+v: the pause does not double over a restart", probed)
		}
		if probed.Probed != "failed" || !probed.ProbedAt.After(was.OpenUntil.Add(-time.Millisecond)) || probed.ProbedAt.After(time.Now()) || !was.ProbedAt.Before(was.OpenUntil) {
			t.Errorf("the last probe is %q at %s, want failed after %s", probed.Probed, probed.ProbedAt, was.OpenUntil)
		}
		_ = w.halt()
		w.start()
		if s := w.status(); s.Probed != "failed" || !s.ProbedAt.Equal(probed.ProbedAt) {
			t.Errorf("after a restart the last probe is %q at %s, was at %s", s.Probed, s.ProbedAt, probed.ProbedAt)
		}
	})
}

// TestCloseBreaker: the deliveries go on at once, one first; over a restart it stays
// closed, also of an endpoint that nobody has tried since.
func TestCloseBreaker(t *testing.T) {
	inBubble(t, always(500), func(t *testing.T, w *world) {
		for n := range 100 {
			w.accept("crm", "", n+1)
		}
		time.Sleep(time.Minute)
		before := len(w.receiver.all())
		if s := w.status(); s.Breaker != "open" || !w.lanes.Rests("acme", "crm").Equal(s.OpenUntil) {
			t.Fatalf("%+v, and it rests until %s", s, w.lanes.Rests("acme", "crm"))
		}
		if err := w.lanes.Pause("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		if err := w.lanes.CloseBreaker("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		if s := w.status(); s.Breaker != "closed" || !s.OpenUntil.IsZero() || !w.lanes.Rests("acme", "crm").IsZero() {
			t.Errorf("%+v, and it rests until %s", s, w.lanes.Rests("acme", "crm"))
		}
		_ = w.halt()
		w.start()
		if s := w.status(); s.Breaker != "closed" {
			t.Errorf("after a restart: %+v", s)
		}
		if err := w.lanes.Resume("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := len(w.receiver.all()) - before; n < 1 || n > 5 {
			t.Errorf("%d requests at once", n)
		}
	})
	inBubble(t, always(500), func(t *testing.T, w *world) {
		for n := range 100 {
			w.accept("crm", "", n+1)
		}
		time.Sleep(time.Minute)
		before := len(w.receiver.all())
		if err := w.lanes.CloseBreaker("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := len(w.receiver.all()) - before; n != 5 {
			t.Errorf("%d requests at once, want those that trip it again", n)
		}
	})
}

func TestByHand(t *testing.T) {
	inBubble(t, always(500), func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) {
			to.Retry, to.Breaker = retry.Policy{Schedule: []time.Duration{time.Hour}}, nil
		})
		n := w.accept("crm", "", 1)
		synctest.Wait()
		if d, err := w.lanes.Retry("acme", n.Delivery.ID); err != nil || d.Base != 1 {
			t.Fatalf("%+v, %v", d, err)
		}
		synctest.Wait()
		if d, attempts := w.read(n); d.State != gateway.DeliveryRetrying || len(attempts) != 2 || time.Until(d.NextAttemptAt) != time.Hour {
			t.Fatalf("%+v", d)
		}
		time.Sleep(2 * time.Hour)
		if d, attempts := w.read(n); d.State != gateway.DeliveryDead || len(attempts) != 3 {
			t.Fatalf("%+v", d)
		}
		w.receiver.play(always(204))
		ids := []string{gateway.NewID(gateway.PrefixDelivery, time.Now()), n.Delivery.ID}
		if again, gone, err := w.lanes.Again("acme", "crm", time.Now().Add(-time.Hour-time.Second), ids); again != 1 || gone != 1 || err != nil {
			t.Fatalf("%d, %d, %v", again, gone, err)
		}
		synctest.Wait()
		if d, _ := w.read(n); d.State != gateway.DeliveryDead {
			t.Errorf("it ended since, and is sent again: %+v", d)
		}
		for range 2 { // asked twice, it is sent once
			if again, gone, err := w.lanes.Again("acme", "crm", time.Now(), ids); again != 1 || gone != 1 || err != nil {
				t.Fatalf("%d, %d, %v", again, gone, err)
			}
		}
		w.await(2) // it died, then it was delivered
		if d, attempts := w.read(n); d.State != gateway.DeliverySucceeded || attempts[3].Number != 4 {
			t.Errorf("%+v", d)
		}
		if _, err := w.lanes.Cancel("acme", n.Delivery.ID); err == nil || err.(*gateway.Error).Code != gateway.CodeDeliveryEnded {
			t.Errorf("cancelled: %v", err)
		}
		if _, err := w.lanes.Retry("acme", gateway.NewID(gateway.PrefixDelivery, time.Now())); err != gateway.ErrNotFound {
			t.Error(err)
		}
	})
}

func TestCancelWhileItIsSent(t *testing.T) {
	inBubble(t, func(received) reply { time.Sleep(5 * time.Second); return reply{} }, func(t *testing.T, w *world) {
		n := w.accept("crm", "", 1)
		synctest.Wait()
		if d, err := w.lanes.Cancel("acme", n.Delivery.ID); err != nil || d.State != gateway.DeliveryCancelled {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if d, _ := w.read(n); d.State != gateway.DeliveryCancelled || len(w.receiver.all()) != 1 || !w.rests() {
			t.Errorf("%+v", d)
		}
	})
}

// slowCancel is an archive that takes a minute to cancel, and then may fail.
type slowCancel struct {
	outbound.Archive
	fails bool
}

func (a slowCancel) Cancel(d *gateway.Delivery, told ...gateway.AuditLine) error {
	time.Sleep(time.Minute)
	if a.fails {
		return errors.New("the disk is full")
	}
	return a.Archive.Cancel(d, told...)
}

// Nobody passes a delivery that is about to be cancelled: it may not be, or be lost in a crash.
func TestNobodyPassesWhatIsBeingCancelled(t *testing.T) {
	for _, fails := range []bool{false, true} {
		t.Run(fmt.Sprint(fails), func(t *testing.T) {
			inBubble(t, func(received) reply { time.Sleep(5 * time.Second); return reply{} }, func(t *testing.T, w *world) {
				w.archive = func(a outbound.Archive) outbound.Archive { return slowCancel{a, fails} }
				_ = w.halt()
				w.start()
				w.to(func(to *outbound.Target) { to.Ordered, to.Hold = true, time.Hour })
				all := w.acceptAll("crm", item{Conversation: "c", N: 1}, item{Conversation: "c", N: 2})
				synctest.Wait()
				if _, err := w.lanes.Cancel("acme", all[0].Delivery.ID); (err != nil) != fails {
					t.Fatal(err)
				}
				sent := len(w.receiver.all())
				if sent != 1 {
					t.Errorf("%d were sent before the cancellation was durable", sent)
				}
				time.Sleep(time.Hour)
				var got []int
				for _, r := range w.receiver.all()[sent:] {
					got = append(got, items(t, r)[0].N)
				}
				want := []int{2}
				if fails {
					want = []int{1, 2}
				}
				if !slices.Equal(got, want) || !w.rests() {
					t.Errorf("then %v were sent, want %v", got, want)
				}
			})
		})
	}
}

func TestSampleGoesToOneEndpoint(t *testing.T) {
	inBubble(t, always(200), func(t *testing.T, w *world) {
		event, delivery, err := w.publisher.Test("acme", "crm", "message", "text")
		if err != nil {
			t.Fatal(err)
		}
		w.await(1)
		r := w.receiver.all()[0]
		var sent struct {
			Events []struct {
				Event struct {
					Type    string
					Payload struct{ Message struct{ Type string } }
				}
			}
		}
		if err := json.Unmarshal(r.body, &sent); err != nil || sent.Events[0].Event.Type != "message" || sent.Events[0].Event.Payload.Message.Type != "text" {
			t.Errorf("%s: %v", r.body, err)
		}
		if d, _, err := w.store.Delivery("acme", delivery); err != nil || d.EventIDs[0] != event || r.id() != event {
			t.Error(d, err)
		}
	})
}

// TestDropped: what waits for a deleted endpoint is cancelled, and one that is
// made anew under its name begins with nothing.
func TestDropped(t *testing.T) {
	inBubble(t, func(r received) reply { return reply{hang: true} }, func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) { to.Concurrency, to.Timeout = 1, time.Minute })
		all := w.acceptAll("crm", item{N: 1}, item{N: 2})
		synctest.Wait()
		target := w.target
		w.setTarget(nil)
		if err := w.lanes.Dropped("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		for _, n := range all {
			if s := w.state(n); s != gateway.DeliveryCancelled {
				t.Error(s)
			}
		}
		time.Sleep(time.Hour)
		if s := w.state(all[0]); s != gateway.DeliveryCancelled {
			t.Errorf("the one on its way came back as %s", s)
		}
		w.receiver.play(always(http.StatusOK))
		w.setTarget(target)
		w.accept("crm", "", 3)
		w.await(1)
	})
}
