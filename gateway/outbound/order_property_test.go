package outbound_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
	"hookgate/gateway/shares"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// TestOrderHolds: whatever happens to an ordered endpoint (failures of every kind,
// breaker, pauses, changed settings, batches, restarts, crashes that lose what was
// not synced, deliveries cancelled and sent again by hand, a window that has less of
// what all share, and more again; its slot moved to another owner), every event ends, at most one request of a conversation is on its way, and none overtakes an earlier
// one of its conversation that has not ended, unless that one's hold ran out.
func TestOrderHolds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := orderGame{
			script: rapid.SliceOfN(rapid.IntRange(0, len(replies)-1), 1, 60).Draw(r, "replies"),
			steps:  rapid.SliceOfN(rapid.IntRange(0, 17), 1, 40).Draw(r, "steps"),
			window: rapid.SampledFrom([]int{1, 2, 3, 4, 5, 6, 24, 80}).Draw(r, "window"),
			limit:  rapid.IntRange(1, 8).Draw(r, "limit"),
			hold:   time.Duration(rapid.IntRange(1, 120).Draw(r, "hold")) * time.Second,
		}
		synctest.Test(t, g.play)
	})
}

// A pause reads how the endpoint stands by itself, while the reader is on its way
// to do that. What arrives during the read of the window that follows was lost.
func TestOrderOfAPauseAfterARestart(t *testing.T) {
	for range 30 { // which of the two comes first is chance
		g := orderGame{script: []int{9, 1, 8, 6}, steps: []int{0, 10, 7, 0, 7, 8}, window: 4, limit: 2, hold: 54 * time.Second}
		synctest.Test(t, g.play)
	}
}

// A window that has all of its lane was read anyway, and then held some of what
// is after its cursor: what the breaker refused went back to the store alone, and
// the next one of its conversation went first.
func TestOrderOfAReadThatNobodyNeeds(t *testing.T) {
	for range 10 {
		g := orderGame{script: []int{3}, steps: []int{6, 3, 3}, window: 4, limit: 1, hold: time.Second}
		synctest.Test(t, g.play)
	}
}

// A reader and an API call both learned what a former process knew. The slower one
// removed a hold that had run out when a new one of its conversation stood in its
// place; after the next start nothing held that conversation.
func TestOrderOfTwoThatPrime(t *testing.T) {
	for range 30 { // which of the two comes first is chance
		g := orderGame{
			script: []int{3, 0, 9, 1}, window: 4, limit: 4, hold: 3 * time.Second,
			steps: []int{9, 4, 0, 1, 11, 0, 2, 6, 1, 4, 2, 6, 10, 8, 7, 7, 3, 13, 1, 13, 11, 0, 0, 9, 8},
		}
		synctest.Test(t, g.play)
	}
}

// slowHolds is a store that takes its time to tell of holds: the first time a second,
// the second time a minute.
type slowHolds struct {
	outbound.Backlog
	asked atomic.Int32
}

func (q *slowHolds) Holds(lane gateway.LaneKey) ([]gateway.Hold, error) {
	holds, err := q.Backlog.Holds(lane)
	switch q.asked.Add(1) {
	case 1:
		time.Sleep(time.Second)
	case 2:
		time.Sleep(time.Minute)
	}
	return holds, err
}

// The same without chance.
func TestAHoldThatRanOutTakesNoOtherAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(received) reply { return reply{status: 500} })
		defer w.stop()
		policy := retry.Policy{Schedule: []time.Duration{0, time.Hour}}
		w.setTarget(&outbound.Target{URL: w.target.URL, Retry: policy, Form: outbound.Envelope, Ordered: true, Hold: 10 * time.Minute})
		w.accept("crm", "c", 1)
		synctest.Wait()
		_ = w.halt()
		time.Sleep(30 * time.Minute) // its hold runs out
		w.wrap = func(backlog outbound.Backlog) outbound.Backlog { return &slowHolds{Backlog: backlog} }
		w.start()
		second := w.accept("crm", "c", 2)
		synctest.Wait() // the reader is at it
		if err := w.lanes.Resume("acme", "crm"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		holds, err := w.store.Holds(gateway.LaneKey{Tenant: "acme", Endpoint: "crm"})
		if err != nil || len(holds) != 1 || holds[0].Delivery != second.Delivery.ID {
			t.Errorf("the store has %+v, %v after the second failed", holds, err)
		}
	})
}

