package outbound_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/outbound"
)

// stepped makes a world whose wall clock is off by so much.
func stepped(t *testing.T, script func(received) reply) (w *world, off *atomic.Int64) {
	w, off = bubble(t, script), new(atomic.Int64)
	_ = w.halt()
	w.wall = func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
	w.start()
	return w, off
}

// A retry comes after its own pause, whatever somebody does to the wall clock
// meanwhile, and whether or not the process lives on.
func TestRetryHoldsOverAStepOfTheClock(t *testing.T) {
	for name, c := range map[string]struct {
		step    time.Duration
		restart bool
	}{
		"back": {-2 * time.Hour, false}, "ahead": {2 * time.Hour, false}, "back, and a restart": {-2 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, off := stepped(t, func(r received) reply {
					if r.n < 3 {
						return reply{status: 500}
					}
					return reply{}
				})
				defer w.stop()
				n := w.publish("acme", "crm")
				synctest.Wait()
				time.Sleep(time.Second)
				began := time.Now()
				off.Store(int64(c.step))
				if c.restart {
					_ = w.halt()
					w.start()
				}
				w.await(1)
				// Of the pauses of 5 s and 30 s the first second had passed.
				if took := time.Since(began); took < 33*time.Second || took > 37*time.Second {
					t.Errorf("the third attempt came after %s", took)
				}
				d, attempts := w.read(n)
				if d.State != gateway.DeliverySucceeded || len(attempts) != 3 || attempts[2].At.Before(attempts[1].At) {
					t.Errorf("%+v with %+v", d, attempts)
				}
			})
		})
	}
}

// So does what keeps a lane from sending: the rest that its endpoint asked for, and
// an open breaker.
func TestRestsHoldOverAStepOfTheClock(t *testing.T) {
	for name, answer := range map[string]reply{
		"Retry-After": {status: 503, header: "Retry-After: 10\r\n"}, "breaker": {status: 500},
	} {
		for _, step := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
			t.Run(name+" "+step.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, off := stepped(t, func(r received) reply {
						if r.n == 1 {
							return answer
						}
						return reply{}
					})
					defer w.stop()
					w.to(func(target *outbound.Target) { target.Breaker.Failures, target.Breaker.Open = 1, 10*time.Second })
					w.publish("acme", "crm")
					synctest.Wait()
					off.Store(int64(step))
					began := time.Now()
					w.publish("acme", "crm")
					w.await(2)
					if took := time.Since(began); took < 9*time.Second || took > 21*time.Second {
						t.Errorf("they came after %s", took)
					}
				})
			})
		}
	}
}

// A receiver holds the timestamp of a signature against its own clock: that is the
// wall clock's, though what is due goes by one that is behind it for now.
func TestSignaturesHaveTheWallClock(t *testing.T) {
	signer, faults := signature.CompileSigner(signature.Config{Type: "standard", Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}})
	if faults != nil {
		t.Fatal(faults)
	}
	synctest.Test(t, func(t *testing.T) {
		w, off := stepped(t, always(200))
		defer w.stop()
		_ = w.halt()
		off.Store(int64(-2 * time.Hour))
		w.start()
		w.to(func(target *outbound.Target) { target.Signer = signer })
		w.publish("acme", "crm")
		w.await(1)
		if at := w.receiver.all()[0].header.Get("webhook-timestamp"); at != strconv.FormatInt(time.Now().Unix(), 10) {
			t.Errorf("signed at %s", at)
		}
	})
}
