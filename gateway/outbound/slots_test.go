package outbound_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// beside makes other lanes over the store of a world, which own nothing yet.
func (w *world) beside() *outbound.Lanes {
	other := outbound.New(w.options)
	w.ends = append(w.ends, other)
	return other
}

// move moves slots from the first to the second.
func move(t testing.TB, slots gateway.SlotSet, from, to *outbound.Lanes) {
	t.Helper()
	from.Release(slots)
	if err := to.Acquire(slots); err != nil {
		t.Error(err)
	}
}

var crm = gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}

// What is to be tried again is due when it was, however often its lane moves, and
// nothing is tried sooner.
func TestMovedSlotsKeepRetryTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply { return reply{status: []int{500, 500, 200}[r.n-1]} })
		defer w.stop()
		w.to(func(to *outbound.Target) {
			to.Form, to.Retry = outbound.Envelope, retry.Policy{Schedule: []time.Duration{time.Hour, time.Hour}}
		})
		n := w.accept("crm", "c", 1)
		owner, other := w.lanes, w.beside()
		for range 130 {
			time.Sleep(time.Minute)
			synctest.Wait()
			before, _, err := w.carrier(&n.Event)
			if err != nil {
				t.Fatal(err)
			}
			move(t, gateway.AllSlots(), owner, other)
			owner, other = other, owner
			if after, _, _ := w.carrier(&n.Event); !after.NextAttemptAt.Equal(before.NextAttemptAt) {
				t.Fatalf("due at %s, after a move at %s", before.NextAttemptAt, after.NextAttemptAt)
			}
		}
		d, attempts, err := w.carrier(&n.Event)
		if err != nil || d.State != gateway.DeliverySucceeded || len(attempts) != 3 {
			t.Fatalf("%+v, %d attempts, %v", d, len(attempts), err)
		}
		for i, a := range attempts[1:] {
			if rest := a.At.Sub(attempts[i].At); rest != time.Hour {
				t.Errorf("attempt %d came %s after the one before", i+2, rest)
			}
		}
	})
}

// What is known of an endpoint moves along: a pause, and an open breaker.
func TestMovedSlotsKeepWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(500))
		defer w.stop()
		touchy := breaker.Default()
		touchy.Failures = 1
		w.to(func(to *outbound.Target) { to.Form, to.Breaker = outbound.Envelope, &touchy })
		w.accept("crm", "", 1)
		synctest.Wait()
		before := w.status()
		other := w.beside()
		move(t, gateway.AllSlots(), w.lanes, other)
		w.accept("crm", "", 2)
		other.WakeMany(crm, nil)
		synctest.Wait()
		after, err := other.Status("acme", "crm")
		if err != nil || after.Breaker != "open" || !after.OpenUntil.Equal(before.OpenUntil) || len(w.receiver.all()) != 1 {
			t.Errorf("before %+v, after %+v, %v, %d requests", before, after, err, len(w.receiver.all()))
		}
		if err := other.Pause("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		move(t, gateway.AllSlots(), other, w.lanes)
		time.Sleep(time.Hour)
		if is := w.status(); !is.Paused || len(w.receiver.all()) != 1 {
			t.Errorf("paused elsewhere, it is %+v after %d requests", is, len(w.receiver.all()))
		}
	})
}

func TestReleaseWaitsForWhatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(received) reply { time.Sleep(3 * time.Second); return reply{} })
		defer w.stop()
		n := w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		began, other := time.Now(), w.beside()
		move(t, gateway.AllSlots(), w.lanes, other)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it took %s", took)
		}
		if d, _ := w.read(n); d.State != gateway.DeliverySucceeded {
			t.Errorf("released, it is %s", d.State)
		}
		time.Sleep(time.Hour)
		if got := len(w.receiver.all()); got != 1 {
			t.Errorf("%d requests", got)
		}
	})
}

// distantStatuses is a store whose answers take their time.
type distantStatuses struct {
	outbound.Statuses
	written atomic.Int32
}

func (d *distantStatuses) PutStatus(key gateway.LaneKey, status gateway.EndpointStatus, sync bool, told ...gateway.AuditLine) error {
	time.Sleep(50 * time.Millisecond)
	d.written.Add(1)
	return d.Statuses.PutStatus(key, status, sync, told...)
}

