package outbound_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
	"hookgate/retry"
)

// inPull plays a world whose endpoint crm of acme is pulled.
func inPull(t *testing.T, policy retry.Policy, play func(t *testing.T, w *world)) {
	inBubble(t, always(200), func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) { to.Pull, to.URL, to.Breaker, to.Retry = true, "", nil, policy })
		play(t, w)
		if sent := w.receiver.all(); len(sent) != 0 {
			t.Errorf("%d deliveries were sent", len(sent))
		}
	})
}

// lent is a delivery that was pulled.
type lent struct {
	outbound.Given
	webhookID string
	numbers   []int // of its items
}

func (w *world) pullFrom(lanes *outbound.Lanes, most int, lease time.Duration) (all []lent) {
	w.t.Helper()
	leases, err := lanes.Pull(crm, most, lease, func(g *outbound.Given) bool {
		one := lent{Given: *g}
		for _, h := range g.Header {
			if h[0] == "webhook-id" {
				one.webhookID = h[1]
			}
		}
		for _, i := range items(w.t, received{body: g.Body}) {
			one.numbers = append(one.numbers, i.N)
		}
		all = append(all, one)
		return true
	})
	if err != nil || len(leases) != len(all) {
		w.t.Fatalf("pulled %d with %d leases: %v", len(all), len(leases), err)
	}
	return all
}

func (w *world) pull(most int, lease time.Duration) []lent {
	w.t.Helper()
	synctest.Wait()
	return w.pullFrom(w.lanes, most, lease)
}

// numbers are those of all items that were pulled.
func numbers(all []lent) string {
	list := []string{}
	for _, one := range all {
		list = append(list, fmt.Sprint(one.numbers))
	}
	return fmt.Sprint(list)
}

func (w *world) say(said outbound.Said, all ...lent) (good int) {
	w.t.Helper()
	var leases []string
	for _, one := range all {
		leases = append(leases, one.Lease)
	}
	g, _, err := w.lanes.Say(crm, leases, said)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(g)
}

var (
	ack  = outbound.Said{Good: true}
	nack = outbound.Said{Error: "no"}
)

func inSteps(pauses ...time.Duration) retry.Policy { return retry.Policy{Schedule: pauses} }

// loading counts how often events are read.
type loading struct {
	outbound.Backlog
	n *atomic.Int32
}

func (q loading) Load(tenant, id string) (*gateway.Delivery, []gateway.Event, error) {
	q.n.Add(1)
	return q.Backlog.Load(tenant, id)
}

// Whoever names a thousand leases, good ones to extend or wrong ones of what is lent, has no
// event read for that: one may have a megabyte.
func TestLeasesReadNoEvents(t *testing.T) {
	inPull(t, inSteps(10*time.Second), func(t *testing.T, w *world) {
		var n atomic.Int32
		_ = w.halt()
		w.wrap = func(b outbound.Backlog) outbound.Backlog { return loading{b, &n} }
		w.start()
		w.accept("crm", "c", 1)
		list := w.pull(10, 30*time.Second)
		if len(list) != 1 || n.Load() == 0 {
			t.Fatalf("%d are lent, %d loaded", len(list), n.Load())
		}
		n.Store(0)
		good := list[0].Lease
		wrong := good[:len(good)-1] + "2"
		for range 100 {
			if _, gone, err := w.lanes.Say(crm, []string{wrong, wrong}, ack); err != nil || len(gone) != 2 {
				t.Fatal(gone, err)
			}
			if ok, _, err := w.lanes.Extend(crm, []string{good}, time.Minute); err != nil || len(ok) != 1 {
				t.Fatal(ok, err)
			}
		}
		if w.say(ack, list[0]) != 1 {
			t.Error("the lease is gone")
		}
		if n.Load() != 0 {
			t.Errorf("events were read %d times", n.Load())
		}
	})
}

