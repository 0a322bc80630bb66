package outbound_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/gateway/transport"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// TestDeliverSettles: one attempt to a real receiver, with a real store.
func TestDeliverSettles(t *testing.T) {
	huge := bytes.Repeat([]byte("x"), 1<<20)
	for name, c := range map[string]struct {
		does  reply
		state gateway.DeliveryState
		error string
		kept  int
	}{
		"no content":    {reply{}, gateway.DeliverySucceeded, "", 0},
		"ok":            {reply{status: 200, body: []byte("fine")}, gateway.DeliverySucceeded, "", 4},
		"huge answer":   {reply{status: 200, body: huge}, gateway.DeliverySucceeded, "", 16 << 10},
		"redirect":      {reply{status: 307, header: "Location: http://127.0.0.1:1/\r\n"}, gateway.DeliveryDead, "3xx", 0},
		"client error":  {reply{status: 404, body: []byte("no")}, gateway.DeliveryDead, "4xx", 2},
		"gone":          {reply{status: 410}, gateway.DeliveryDead, "4xx", 0},
		"server error":  {reply{status: 503, body: huge}, gateway.DeliveryDead, "5xx", 16 << 10},
		"reset":         {reply{reset: true}, gateway.DeliveryDead, "protocol", 0},
		"half a header": {reply{raw: "HTTP/1.1 200 OK\r\nCont"}, gateway.DeliveryDead, "protocol", 0},
		"half a body":   {reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"}, gateway.DeliveryDead, "protocol", 0},
		"hang":          {reply{hang: true}, gateway.DeliveryDead, "timeout", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := real(t, func(received) reply { return c.does })
			once := *w.target
			once.Retry, once.Timeout = retry.Policy{}, 5*time.Second
			if c.does.hang {
				once.Timeout = 50 * time.Millisecond
			}
			w.setTarget(&once)
			n := w.publish("acme", gateway.PlatformEndpoint)
			w.await(1)
			d, attempts := w.read(n)
			if d.State != c.state || d.Attempts != 1 || d.EndedAt.IsZero() || len(attempts) != 1 {
				t.Fatalf("%+v, %d attempts", d, len(attempts))
			}
			if a := attempts[0]; a.Number != 1 || a.Error != c.error || a.Status != c.does.status && c.error != "" || len(a.ResponseBody) != c.kept {
				t.Errorf("attempt %d: status %d, error %q, %d bytes kept", a.Number, a.Status, a.Error, len(a.ResponseBody))
			}
		})
	}
}

func TestRequestIsSignedAndNamed(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte("a key of twenty-four byt"))
	signer, faults := signature.CompileSigner(signature.Config{Type: "standard", Secrets: []string{"whsec_" + key}})
	if faults != nil {
		t.Fatal(faults)
	}
	oracle, err := standardwebhooks.NewWebhook("whsec_" + key)
	if err != nil {
		t.Fatal(err)
	}
	w := real(t, func(r received) reply {
		if r.n == 1 {
			return reply{status: 500}
		}
		return reply{}
	})
	signed := *w.target
	signed.Signer, signed.Retry = signer, retry.Policy{Schedule: []time.Duration{0}}
	signed.Headers = []directory.Header{
		{Name: "X-Acme-Auth", Value: "tenant"}, {Name: "Authorization", Value: "Bearer t"},
		{Name: "Webhook-Id", Value: "forged"}, {Name: "hookgate-attempt", Value: "99"}, {Name: "user-agent", Value: "mine/1"},
	}
	w.setTarget(&signed)
	n := w.publish("acme", gateway.PlatformEndpoint)
	w.await(1)
	got := w.receiver.all()
	if len(got) != 2 {
		t.Fatalf("%d requests", len(got))
	}
	for i, r := range got {
		if !sameBody(r, n) || r.path != "/resume" {
			t.Errorf("request %d: %s to %s", i, r.body, r.path)
		}
		if err := oracle.Verify(r.body, r.header); err != nil {
			t.Errorf("request %d: %v", i, err)
		}
		for name, want := range map[string]string{
			"Hookgate-Attempt": fmt.Sprint(i + 1), "Content-Type": "application/json", "User-Agent": "mine/1",
			"Webhook-Id": n.Event.ID, "X-Acme-Auth": "tenant", "Authorization": "Bearer t",
		} {
			if values := r.header[http.CanonicalHeaderKey(name)]; len(values) != 1 || values[0] != want {
				t.Errorf("request %d: %s is %q, want %q alone", i, name, values, want)
			}
		}
	}

	unsigned := *w.target
	unsigned.Signer, unsigned.Headers = nil, nil
	w.setTarget(&unsigned)
	n = w.publish("acme", gateway.PlatformEndpoint)
	w.await(1)
	last := w.receiver.all()[2]
	if !sameBody(last, n) || last.header.Get("webhook-signature") != "" || last.header.Get("User-Agent") != "hookgate/test" {
		t.Errorf("unsigned: %v", last.header)
	}
}

func TestScheduleOfHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(500))
		defer w.stop()
		alone := *w.target
		alone.Breaker, alone.Retry.Schedule = nil, steady.Schedule[:5]
		w.setTarget(&alone)
		n := w.publish("acme", gateway.PlatformEndpoint)
		w.await(1)
		d, attempts := w.read(n)
		if d.State != gateway.DeliveryDead || len(attempts) != 6 {
			t.Fatalf("%s after %d attempts", d.State, len(attempts))
		}
		at := n.Delivery.CreatedAt
		for i, a := range attempts {
			if i > 0 {
				at = at.Add(steady.Schedule[i-1])
			}
			if late := a.At.Sub(at); late < 0 || late > time.Second || a.Status != 500 || a.Error != "5xx" {
				t.Errorf("attempt %d at %s, want %s: %+v", i+1, a.At, at, a)
			}
		}
	})
}

func TestRetryAfterRestsTheLane(t *testing.T) {
	for name, header := range map[string]string{"seconds": "Retry-After: 600\r\n", "too long": "Retry-After: 999999\r\n"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t, func(r received) reply {
					if r.n == 1 {
						return reply{status: 429, header: header}
					}
					return reply{}
				})
				defer w.stop()
				want := 10 * time.Minute
				if name == "too long" {
					want = time.Hour
				}
				first := w.publish("acme", gateway.PlatformEndpoint)
				synctest.Wait()
				second := w.publish("acme", gateway.PlatformEndpoint)
				w.publish("acme", "other") // another lane does not rest
				w.await(3)
				got := w.receiver.all()
				if len(got) != 4 {
					t.Fatalf("%d requests", len(got))
				}
				if !got[1].at.Equal(got[0].at) {
					t.Error("the other lane waited")
				}
				for _, r := range got[2:] {
					if rest := r.at.Sub(got[0].at); rest < want || rest > want+time.Second {
						t.Errorf("%s after %s, want %s", r.id(), rest, want)
					}
				}
				if d, _ := w.read(first); d.Attempts != 2 {
					t.Errorf("%d attempts: the 429 counts as one", d.Attempts)
				}
				if d, _ := w.read(second); d.Attempts != 1 {
					t.Errorf("%d attempts: resting uses up none", d.Attempts)
				}
			})
		})
	}
}