type orderGame struct {
	script, steps []int
	window, limit int
	hold          time.Duration

	t      *testing.T
	w      *world
	mu     sync.Mutex
	all    map[string][]*gateway.Notice // by conversation
	flying map[string]int
	taken  map[item]int
	again  map[string]bool // events that were sent again by hand: they take a new place
	late   bool            // a crash lets what is on its way be sent again
	other  *outbound.Lanes // to whom the slot moves; nil: not made yet
	others int64           // places in memory that others have
}

func (g *orderGame) play(t *testing.T) {
	g.t, g.all, g.flying, g.taken = t, map[string][]*gateway.Notice{}, map[string]int{}, map[item]int{}
	g.again = map[string]bool{}
	g.w = bubble(t, g.receive)
	defer g.w.stop()
	defer func() {
		if t.Failed() {
			t.Logf("replies %v, steps %v, window %d, limit %d, hold %s", g.script, g.steps, g.window, g.limit, g.hold)
		}
	}()
	_ = g.w.halt()
	g.w.fs = vfs.NewCrashableMem()
	g.w.options.Window, g.w.options.Limit = g.window, g.limit
	g.w.options.Windows = shares.New(int64(1 + 4*g.window))
	g.w.start()
	settings := breaker.Settings{Failures: 4, Ratio: 0.9, Window: time.Minute, Open: 10 * time.Second, MaxOpen: time.Minute}
	target := &outbound.Target{
		URL: g.w.target.URL, Timeout: 5 * time.Second, Breaker: &settings, Form: outbound.Envelope, Ordered: true, Hold: g.hold,
		Retry: retry.Policy{Schedule: []time.Duration{0, time.Second, time.Minute}, Jitter: 0.5, Never: []string{"404"}},
	}
	g.w.setTarget(target)
	for i, step := range g.steps {
		g.step(i, step, target)
	}
	g.w.setTarget(target)
	if err := g.w.lanes.Resume("acme", "crm"); err != nil {
		t.Fatal(err)
	}
	for range 24 * 6 {
		if time.Sleep(10 * time.Minute); g.w.rests() {
			break
		}
	}
	g.end()
}

func (g *orderGame) step(i, step int, target *outbound.Target) {
	w := g.w
	switch step {
	case 0, 1, 2, 3, 4:
		for n := range step + 1 {
			c := fmt.Sprintf("c%d", (i+n)%3)
			g.mu.Lock()
			g.all[c] = append(g.all[c], nil)
			n := len(g.all[c])
			g.mu.Unlock()
			notice := w.accept("crm", c, n)
			g.mu.Lock()
			g.all[c][n-1] = notice
			g.mu.Unlock()
		}
	case 5, 6:
		time.Sleep(time.Duration(i) * 500 * time.Millisecond)
	case 7:
		if err := w.lanes.Pause("acme", "crm"); err != nil {
			g.t.Fatal(err)
		}
	case 8:
		if err := w.lanes.Resume("acme", "crm"); err != nil {
			g.t.Fatal(err)
		}
	case 9:
		other := *target
		other.Concurrency = 1 + i%3
		if i%2 == 0 {
			other.MaxEvents, other.MaxWait = 2+i%3, time.Duration(i%4)*time.Second
		}
		w.setTarget(&other)
	case 10:
		g.restart(nil)
	case 11: // a crash that keeps some part of what was not synced
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		g.restart(w.fs.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng}))
	case 12:
		g.byHand(i, func(d *gateway.Delivery) error { _, err := w.lanes.Cancel("acme", d.ID); return err })
	case 13:
		g.byHand(i, func(d *gateway.Delivery) error {
			g.mu.Lock()
			for _, id := range d.EventIDs {
				g.again[id] = true
			}
			g.mu.Unlock()
			_, err := w.lanes.Retry("acme", d.ID)
			return err
		})
	case 14: // the next time that it asks, its window is small
		more := w.options.Windows.Most() - w.options.Windows.Stat().Used
		w.options.Windows.Force(shares.Tenant("others"), more)
		g.others += max(more, 0)
	case 15:
		w.options.Windows.Give(shares.Tenant("others"), g.others)
		g.others = 0
	case 16:
		g.move(func() {})
	case 17:
		g.move(func() { g.step(i, 2, target) })
	}
}