// A lease that runs out was an attempt, and is retried by the schedule to its end.
func TestLeasesRunOut(t *testing.T) {
	inPull(t, inSteps(10*time.Second, time.Minute), func(t *testing.T, w *world) {
		n := w.accept("crm", "c", 1)
		begun := time.Now()
		for i, due := range []time.Duration{0, 40 * time.Second, 130 * time.Second} {
			time.Sleep(due - time.Since(begun) - min(due, time.Millisecond))
			if list := w.pull(10, time.Second); due > 0 && len(list) != 0 {
				t.Fatalf("it is lent %s before it is due", time.Millisecond)
			} else if due > 0 {
				time.Sleep(time.Millisecond)
				list = w.pull(10, 30*time.Second)
				if len(list) != 1 || list[0].Attempt != i+1 || list[0].webhookID != n.Event.ID {
					t.Fatalf("at %s it gives %+v", due, list)
				}
			} else if _, _, err := w.lanes.Extend(crm, []string{list[0].Lease}, 30*time.Second); err != nil {
				t.Fatal(err)
			}
			if again := w.pull(10, time.Second); len(again) != 0 {
				t.Fatalf("it is lent twice: %+v", again)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		d, attempts, err := w.carrier(&n.Event)
		if err != nil || d.State != gateway.DeliveryDead || len(attempts) != 3 || w.endedIn(gateway.DeliveryDead) != 1 {
			t.Fatalf("it is %+v with %+v, %v", d, attempts, err)
		}
		for i, a := range attempts {
			if a.Number != i+1 || a.Error != "lease" || a.Status != 0 || a.Duration != 30*time.Second || a.Detail == "" || len(a.RequestHeaders) == 0 ||
				!a.At.Equal(begun.Add([]time.Duration{0, 40 * time.Second, 130 * time.Second}[i]).Round(0)) {
				t.Errorf("attempt %d is %+v", i+1, a)
			}
		}
		if s := w.stat("acme", "crm"); s.Depth != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Leases outlive a restart: what is lent is lent to nobody else until its end, and taken
// back until then.
func TestLeasesOutliveARestart(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		inPull(t, steady, func(t *testing.T, w *world) {
			w.to(func(to *outbound.Target) { to.Ordered, to.Hold = ordered, time.Hour })
			var events []*gateway.Notice
			for n := range 3 {
				events = append(events, w.accept("crm", fmt.Sprint("c", n), n+1))
			}
			list := w.pull(2, time.Minute)
			for range 3 {
				_ = w.halt()
				w.start()
				time.Sleep(10 * time.Second)
			}
			if rest := w.pull(10, time.Minute); numbers(rest) != "[[3]]" {
				t.Fatalf("after restarts it gives %s", numbers(rest))
			}
			if w.say(ack, list[0]) != 1 {
				t.Error("a lease from before is gone")
			}
			_ = w.halt()
			time.Sleep(31 * time.Second)
			w.start()
			if w.say(ack, list[1]) != 0 {
				t.Error("a lease is good after its end")
			}
			time.Sleep(3 * time.Second)
			synctest.Wait()
			for i, want := range []gateway.DeliveryState{gateway.DeliverySucceeded, gateway.DeliveryRetrying, gateway.DeliveryPending} {
				d, attempts, err := w.carrier(&events[i].Event)
				if err != nil || d.State != want || want == gateway.DeliveryRetrying && attempts[0].Error != "lease" {
					t.Errorf("%d is %s with %+v, %v", i+1, d.State, attempts, err)
				}
			}
			time.Sleep(5 * time.Second)
			if again := w.pull(10, time.Minute); numbers(again) != "[[2]]" || again[0].Attempt != 2 {
				t.Errorf("later it gives %+v", again)
			}
		})
	}
}

// Nothing of a conversation is lent while a delivery of it is, nor while one that failed
// holds it, over restarts too.
func TestPulledOrder(t *testing.T) {
	inPull(t, inSteps(10*time.Minute, 10*time.Minute), func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) { to.Ordered, to.Hold = true, time.Hour })
		w.acceptAll("crm", item{Conversation: "c", N: 1}, item{Conversation: "c", N: 2}, item{Conversation: "d", N: 3}, item{Conversation: "c", N: 4}, item{N: 5}, item{N: 6})
		first := w.pull(10, time.Minute)
		if numbers(first) != "[[1] [3] [5] [6]]" {
			t.Fatalf("it gives %s", numbers(first))
		}
		restart := func() { _ = w.halt(); w.start() }
		restart()
		if more := w.pull(10, time.Minute); len(more) != 0 {
			t.Fatalf("while they are lent it gives %s", numbers(more))
		}
		w.say(ack, first...)
		second := w.pull(10, time.Minute)
		if numbers(second) != "[[2]]" {
			t.Fatalf("then it gives %s", numbers(second))
		}
		w.say(nack, second...) // from now it holds its conversation for an hour
		for range 2 {
			restart()
			time.Sleep(10 * time.Minute)
			if list := w.pull(10, time.Minute); numbers(list) != "[[2]]" {
				t.Fatalf("due again it gives %s", numbers(list))
			}
			time.Sleep(time.Minute) // its lease runs out
		}
		synctest.Wait() // it is dead now, and holds nothing
		last := w.pull(10, time.Minute)
		if numbers(last) != "[[4]]" {
			t.Fatalf("at the end it gives %s", numbers(last))
		}
		if _, _, err := w.lanes.Extend(crm, []string{last[0].Lease}, 15*time.Minute); err != nil {
			t.Fatal(err)
		}
		w.accept("crm", "c", 7)
		time.Sleep(14 * time.Minute)
		if list := w.pull(10, time.Minute); len(list) != 0 {
			t.Errorf("extended, it is passed by %s", numbers(list))
		}
		if _, err := w.lanes.Cancel("acme", last[0].ID); err != nil {
			t.Fatal(err)
		}
		if list := w.pull(10, time.Minute); numbers(list) != "[[7]]" {
			t.Errorf("after it was cancelled it gives %s", numbers(list))
		}
	})
}

// A hold that is over lets those behind pass, whoever pulls what failed.
func TestPulledOrderAfterItsHold(t *testing.T) {
	inPull(t, inSteps(2*time.Hour), func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) { to.Ordered, to.Hold = true, time.Hour })
		w.acceptAll("crm", item{Conversation: "c", N: 1}, item{Conversation: "c", N: 2}, item{Conversation: "c", N: 3})
		w.say(nack, w.pull(10, time.Minute)...)
		time.Sleep(time.Hour - time.Second)
		if list := w.pull(10, time.Minute); len(list) != 0 {
			t.Fatalf("it is passed by %s", numbers(list))
		}
		time.Sleep(time.Second)
		list := w.pull(10, time.Minute)
		if numbers(list) != "[[2]]" {
			t.Fatalf("after its hold comes %s", numbers(list))
		}
		w.say(ack, list...)
		if list := w.pull(10, time.Minute); numbers(list) != "[[3]]" {
			t.Errorf("then comes %s", numbers(list))
		}
	})
}