// How endpoints stand is written of many at once: one after the other, a node with a hundred that
// were down gave a slot away after five seconds, and each endpoint waited for all others. Nor does
// who writes one stand for who looks for the next turn: of a hundred 38 were sent in that second.
func TestStatusesOfManyEndpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(received) reply { return reply{status: 500} })
		defer w.stop()
		w.lanes.Release(gateway.AllSlots())
		const many = 100
		var slots gateway.SlotSet // of each one: in one they are written one after the other
		for i := 0; slots.Len() < many; i++ {
			endpoint := fmt.Sprint("e", i)
			if slot := (gateway.LaneKey{Tenant: "acme", Endpoint: endpoint}).Slot(); !slots.Has(slot) {
				slots.Add(slot)
				w.accept(endpoint, "c", i)
			}
		}
		w.options.Limit = 2 * many
		distant := &distantStatuses{Statuses: w.store}
		w.options.Statuses = distant
		w.ends = append(w.ends, w.lanes)
		w.lanes = w.beside()
		if err := w.lanes.Acquire(gateway.AllSlots()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if n := distant.written.Load(); n != many { // 20, one after the other
			t.Errorf("a second later %d of %d are written, after %d requests", n, many, len(w.receiver.all()))
		}
	})
}

// heldStatuses is a store that answers when it is let.
type heldStatuses struct {
	outbound.Statuses
	asked, let chan struct{}
}

func (h *heldStatuses) PutStatus(key gateway.LaneKey, status gateway.EndpointStatus, sync bool, told ...gateway.AuditLine) error {
	select {
	case h.asked <- struct{}{}:
	default:
	}
	<-h.let
	return h.Statuses.PutStatus(key, status, sync, told...)
}

// Slots that are to move wait until it is written how their endpoints stand while they are still
// answered for: after that nobody answers for them until another has them.
func TestCalmWaitsForStatuses(t *testing.T) {
	w := real(t, func(received) reply { return reply{status: 500} })
	w.lanes.Release(gateway.AllSlots())
	held := &heldStatuses{Statuses: w.store, asked: make(chan struct{}, 1), let: make(chan struct{})}
	w.options.Statuses = held
	w.ends = append(w.ends, w.lanes)
	w.lanes = w.beside()
	if err := w.lanes.Acquire(gateway.AllSlots()); err != nil {
		t.Fatal(err)
	}
	w.publish("acme", "crm")
	<-held.asked
	calm := make(chan struct{})
	go func() { w.lanes.Calm(gateway.AllSlots()); close(calm) }()
	select {
	case <-calm:
		t.Error("it is calm while a status is being written")
	case <-time.After(100 * time.Millisecond):
	}
	close(held.let)
	<-calm
}

// Slots that are to move wait for what is under way, and begin nothing more, while all else of them
// goes on; then they go at once.
func TestCalm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply {
			if r.n == 1 {
				time.Sleep(3 * time.Second)
			}
			return reply{}
		})
		defer w.stop()
		n := w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		began, calm := time.Now(), make(chan time.Duration, 1)
		go func() { w.lanes.Calm(gateway.AllSlots()); calm <- time.Since(began) }()
		synctest.Wait()
		next := w.publish("acme", gateway.PlatformEndpoint)
		other := w.publish("other", gateway.PlatformEndpoint) // a lane that comes to be
		time.Sleep(2 * time.Second)
		if got := len(w.receiver.all()); got != 1 {
			t.Errorf("%d requests while it calms down", got)
		}
		if took := <-calm; took != 3*time.Second {
			t.Errorf("it took %s", took)
		}
		if d, _ := w.read(n); d.State != gateway.DeliverySucceeded {
			t.Errorf("calm, it is %s", d.State)
		}
		time.Sleep(time.Hour)
		began = time.Now()
		move(t, gateway.AllSlots(), w.lanes, w.beside())
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s more to move", took)
		}
		synctest.Wait()
		for _, n := range []*gateway.Notice{next, other} {
			if d, _ := w.read(n); d.State != gateway.DeliverySucceeded {
				t.Errorf("elsewhere it is %s", d.State)
			}
		}
	})
}

// What hangs keeps slots for so long, and is given up; taken back it is sent again.
func TestCalmGivesUpWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply { return reply{hang: r.n == 1} })
		defer w.stop()
		w.to(func(to *outbound.Target) { to.Timeout = time.Hour })
		n := w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		began := time.Now()
		w.lanes.Calm(gateway.AllSlots())
		w.lanes.Release(gateway.AllSlots())
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("it took %s", took)
		}
		if err := w.lanes.Acquire(gateway.AllSlots()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if d, _ := w.read(n); d.State != gateway.DeliverySucceeded || len(w.receiver.all()) != 2 {
			t.Errorf("taken back it is %s, after %d requests", d.State, len(w.receiver.all()))
		}
	})
}

