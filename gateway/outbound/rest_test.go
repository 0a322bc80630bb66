package outbound_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/retry/breaker"
)

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
				if d, _ := w.read(first); d.State != gateway.DeliveryRetrying || time.Until(d.NextAttemptAt) != want {
					t.Errorf("%s, due in %s", d.State, time.Until(d.NextAttemptAt))
				}
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
		// 16 at once, one more for each of the four failures before it trips, then
		// nine probes: after 30 s, 1, 2, 4, 8 and then every 10 minutes.
		if away > 16+4+9 {
			t.Errorf("asked %d times while it was away", away)
		}
		if s := w.stat("acme", gateway.PlatformEndpoint); s.Breaker != breaker.Open || s.Depth != many {
			t.Errorf("%+v", s)
		}
		w.await(many)
		synctest.Wait() // the last one is told before its place is given back
		if w.endedIn(gateway.DeliverySucceeded) != many {
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

// TestStalePlacesSendNothing: a window may hold a place that a delivery has left,
// or one that is on its way.
func TestStalePlacesSendNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply {
			time.Sleep(time.Second)
			if r.n == 1 {
				return reply{status: 500}
			}
			return reply{}
		})
		defer w.stop()
		n := w.publish("acme", gateway.PlatformEndpoint)
		again := func() {
			synctest.Wait()
			w.lanes.Wake(gateway.LaneKey{Tenant: "acme", Endpoint: gateway.PlatformEndpoint}, gateway.Due{ID: n.Delivery.ID, At: n.Delivery.NextAttemptAt})
		}
		again() // it is on its way
		time.Sleep(2 * time.Second)
		again() // it is due later
		w.await(1)
		again() // it has ended
		time.Sleep(time.Hour)
		got := w.receiver.all()
		if len(got) != 2 {
			t.Fatalf("%d requests, want 2", len(got))
		}
		if pause := got[1].at.Sub(got[0].at); pause != 6*time.Second {
			t.Errorf("the second came after %s", pause)
		}
	})
}

// TestAskingForARestIsNoFailure: the breaker leaves 429 and 503 with Retry-After,
// and 410, out of account (SPEC 14).
func TestAskingForARestIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asks := []reply{{status: 503, header: "Retry-After: 1\r\n"}, {status: 429, header: "Retry-After: 1\r\n"}, {status: 410}}
		w := bubble(t, func(r received) reply { return asks[r.n%len(asks)] })
		defer w.stop()
		for range 10 {
			w.publish("acme", gateway.PlatformEndpoint)
			time.Sleep(2 * time.Second)
			if s := w.stat("acme", gateway.PlatformEndpoint); s.Breaker != breaker.Closed {
				t.Fatal("tripped")
			}
		}
		if n := len(w.receiver.all()); n < 10 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestRecoveryRampsUp: what is known of an endpoint is that it failed, or after a
// restart only that much waits for it. It is asked 1, 2, 4 … at a time.
func TestRecoveryRampsUp(t *testing.T) {
	for name, restart := range map[string]bool{"after the breaker": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				born := time.Now()
				var together []int // how many came in each second since it is well
				w := bubble(t, func(r received) reply {
					if r.at.Sub(born) < time.Minute {
						return reply{status: 500}
					}
					time.Sleep(time.Second)
					return reply{}
				})
				defer w.stop()
				target := w.target
				if restart {
					w.setTarget(nil)
				}
				for range 200 {
					w.publish("acme", gateway.PlatformEndpoint)
				}
				if restart {
					_ = w.halt()
					time.Sleep(time.Minute)
					w.start()
					w.setTarget(target)
				}
				w.await(200)
				var last time.Time
				for _, r := range w.receiver.all() {
					if r.at.Sub(born) < time.Minute {
						continue
					}
					if !r.at.Equal(last) {
						last, together = r.at, append(together, 0)
					}
					together[len(together)-1]++
				}
				if !restart {
					together = together[1:] // the probe
				}
				if want := "[1 2 4 8 16 16"; !strings.HasPrefix(fmt.Sprint(together), want) {
					t.Errorf("%v at a time, want %s …", together, want)
				}
			})
		})
	}
}