// Batches are pulled as they would have been sent; a failed one comes again as it was.
func TestPulledBatches(t *testing.T) {
	inPull(t, inSteps(10*time.Second), func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) { to.MaxEvents, to.MaxWait = 3, time.Minute })
		for n := range 7 {
			w.accept("crm", "", n+1)
		}
		list := w.pull(10, 2*time.Minute)
		if numbers(list) != "[[1 2 3] [4 5 6]]" || list[0].webhookID != list[0].ID {
			t.Fatalf("it gives %s", numbers(list))
		}
		w.say(ack, list[0])
		w.say(nack, list[1])
		time.Sleep(59 * time.Second)
		again := w.pull(10, 2*time.Minute)
		if numbers(again) != "[[4 5 6]]" || again[0].webhookID != list[1].webhookID || again[0].Attempt != 2 {
			t.Fatalf("the failed one comes as %s", numbers(again))
		}
		time.Sleep(time.Second)
		if rest := w.pull(10, 2*time.Minute); numbers(rest) != "[[7]]" {
			t.Errorf("after a minute it gives %s", numbers(rest))
		}
	})
}

// What nobody comes for ends with max_age, without an attempt.
func TestUnpulledEnd(t *testing.T) {
	aged := retry.Policy{Initial: 10 * time.Minute, Max: 10 * time.Minute, Multiplier: 1, MaxAge: time.Hour}
	inPull(t, aged, func(t *testing.T, w *world) {
		old := w.accept("crm", "", 1)
		failed := w.accept("crm", "", 2)
		time.Sleep(30 * time.Minute)
		list := w.pull(10, 10*time.Minute)
		w.say(nack, list...)
		young := w.accept("crm", "", 3)
		time.Sleep(30*time.Minute - time.Millisecond)
		synctest.Wait()
		if w.endedIn(gateway.DeliveryDead) != 0 {
			t.Fatal("one has ended before its time")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		for _, n := range []*gateway.Notice{old, failed} {
			if d, attempts, err := w.carrier(&n.Event); err != nil || d.State != gateway.DeliveryDead || len(attempts) != 1 || !d.EndedAt.Equal(time.Now().Round(0)) {
				t.Errorf("after an hour it is %+v with %d attempts, %v", d, len(attempts), err)
			}
		}
		if w.state(young).Ended() {
			t.Error("a younger one has ended too")
		}
		// Retried by hand it has its time again.
		d, _, _ := w.carrier(&old.Event)
		if _, err := w.lanes.Retry("acme", d.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if w.state(old).Ended() || w.state(young) != gateway.DeliveryDead {
			t.Errorf("retried by hand it is %s, the younger one %s", w.state(old), w.state(young))
		}
		if _, attempts, _ := w.carrier(&young.Event); len(attempts) != 0 {
			t.Errorf("nobody came, and there are %d attempts", len(attempts))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if w.state(old) != gateway.DeliveryDead {
			t.Errorf("an hour after it was retried by hand it is %s", w.state(old))
		}
	})
}

// rate_limit bounds what is lent; concurrency does not.
func TestPulledRate(t *testing.T) {
	inPull(t, steady, func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) { to.Rate, to.Concurrency = &gateway.Rate{PerSecond: 10, Burst: 5}, 1 })
		for n := range 25 {
			w.accept("crm", "", n+1)
		}
		if list := w.pull(100, time.Minute); len(list) != 5 {
			t.Errorf("at once it gives %d", len(list))
		}
		time.Sleep(time.Second)
		if list := w.pull(100, time.Minute); len(list) != 5 {
			t.Errorf("after half of its rate it gives %d", len(list))
		}
		called := make(chan time.Time, 1)
		begun := time.Now()
		if _, err := w.lanes.Await(crm, func(error) { called <- time.Now() }); err != nil {
			t.Fatal(err)
		}
		if at := <-called; at.Sub(begun) != 100*time.Millisecond {
			t.Errorf("who waits is called after %s", at.Sub(begun))
		}
	})
}

