package outbound_test

import (
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
)

// What an endpoint asked for with Retry-After holds for whoever owns its lane: for an
// owner that was given it, and for the next process.
func TestMovedSlotsKeepRests(t *testing.T) {
	for name, take := range map[string]func(w *world) *outbound.Lanes{
		"released": func(w *world) *outbound.Lanes {
			other := w.beside()
			move(w.t, gateway.AllSlots(), w.lanes, other)
			return other
		},
		"after a restart": func(w *world) *outbound.Lanes {
			_ = w.halt()
			w.start()
			return w.lanes
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t, func(r received) reply {
					if r.n == 1 {
						return reply{status: 503, header: "Retry-After: 600\r\n"}
					}
					return reply{}
				})
				defer w.stop()
				w.to(func(to *outbound.Target) { to.Form = outbound.Envelope })
				began := time.Now()
				w.accept("crm", "", 1)
				synctest.Wait()
				other := take(w)
				w.accept("crm", "", 2)
				other.WakeMany(crm, nil)
				time.Sleep(9 * time.Minute)
				synctest.Wait()
				if n := len(w.receiver.all()); n != 1 {
					t.Fatalf("%d requests while the endpoint rests, want the one that it answered so", n)
				}
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				got := w.receiver.all()
				if len(got) < 3 {
					t.Fatalf("%d requests after the rest, want 3", len(got))
				}
				if rest := got[1].at.Sub(began); rest < 10*time.Minute-time.Second {
					t.Errorf("it was sent to after %s, and asked for 10 minutes", rest)
				}
			})
		})
	}
}

// A lane that moves has no second burst of its rate.
func TestMovedSlotsKeepTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(received) reply { return reply{} })
		defer w.stop()
		w.to(func(to *outbound.Target) {
			to.Form, to.Rate = outbound.Envelope, &gateway.Rate{PerSecond: 1. / 60, Burst: 2}
		})
		for n := range 10 {
			w.accept("crm", "", n)
		}
		synctest.Wait()
		owner, other := w.lanes, w.beside()
		for range 6 {
			move(t, gateway.AllSlots(), owner, other)
			owner, other = other, owner
			time.Sleep(time.Minute / 2)
			synctest.Wait()
		}
		if n := len(w.receiver.all()); n < 4 || n > 5 {
			t.Errorf("%d requests in three minutes, want a burst of two and one a minute", n)
		}
	})
}

// What waits for an endpoint that is no more is dropped by the owner of its lane alone.
func TestOrphansAreTheOwners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(received) reply { return reply{} })
		defer w.stop()
		w.setTarget(nil)
		n := w.accept("crm", "", 1)
		other := w.beside()
		for _, step := range []struct {
			by   *outbound.Lanes
			here bool
			want gateway.DeliveryState
		}{{other, false, gateway.DeliveryPending}, {w.lanes, true, gateway.DeliveryCancelled}} {
			here, err := step.by.DropOrphan(crm)
			if err != nil || here != step.here {
				t.Fatalf("here: %v, %v, want %v", here, err, step.here)
			}
			if d, _, err := w.carrier(&n.Event); err != nil || d.State != step.want {
				t.Errorf("%+v, %v, want it %s", d, err, step.want)
			}
		}
		move(t, gateway.AllSlots(), w.lanes, other)
		if here, err := w.lanes.DropOrphan(crm); here || err != nil {
			t.Errorf("released, it drops: %v, %v", here, err)
		}
		if owned := w.lanes.Owned(); owned.Len() > 0 {
			t.Errorf("released, it owns %d slots", owned.Len())
		}
	})
}