// What hangs is given up and sent by the next owner; what then comes of the first
// attempt is nobody's.
func TestReleaseGivesUpWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply { return reply{hang: r.n == 1} })
		defer w.stop()
		w.to(func(to *outbound.Target) { to.Timeout = time.Hour })
		n := w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		began, other := time.Now(), w.beside()
		w.lanes.Release(gateway.AllSlots())
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("it took %s", took)
		}
		synctest.Wait()
		if d, attempts := w.read(n); d.State != gateway.DeliveryPending || len(attempts) != 0 {
			t.Errorf("released, it is %s after %d attempts", d.State, len(attempts))
		}
		if err := w.lanes.Drain(t.Context()); err != nil || time.Since(began) > 6*time.Second {
			t.Errorf("an attempt went on for %s, %v", time.Since(began), err)
		}
		if err := other.Acquire(gateway.AllSlots()); err != nil {
			t.Fatal(err)
		}
		w.await(1)
		time.Sleep(2 * time.Hour)
		if d, attempts := w.read(n); d.State != gateway.DeliverySucceeded || len(attempts) != 1 || len(w.receiver.all()) != 2 {
			t.Errorf("%s, %d attempts, %d requests", d.State, len(attempts), len(w.receiver.all()))
		}
	})
}

// A lane whose slot is another's is not woken, and not steered; its status is read.
func TestLanesOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(204))
		defer w.stop()
		n := w.accept("crm", "c", 1)
		w.await(1)
		synctest.Wait()
		w.lanes.Release(gateway.SlotsOf(crm.Slot()))
		later := w.accept("crm", "c", 2)
		w.accept("elsewhere", "c", 3)
		w.lanes.Refresh("")
		w.lanes.Watch("acme", "crm")
		w.lanes.Withhold(crm, "dlv_x")
		w.lanes.Let(crm, "dlv_x")
		w.await(1)
		time.Sleep(time.Hour)
		if got := w.receiver.all(); len(got) != 2 {
			t.Errorf("%d requests", len(got))
		}
		_, retried := w.lanes.Retry("acme", n.Delivery.ID)
		_, cancelled := w.lanes.Cancel("acme", later.Delivery.ID)
		for what, err := range map[string]error{
			"pause": w.lanes.Pause("acme", "crm"), "changed": w.lanes.Changed(context.Background(), "acme", "crm"), "retry": retried, "cancel": cancelled,
		} {
			if known := (*gateway.Error)(nil); !errors.As(err, &known) || known.Code != gateway.CodeUnavailable || known.RetryAfter <= 0 {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := w.lanes.Status("acme", "crm"); err != nil {
			t.Error(err)
		}
		w.lanes.Stats(func(s outbound.Stat) {
			if s.Lane == crm {
				t.Errorf("it is counted: %+v", s)
			}
		})
		if err := w.lanes.Acquire(gateway.SlotsOf(crm.Slot())); err != nil {
			t.Fatal(err)
		}
		w.await(1)
	})
}

// slowLanes is a store that takes its time to tell of lanes, or cannot.
type slowLanes struct {
	outbound.Backlog
	failing atomic.Bool
}

func (q *slowLanes) Lanes(slots gateway.SlotSet) ([]gateway.LaneKey, error) {
	time.Sleep(time.Second)
	if q.failing.Load() {
		return nil, errDisk
	}
	return q.Backlog.Lanes(slots)
}

// A lane that is told of a delivery while its slot comes does not let it overtake what
// a former owner left.
func TestWokenWhileItsSlotComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply { return reply{status: []int{500, 200, 200, 200}[r.n-1]} })
		defer w.stop()
		w.to(func(to *outbound.Target) {
			to.Form, to.Ordered, to.Hold, to.Retry = outbound.Envelope, true, 2*time.Hour, retry.Policy{Schedule: []time.Duration{time.Hour}}
		})
		w.accept("crm", "c", 1)
		synctest.Wait()
		w.lanes.Release(gateway.AllSlots())
		store := &slowLanes{Backlog: w.store}
		w.options.Backlog = store
		w.ends = append(w.ends, w.lanes)
		w.lanes = w.beside()
		store.failing.Store(true)
		if err := w.lanes.Acquire(gateway.AllSlots()); !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
		w.accept("crm", "c", 2) // nobody owns it
		store.failing.Store(false)
		come := make(chan error)
		go func() { come <- w.lanes.Acquire(gateway.AllSlots()) }()
		synctest.Wait()
		w.accept("crm", "c", 3)
		synctest.Wait()
		if err := <-come; err != nil {
			t.Fatal(err)
		}
		w.await(3)
		var order []int
		for _, r := range w.receiver.all() {
			order = append(order, items(t, r)[0].N)
		}
		if !slices.Equal(order, []int{1, 1, 2, 3}) {
			t.Errorf("sent in the order %v", order)
		}
	})
}