// An answer of 429 or 503 that says when lets the whole lane rest, another only its own.
func TestNackSaysWhen(t *testing.T) {
	inPull(t, inSteps(time.Hour, time.Hour), func(t *testing.T, w *world) {
		w.accept("crm", "", 1)
		w.accept("crm", "", 2)
		w.say(outbound.Said{RetryAfter: 5 * time.Second}, w.pull(1, time.Minute)...)
		list := w.pull(1, time.Minute)
		w.say(outbound.Said{Status: 503, RetryAfter: 20 * time.Second, Error: "busy", Body: []byte("later")}, list...)
		w.accept("crm", "", 3)
		time.Sleep(20*time.Second - time.Millisecond)
		if list := w.pull(10, time.Minute); len(list) != 0 {
			t.Errorf("while it rests it gives %s", numbers(list))
		}
		time.Sleep(time.Millisecond)
		if list := w.pull(10, time.Minute); numbers(list) != "[[3] [1] [2]]" {
			t.Errorf("after its rest it gives %s", numbers(list))
		}
		d, attempts, err := w.store.Delivery("acme", list[0].ID)
		if err != nil || attempts[0].Error != "5xx" || attempts[0].Status != 503 || attempts[0].Detail != "busy" || string(attempts[0].ResponseBody) != "later" || d.State != gateway.DeliveryRetrying {
			t.Errorf("the attempt is %+v, %v", attempts, err)
		}
	})
}

