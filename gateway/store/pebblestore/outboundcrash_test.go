package pebblestore

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
)

// deliverers accept events and settle their deliveries, one after the other, and
// remember what must outlive a crash: each event, and that a delivery waits again.
type deliverers struct {
	s  *Store
	wg sync.WaitGroup

	mu       sync.Mutex
	accepted []gateway.Delivery
	requeued map[string]bool
}

func (c *deliverers) run(t *testing.T, n int, tickets <-chan struct{}) {
	for i := range n {
		c.wg.Go(func() {
			for range tickets {
				i++
				if err := c.one(i); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// one carries an event through the store; of each five, one is left unfinished and
// one, that died, is requeued and left.
func (c *deliverers) one(i int) error {
	at := time.Now()
	p := published(at, 1+i%3)
	if err := c.s.Accept(p); err != nil {
		return err
	}
	c.mu.Lock()
	c.accepted = append(c.accepted, p.Deliveries...)
	c.mu.Unlock()
	state := []gateway.DeliveryState{"", gateway.DeliverySucceeded, gateway.DeliveryRetrying, gateway.DeliveryDead, gateway.DeliveryDead}[i%5]
	for _, d := range p.Deliveries {
		if state == "" {
			break
		}
		d.State, d.Attempts, d.NextAttemptAt = state, 1, at.Add(time.Hour)
		if state.Ended() {
			d.NextAttemptAt, d.EndedAt = time.Time{}, at
		}
		if err := c.s.Settle(&d, &gateway.Attempt{Number: 1, At: at}); err != nil {
			return err
		}
		if state != gateway.DeliveryDead {
			continue
		}
		d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryPending, at.Add(time.Minute), time.Time{}
		if err := c.s.Requeue(nil, &d); err != nil {
			return err
		}
		c.mu.Lock()
		c.requeued[d.ID] = true
		c.mu.Unlock()
	}
	return nil
}

// TestCrashOfDeliveries takes copies of the disk, as a loss of power would leave
// it, while events come in and go out.
func TestCrashOfDeliveries(t *testing.T) {
	mem := vfs.NewCrashableMem()
	c := &deliverers{s: mustOpen(t, Options{Dir: "data", FS: mem}), requeued: map[string]bool{}}
	tickets := make(chan struct{})
	c.run(t, 8, tickets)
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		for range random.IntN(60) {
			tickets <- struct{}{}
		}
		c.mu.Lock()
		accepted, requeued := append([]gateway.Delivery(nil), c.accepted...), make([]string, 0, len(c.requeued))
		for id := range c.requeued {
			requeued = append(requeued, id)
		}
		c.mu.Unlock()
		left := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
		if err := lostDeliveries(t, left, accepted, requeued); err != nil {
			t.Fatalf("with %d acknowledged: %v", len(accepted), err)
		}
	}
	close(tickets)
	c.wg.Wait()
}

// TestDurable loses all that was not synced right after a method returned: what
// should be durable is there.
func TestDurable(t *testing.T) {
	at := time.Now()
	lane := gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}
	for name, do := range map[string]struct {
		by   func(*Store, *gateway.Delivery) error
		want gateway.DeliveryState
	}{
		"Cancel": {func(s *Store, d *gateway.Delivery) error {
			d.State, d.EndedAt = gateway.DeliveryCancelled, at
			return s.Cancel(d)
		}, gateway.DeliveryCancelled},
		"DropLane": {func(s *Store, _ *gateway.Delivery) error { return s.DropLane(lane) }, gateway.DeliveryCancelled},
		"Requeue": {func(s *Store, d *gateway.Delivery) error {
			d.State, d.EndedAt = gateway.DeliveryDead, at
			if err := s.Settle(d, nil); err != nil {
				return err
			}
			d.State, d.EndedAt = gateway.DeliveryRetrying, time.Time{}
			return s.Requeue(nil, d)
		}, gateway.DeliveryRetrying},
		"PutStatus": {func(s *Store, _ *gateway.Delivery) error {
			return s.PutStatus(lane, gateway.EndpointStatus{Paused: true}, true)
		}, gateway.DeliveryPending},
	} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewCrashableMem()
			s := mustOpen(t, Options{Dir: "data", FS: mem})
			p := published(at, 1)
			d := p.Deliveries[0]
			if err := s.Accept(p); err != nil {
				t.Fatal(err)
			}
			if err := do.by(s, &d); err != nil {
				t.Fatal(err)
			}
			left := mustOpen(t, Options{Dir: "data", FS: mem.CrashClone(vfs.CrashCloneCfg{})})
			got, _, err := left.Delivery(d.Tenant, d.ID)
			if err != nil || got.State != do.want {
				t.Errorf("got %+v, %v, want it %s", got, err, do.want)
			}
			if status, err := left.Status(lane); err != nil || status.Paused != (name == "PutStatus") {
				t.Errorf("got %+v, %v", status, err)
			}
		})
	}
}