// A delivery that is withheld is cancelled when it may be sent, and then is not.
func TestCancelOfOneThatIsWithheld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(204))
		defer w.stop()
		n := w.notice("acme", gateway.PlatformEndpoint)
		lane := n.Delivery.Lane()
		w.lanes.Withhold(lane, n.Delivery.ID)
		if err := w.store.Commit(&gateway.Change{Notice: n}); err != nil {
			t.Fatal(err)
		}
		cancelled := make(chan error)
		go func() {
			_, err := w.lanes.Cancel("acme", n.Delivery.ID)
			cancelled <- err
		}()
		synctest.Wait()
		w.lanes.Let(lane, n.Delivery.ID)
		err := <-cancelled
		w.lanes.Wake(lane, n.Delivery.Due())
		time.Sleep(time.Hour)
		if d, _ := w.read(n); err != nil || d.State != gateway.DeliveryCancelled || len(w.receiver.all()) != 0 {
			t.Errorf("%v, it is %s, %d requests", err, d.State, len(w.receiver.all()))
		}
	})
}

// Slots are moved at random between two owners while events are published and some
// attempts fail: nothing is lost, and within each conversation nothing overtakes.
func TestSlotsMoveUnderLoad(t *testing.T) {
	const lanes, conversations, each = 12, 3, 40
	came := make(chan struct{}, 1) // a request: slots move only where there is something to lose
	w := real(t, func(r received) reply {
		select {
		case came <- struct{}{}:
		default:
		}
		if r.n%9 == 0 {
			return reply{status: 500}
		}
		return reply{}
	})
	w.to(func(to *outbound.Target) {
		to.Breaker, to.Retry = nil, retry.Policy{Schedule: make([]time.Duration, 50)}
		for i := range to.Retry.Schedule {
			to.Retry.Schedule[i] = time.Millisecond
		}
	})
	w.ordered(t)
	owners := [2]*outbound.Lanes{w.lanes, w.beside()}
	endpoints := map[string]gateway.Endpoint{}
	var slots []gateway.Slot
	for i := range lanes {
		id := fmt.Sprintf("e%d", i)
		endpoints[id] = gateway.Endpoint{URL: "https://crm.example.com/"}
		slots = append(slots, gateway.LaneKey{Tenant: "acme", Endpoint: id}.Slot())
	}
	o := publishing.Options{
		Store: w.store, Learner: nobody{},
		Wake: func(k gateway.LaneKey, d gateway.Due) {
			for _, owner := range owners {
				owner.Wake(k, d)
			}
		},
		WakeMany: func(k gateway.LaneKey, d []gateway.Due) {
			for _, owner := range owners {
				owner.WakeMany(k, d)
			}
		},
	}
	_, snapshot := publisherOf(t, w, endpoints)
	p := publishing.New(o)
	stop, moves := make(chan struct{}), 0
	var moving sync.WaitGroup
	moving.Go(func() {
		rng, at := rand.New(rand.NewPCG(1, 2)), map[gateway.Slot]int{}
		for {
			select {
			case <-stop:
				return
			case <-came:
			}
			from := rng.IntN(2)
			var set gateway.SlotSet
			for _, slot := range slots {
				if at[slot] == from && rng.IntN(2) == 0 {
					set.Add(slot)
				}
			}
			for slot := range set.All() {
				at[slot] = 1 - from
			}
			move(t, set, owners[from], owners[1-from])
			moves++
		}
	})
	var publishers sync.WaitGroup
	for c := range conversations {
		publishers.Go(func() {
			for n := range each {
				body := fmt.Appendf(nil, `{"events":[{"n":%d,"event":{"type":"message"},"conversation":{"key":"c%d"}}]}`, n*conversations+c, c)
				if _, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: body}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	publishers.Wait()
	w.awaitWithin(t, lanes*conversations*each, slack)
	close(stop)
	moving.Wait()
	t.Logf("%d moves, %d requests", moves, len(w.receiver.all()))
	if moves < 20 {
		t.Errorf("slots moved %d times only", moves)
	}
	w.inOrderOf(t, lanes, conversations, conversations*each)
	for _, slot := range slots {
		if left, err := w.store.Lanes(gateway.SlotsOf(slot)); err != nil || len(left) > 0 {
			t.Errorf("%v are not ended, %v", left, err)
		}
	}
}

// nobody learns nothing.
type nobody struct{}

func (nobody) Learn(context.Context, []gateway.Naming) ([]*gateway.Change, func(error), error) {
	return nil, nil, nil
}