// A change of the mode keeps what is queued, and what is lent.
func TestModeChanges(t *testing.T) {
	inBubble(t, always(200), func(t *testing.T, w *world) {
		pulled := func(is bool) { w.to(func(to *outbound.Target) { to.Pull = is }) }
		if err := w.lanes.Pause("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		for n := range 4 {
			w.accept("crm", "", n+1)
		}
		pulled(true)
		if err := w.lanes.Resume("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		list := w.pull(2, time.Minute)
		told := make(chan error, 1)
		if rest := w.pull(1, time.Hour); len(rest) != 1 || len(w.receiver.all()) != 0 {
			t.Fatalf("it gives %s, and sent %d", numbers(rest), len(w.receiver.all()))
		}
		if last := w.pull(1, time.Second); len(last) != 1 {
			t.Fatal("the fourth is gone")
		}
		if _, err := w.lanes.Await(crm, func(err error) { told <- err }); err != nil {
			t.Fatal(err)
		}
		pulled(false)
		time.Sleep(10 * time.Second) // the last one's lease has run out, and its pause
		if got := w.receiver.all(); len(got) != 1 || got[0].header.Get("Hookgate-Attempt") != "2" {
			t.Fatalf("%d are sent", len(got))
		}
		var known *gateway.Error
		if err := <-told; !errors.As(err, &known) || known.Code != gateway.CodeNotPulled {
			t.Errorf("who waited is told %v", err)
		}
		if w.say(ack, list[0]) != 1 {
			t.Error("a lease from before is gone")
		}
		time.Sleep(2 * time.Minute)
		got := w.receiver.all()
		if len(got) != 2 || got[1].header.Get("Hookgate-Attempt") != "2" || items(t, got[1])[0].N != 2 {
			t.Errorf("the one that was lent is sent %d times", len(got)-1)
		}
	})
}

// A lane that moves takes its leases along, and sends away who waits.
func TestMovedSlotsKeepLeases(t *testing.T) {
	inPull(t, inSteps(time.Second), func(t *testing.T, w *world) {
		w.accept("crm", "c", 1)
		w.accept("crm", "c", 2)
		list := w.pull(2, time.Minute)
		told := make(chan error, 1)
		if _, err := w.lanes.Await(crm, func(err error) { told <- err }); err != nil {
			t.Fatal(err)
		}
		other := w.beside()
		move(t, gateway.AllSlots(), w.lanes, other)
		if err := <-told; !errors.Is(err, errUnavailable(t, w)) {
			t.Errorf("who waited is told %v", err)
		}
		if more := w.pullFrom(other, 10, time.Minute); len(more) != 0 {
			t.Errorf("elsewhere they are lent again: %s", numbers(more))
		}
		good, _, err := other.Say(crm, []string{list[0].Lease}, ack)
		if err != nil || len(good) != 1 {
			t.Errorf("elsewhere the lease is not good: %v", err)
		}
		time.Sleep(62 * time.Second)
		synctest.Wait()
		if again := w.pullFrom(other, 10, time.Minute); numbers(again) != "[[2]]" || again[0].Attempt != 2 {
			t.Errorf("the other one comes as %+v", again)
		}
	})
}

// Who pulls of a slot that is to move is answered until it does: an acknowledgement was refused for
// as long as an attempt hung of another endpoint whose slot went with it, over three seconds.
func TestPulledWhileCalm(t *testing.T) {
	inPull(t, inSteps(time.Second), func(t *testing.T, w *world) {
		w.accept("crm", "c", 1)
		first := w.pull(1, time.Minute)
		w.lanes.Calm(gateway.AllSlots())
		if good := w.say(ack, first...); good != 1 {
			t.Errorf("%d leases are good", good)
		}
		w.accept("crm", "c", 2)
		if list := w.pull(1, time.Minute); numbers(list) != "[[2]]" || w.say(ack, list...) != 1 {
			t.Errorf("pulled %s", numbers(list))
		}
	})
}

// errUnavailable is what lanes that do not own the slot say.
func errUnavailable(t *testing.T, w *world) error {
	_, err := w.lanes.Pull(crm, 1, time.Minute, nil)
	if err == nil {
		t.Error("who does not own the slot lends")
	}
	return err
}

// Of a long queue each comes once, in order, whatever of it memory holds.
func TestPulledInOrderOfTheirTime(t *testing.T) {
	inPull(t, steady, func(t *testing.T, w *world) {
		const many = 3000
		for n := range many {
			w.accept("crm", "", n+1)
		}
		_ = w.halt()
		w.start()
		next := 1
		for next <= many {
			list := w.pull(700, 15*time.Minute)
			if len(list) == 0 {
				t.Fatalf("after %d it gives nothing", next-1)
			}
			for _, one := range list {
				if one.numbers[0] != next {
					t.Fatalf("%d comes in place of %d", one.numbers[0], next)
				}
				next++
			}
			if next%2 == 0 {
				w.say(ack, list...)
			}
		}
		if more := w.pull(700, time.Minute); len(more) != 0 {
			t.Errorf("%d come again", len(more))
		}
	})
}

// Who is refused because a lease cannot be written has taken nothing.
func TestLeasesThatCannotBeWritten(t *testing.T) {
	inPull(t, steady, func(t *testing.T, w *world) {
		_ = w.halt()
		full := &fullDisk{}
		full.after.Store(1 << 30)
		w.wrap = func(b outbound.Backlog) outbound.Backlog { full.Backlog = b; return full }
		w.start()
		w.accept("crm", "", 1)
		w.accept("crm", "", 2)
		synctest.Wait()
		full.after.Store(1)
		if leases, err := w.lanes.Pull(crm, 10, time.Minute, func(*outbound.Given) bool { return true }); !errors.Is(err, errDisk) || leases != nil {
			t.Fatalf("%q, %v", leases, err)
		}
		full.after.Store(1 << 30)
		list := w.pull(10, time.Minute)
		if numbers(list) != "[[1] [2]]" || list[0].Attempt != 1 {
			t.Fatalf("then it gives %s", numbers(list))
		}
		full.after.Store(0)
		if _, _, err := w.lanes.Say(crm, []string{list[0].Lease}, ack); !errors.Is(err, errDisk) {
			t.Errorf("what cannot be written is %v", err)
		}
		full.after.Store(1 << 30)
		if w.say(ack, list...) != 2 {
			t.Error("said again it is gone")
		}
	})
}

// Whatever those who pull do, and whenever the process ends: no delivery is lent to two at
// once, none that was acknowledged comes again, none is passed in its conversation, and
// each ends.
func TestPullsOfAllKinds(t *testing.T) {
	for seed := range uint64(12) {
		inPull(t, retry.Policy{Schedule: []time.Duration{time.Second, 5 * time.Second, 20 * time.Second}, Jitter: 0.2}, func(t *testing.T, w *world) {
			g := &pullGame{world: w, dice: rand.New(rand.NewPCG(seed, 7)), until: map[string]time.Time{}, acked: map[string]bool{}}
			ordered := seed%2 == 1
			w.to(func(to *outbound.Target) {
				to.Ordered, to.Hold = ordered, time.Hour
				if seed%3 == 2 {
					to.MaxEvents, to.MaxWait = 3, 2*time.Second
				}
			})
			for range 400 {
				g.step(t)
			}
			for range 60 {
				g.pulls(t)
				for _, one := range g.out {
					g.says(t, one, ack)
				}
				g.out = nil
				time.Sleep(20 * time.Second)
			}
			if !w.rests() {
				t.Errorf("seed %d: something does not end", seed)
			}
			for _, n := range g.events {
				if d, _, err := w.carrier(&n.Event); err != nil || !d.State.Ended() {
					t.Errorf("seed %d: %+v, %v", seed, d, err)
				}
			}
		})
	}
}

type pullGame struct {
	*world
	dice   *rand.Rand
	events []*gateway.Notice
	out    []lent
	until  map[string]time.Time // when the lease of a delivery ends
	acked  map[string]bool
}

func (g *pullGame) step(t *testing.T) {
	switch roll := g.dice.IntN(20); {
	case roll < 6:
		g.events = append(g.events, g.accept("crm", fmt.Sprint("c", g.dice.IntN(3)), len(g.events)+1))
	case roll < 10:
		g.pulls(t)
	case roll < 16 && len(g.out) > 0:
		i := g.dice.IntN(len(g.out))
		one := g.out[i]
		switch g.dice.IntN(4) {
		case 0:
			g.says(t, one, nack)
		case 1:
			until := time.Now().Add(3 * time.Second)
			if good, _, err := g.lanes.Extend(crm, []string{one.Lease}, 3*time.Second); err != nil {
				t.Fatal(err)
			} else if len(good) == 1 {
				g.until[one.ID] = until
			}
			return
		default:
			g.says(t, one, ack)
		}
		g.out = slices.Delete(g.out, i, i+1)
	case roll == 16:
		_ = g.halt()
		g.start()
	case roll == 17 && len(g.out) > 0:
		one := g.out[g.dice.IntN(len(g.out))]
		if _, err := g.lanes.Cancel("acme", one.ID); err == nil {
			g.acked[one.ID] = true // it comes no more
		}
	case roll == 18 && len(g.out) > 0:
		i := g.dice.IntN(len(g.out))
		if g.lanes.GiveBack(crm, []string{g.out[i].Lease}) == nil {
			delete(g.until, g.out[i].ID)
		}
		g.out = slices.Delete(g.out, i, i+1)
	default:
		time.Sleep(time.Duration(g.dice.IntN(3000)) * time.Millisecond)
	}
}

func (g *pullGame) pulls(t *testing.T) {
	lease := time.Duration(1+g.dice.IntN(5)) * time.Second
	for _, one := range g.pull(1+g.dice.IntN(4), lease) {
		if end := g.until[one.ID]; end.After(time.Now()) {
			t.Errorf("%s is lent again, and was until %s", one.ID, time.Until(end))
		}
		if g.acked[one.ID] {
			t.Errorf("%s comes again", one.ID)
		}
		g.until[one.ID] = time.Now().Add(lease)
		g.out = append(g.out, one)
	}
}

func (g *pullGame) says(t *testing.T, one lent, said outbound.Said) {
	in := g.until[one.ID].After(time.Now()) && !g.acked[one.ID]
	good := g.say(said, one) == 1
	if good && g.acked[one.ID] {
		t.Errorf("the lease of %s is good twice", one.ID)
	}
	if in && !good {
		g.lookup(t, one)
	}
	if good {
		delete(g.until, one.ID)
		g.acked[one.ID] = said.Good
	}
}

// lookup tells of a lease that should be good; an older one of the same delivery need not.
func (g *pullGame) lookup(t *testing.T, one lent) {
	d, _, err := g.store.Delivery("acme", one.ID)
	if err != nil || d.Lent == nil || d.Lent.Number == one.Attempt {
		t.Errorf("the lease of %+v is gone: %+v, %v", one.ID, d, err)
	}
}

// fullDisk does not settle the delivery after so many.
type fullDisk struct {
	outbound.Backlog
	after atomic.Int64
}

func (q *fullDisk) Settle(d *gateway.Delivery, a *gateway.Attempt) error {
	if q.after.Add(-1) == -1 {
		return errDisk
	}
	return q.Backlog.Settle(d, a)
}

// A hold that a former owner left ends with its delivery, also where that ends before the
// lane had a turn.
func TestCancelledBeforeTheFirstTurn(t *testing.T) {
	inBubble(t, always(500), func(t *testing.T, w *world) {
		w.to(func(to *outbound.Target) {
			to.Ordered, to.Hold, to.Breaker, to.Retry = true, time.Hour, nil, inSteps(30*time.Minute)
		})
		n := w.accept("crm", "c", 1)
		synctest.Wait()
		w.accept("crm", "c", 2)
		if err := w.lanes.Pause("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		_ = w.halt()
		w.start()
		if _, err := w.lanes.Cancel("acme", n.Delivery.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.lanes.Resume("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := w.receiver.all(); len(got) != 2 || items(t, got[1])[0].N != 2 {
			t.Errorf("%d were sent: the second waits for one that was cancelled", len(got))
		}
	})
}