// move moves the slot to another owner; meanwhile something is done.
func (g *orderGame) move(meanwhile func()) {
	w, moved := g.w, make(chan struct{})
	if g.other == nil {
		g.other = w.beside()
		w.ends = append(w.ends, w.lanes)
	}
	go func() {
		defer close(moved)
		move(g.t, gateway.AllSlots(), w.lanes, g.other)
	}()
	synctest.Wait()
	meanwhile()
	<-moved
	w.lanes, g.other = g.other, w.lanes
}

func (g *orderGame) restart(fs vfs.FS) {
	g.mu.Lock()
	g.late = true
	g.mu.Unlock()
	_ = g.w.halt()
	synctest.Wait() // what was on its way is heard of now, not when the store is closed
	g.mu.Lock()
	g.late = false
	clear(g.flying)
	g.mu.Unlock()
	if fs != nil {
		g.w.fs = fs
	}
	g.other = nil
	g.w.start()
}

// byHand does something to some delivery; that it has ended is no fault.
func (g *orderGame) byHand(i int, do func(*gateway.Delivery) error) {
	for _, list := range g.all {
		for {
			d, _, err := g.w.carrier(&list[i%len(list)].Event)
			if err != nil {
				g.t.Fatal(err)
			}
			err = do(d)
			if errors.Is(err, gateway.ErrNotFound) {
				continue // since then it was merged into another
			}
			if err != nil && err.Error() != "this delivery has ended" {
				g.t.Fatal(err)
			}
			return
		}
	}
}

// receive checks every request when it comes.
func (g *orderGame) receive(r received) reply {
	g.mu.Lock()
	defer g.mu.Unlock()
	does := replies[g.script[r.n%len(g.script)]]
	good := does.status == 0 && does.raw == "" && !does.reset && !does.hang
	if g.late {
		return reply{reset: true}
	}
	list := items(g.t, r)
	for _, i := range list {
		if i.Conversation != list[0].Conversation {
			g.t.Errorf("a batch of two conversations: %s", r.body)
		}
		if good {
			g.taken[i]++
		}
	}
	first := list[0]
	for n, e := range g.all[first.Conversation][:first.N-1] {
		if e == nil {
			continue
		}
		d, attempts, err := g.w.carrier(&e.Event)
		switch {
		case err != nil:
			g.t.Errorf("%s: %v", e.Event.ID, err)
		case d.State.Ended() || g.again[e.Event.ID]:
		case len(attempts) > 0 && !r.at.Before(attempts[0].At.Add(g.hold)):
		default:
			g.t.Errorf("%s %d is sent while %d is %s after %d attempts, at %s", first.Conversation, first.N, n+1, d.State, len(attempts), r.at)
		}
	}
	return does
}

func (g *orderGame) end() {
	for c, list := range g.all {
		for n, e := range list {
			d, attempts, err := g.w.carrier(&e.Event)
			switch {
			case err != nil:
				g.t.Fatal(err)
			case !d.State.Ended():
				g.t.Fatalf("%s %d is %s after a day, due %s: %+v", c, n+1, d.State, d.NextAttemptAt, g.w.stat("acme", "crm"))
			case d.State == gateway.DeliverySucceeded && g.taken[item{Conversation: c, N: n + 1}] == 0:
				g.t.Fatalf("%s %d succeeded, and was never taken", c, n+1)
			case len(attempts) != d.Attempts:
				g.t.Fatalf("%d attempts are kept of %d", len(attempts), d.Attempts)
			}
		}
	}
	g.w.lanes.Stats(func(s outbound.Stat) {
		if s.Depth != 0 || s.Flying != 0 {
			g.t.Errorf("at rest: %+v", s)
		}
	})
	holds, err := g.w.store.Holds(gateway.LaneKey{Tenant: "acme", Endpoint: "crm"})
	if err != nil {
		g.t.Fatal(err)
	}
	for _, h := range holds {
		if h.Until.After(time.Now()) {
			g.t.Errorf("a hold is left: %+v", h)
		}
	}
}