// TestBreakerHoldsBackWithoutUsingUpAttempts: an endpoint is away for an hour
// while much is published. It is asked a few times only, and afterwards gets
// everything.
func TestBreakerHoldsBackWithoutUsingUpAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		born := time.Now()
		w := bubble(t, func(r received) reply {
			if r.at.Sub(born) < time.Hour {
				return reply{status: 500}
			}
			return reply{}
		})
		defer w.stop()
		const many = 500 // more than a window
		for range many {
			w.publish("acme", gateway.PlatformEndpoint)
		}
		time.Sleep(time.Hour)
		away := len(w.receiver.all())
		// 16 at once before it trips, then a probe after 30 s, 1, 2, 4, 8 and every 10 minutes.
		if away > 16+5+6 {
			t.Errorf("asked %d times while it was away", away)
		}
		if s := w.stat("acme", gateway.PlatformEndpoint); s.Breaker != breaker.Open || s.Depth != many {
			t.Errorf("%+v", s)
		}
		w.await(many)
		synctest.Wait() // the last one is told before its place is given back
		if w.ended[gateway.DeliverySucceeded] != many {
			t.Errorf("%v", w.ended)
		}
		if got := len(w.receiver.all()); got != many+away {
			t.Errorf("%d requests for %d deliveries and %d failures", got, many, away)
		}
		if s := w.stat("acme", gateway.PlatformEndpoint); s.Breaker != breaker.Closed || s.Depth != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestRestartGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply {
			if r.n <= 3 {
				return reply{status: 500}
			}
			return reply{}
		})
		defer w.stop()
		var all []*gateway.Notice
		for range 3 {
			all = append(all, w.publish("acme", gateway.PlatformEndpoint))
		}
		synctest.Wait()
		if err := w.halt(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // it falls due while nothing runs
		w.start()
		w.await(3)
		for _, n := range all {
			if d, attempts := w.read(n); d.State != gateway.DeliverySucceeded || len(attempts) != 2 {
				t.Errorf("%s after %d attempts", d.State, len(attempts))
			}
		}
	})
}

func TestDrainGivesUpWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply { return reply{hang: r.n == 1} })
		defer w.stop()
		n := w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		if err := w.halt(); err == nil || !strings.Contains(err.Error(), "1 deliveries") {
			t.Errorf("drained: %v", err)
		}
		w.start()
		w.await(1)
		if d, attempts := w.read(n); d.State != gateway.DeliverySucceeded || len(attempts) != 1 {
			t.Errorf("%s, %d attempts: one that was given up is none", d.State, len(attempts))
		}
	})
}

func TestDrainWaitsForWhatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(received) reply { time.Sleep(5 * time.Second); return reply{} })
		defer w.stop()
		n := w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if err := w.lanes.Drain(ctx); err != nil {
			t.Error(err)
		}
		if d, _ := w.read(n); d.State != gateway.DeliverySucceeded {
			t.Error(d.State)
		}
		w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		if got := len(w.receiver.all()); got != 1 {
			t.Errorf("%d requests: a drained lane took up another", got)
		}
	})
}

func TestDeliveriesWaitForATarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(200))
		defer w.stop()
		target := w.target
		w.setTarget(nil)
		n := w.publish("acme", gateway.PlatformEndpoint)
		time.Sleep(time.Hour)
		if got := w.receiver.all(); len(got) != 0 {
			t.Fatal("sent to nowhere")
		}
		w.setTarget(target)
		w.await(1)
		if d, _ := w.read(n); d.Attempts != 1 {
			t.Errorf("%d attempts", d.Attempts)
		}
	})
}

// TestOneHangingEndpointHoldsUpNobody: with few places and many deliveries for
// an endpoint that hangs, all others are served at once.
func TestOneHangingEndpointHoldsUpNobody(t *testing.T) {
	for name, other := range map[string]string{"of another tenant": "globex", "of the same tenant": "acme"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hung atomic.Int32
				w := bubble(t, func(r received) reply {
					if r.header.Get("X-To") == "hangs" {
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
				for range 100 {
					w.publish("acme", "hangs")
				}
				synctest.Wait()
				if n := hung.Load(); n == 0 || n > 4 {
					t.Errorf("%d of 8 places are taken by one endpoint", n)
				}
				begun := time.Now()
				for i := range 100 {
					w.publish(other, fmt.Sprintf("good%d", i%5))
				}
				w.await(100)
				if took := time.Since(begun); took != 0 {
					t.Errorf("the others took %s of fake time", took)
				}
			})
		})
	}
}

// faultyQueue fails, or panics, as often as it is told.
type faultyQueue struct {
	outbound.Queue
	settles, loads, windows, panics atomic.Int32
}

func (q *faultyQueue) Settle(d *gateway.Delivery, was gateway.Due, a *gateway.Attempt) error {
	if q.settles.Add(-1) >= 0 {
		return errDisk
	}
	return q.Queue.Settle(d, was, a)
}