// TestMergeIsDurable: what is sent under a batch's id must be the same after a crash,
// or who got it takes the rest of the new content for known.
func TestMergeIsDurable(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, Options{Dir: "data", FS: mem})
	p := published(time.Now(), 2)
	if err := s.Accept(p); err != nil {
		t.Fatal(err)
	}
	into, other := p.Deliveries[0], p.Deliveries[1]
	into.EventIDs = append(slices.Clone(into.EventIDs), other.EventIDs...)
	if err := s.Merge(&into, []gateway.Due{{ID: other.ID, At: other.NextAttemptAt}}); err != nil {
		t.Fatal(err)
	}
	left := mustOpen(t, Options{Dir: "data", FS: mem.CrashClone(vfs.CrashCloneCfg{})})
	got, _, err := left.Delivery(into.Tenant, into.ID)
	if err != nil || !slices.Equal(got.EventIDs, into.EventIDs) {
		t.Errorf("got %+v, %v, want it to carry %q", got, err, into.EventIDs)
	}
}

// lostDeliveries opens what a crash left. Each delivery is in one place, due if it
// is unfinished; each event is there and shows it.
func lostDeliveries(t *testing.T, fs vfs.FS, accepted []gateway.Delivery, requeued []string) error {
	t.Helper()
	s, err := Open(Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("opening after the crash: %w", err)
	}
	defer mustClose(t, s)
	due := map[string]time.Time{}
	window, err := s.Window(gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}, gateway.Due{}, 1<<20)
	if err != nil {
		return err
	}
	for _, at := range window {
		if _, twice := due[at.ID]; twice {
			return fmt.Errorf("%s is due twice", at.ID)
		}
		d, _, err := s.Load("acme", at.ID)
		if err != nil || !d.NextAttemptAt.Equal(at.At) {
			return fmt.Errorf("%s is due at %s, but: %+v, %w", at.ID, at.At, d, err)
		}
		due[at.ID] = at.At
	}
	for _, want := range accepted {
		d, attempts, err := s.Delivery("acme", want.ID)
		if err != nil {
			return fmt.Errorf("acknowledged %s: %w", want.ID, err)
		}
		if _, waits := due[want.ID]; waits == d.State.Ended() || len(attempts) != d.Attempts {
			return fmt.Errorf("%s is %s, due: %v, %d attempts of %d", want.ID, d.State, waits, len(attempts), d.Attempts)
		}
		v, shown, err := gatewaytest.Event(s, "acme", want.EventIDs[0])
		if err != nil || len(v.Body) == 0 || len(shown) != 1 || shown[0].State != d.State {
			return fmt.Errorf("event of %s: %+v, %w", want.ID, shown, err)
		}
	}
	for _, id := range requeued {
		if _, waits := due[id]; !waits {
			return fmt.Errorf("%s was requeued, and is not due", id)
		}
	}
	return nil
}