func (q *faultyQueue) Load(tenant, id string) (*gateway.Delivery, []gateway.Event, error) {
	if q.loads.Add(-1) >= 0 {
		return nil, nil, errDisk
	}
	return q.Queue.Load(tenant, id)
}

func (q *faultyQueue) Window(k gateway.LaneKey, after gateway.Due, most int) ([]gateway.Due, error) {
	if q.windows.Add(-1) >= 0 {
		return nil, errDisk
	}
	return q.Queue.Window(k, after, most)
}

func (q *faultyQueue) Do(ctx context.Context, r *transport.Request) (*transport.Answer, error) {
	if q.panics.Add(-1) >= 0 {
		panic("s3cret")
	}
	return q.Queue.(queueOf).sender.Do(ctx, r)
}

func TestFaultsOfTheStoreAndPanicsLoseNothing(t *testing.T) {
	for name, fail := range map[string]func(*faultyQueue){
		"settle": func(q *faultyQueue) { q.settles.Store(5) },
		"load":   func(q *faultyQueue) { q.loads.Store(2) },
		"window": func(q *faultyQueue) { q.windows.Store(3) },
		"panic":  func(q *faultyQueue) { q.panics.Store(3) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t, always(200))
				defer w.stop()
				target := w.target
				w.setTarget(nil)
				var all []*gateway.Notice
				for range 10 {
					all = append(all, w.publish("acme", gateway.PlatformEndpoint))
				}
				_ = w.halt()
				var logged lines
				q := &faultyQueue{Queue: queueOf{w}}
				fail(q)
				w.options.Queue, w.options.Sender, w.options.Window = q, q, 4
				w.options.Logger = slog.New(slog.NewJSONHandler(&logged, nil))
				w.start()
				w.setTarget(target)
				w.await(10)
				if got := len(w.receiver.all()); got != 10 {
					t.Errorf("%d requests for 10 deliveries", got)
				}
				for _, n := range all {
					if d, attempts := w.read(n); d.State != gateway.DeliverySucceeded || len(attempts) != 1 {
						t.Errorf("%s after %d attempts", d.State, len(attempts))
					}
				}
				if strings.Contains(logged.String(), "s3cret") {
					t.Error("the log holds what a panic held")
				}
			})
		})
	}
}

// lines is a log that many write to.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestOneLineForEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged lines
		w := bubble(t, func(r received) reply { return reply{status: 500, body: []byte("s3cret")} })
		defer w.stop()
		_ = w.halt()
		w.options.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		w.start()
		target := *w.target
		target.URL += "?key=s3cret"
		target.Headers = []directory.Header{{Name: "X", Value: "s3cret"}}
		target.Retry = retry.Policy{Schedule: []time.Duration{time.Second}}
		w.setTarget(&target)
		n := w.publish("acme", gateway.PlatformEndpoint)
		w.await(1)
		text := logged.String()
		if strings.Count(text, "\n") != 2 || strings.Contains(text, "s3cret") {
			t.Errorf("%s", text)
		}
		for _, part := range []string{
			`"tenant":"acme"`, `"endpoint":"_platform"`, `"delivery_id":"` + n.Delivery.ID, `"event_id":"` + n.Event.ID,
			`"attempt":2`, `"status":500`, `"error":"5xx"`, `"duration_ms":`, `"state":"dead"`, `"level":"WARN"`,
		} {
			if !strings.Contains(text, part) {
				t.Errorf("no %s in %s", part, text)
			}
		}
	})
}

// TestWordsAreOutcomes: what transport says is what retry and metrics know.
func TestWordsAreOutcomes(t *testing.T) {
	known := map[string]bool{}
	for _, o := range retry.Outcomes {
		known[string(o)] = true
	}
	for _, word := range []string{
		transport.WordTimeout, transport.WordConnect, transport.WordTLS, transport.WordDNS, transport.WordBlocked, transport.WordProtocol,
	} {
		if !known[word] {
			t.Errorf("%s is no outcome", word)
		}
	}
}
