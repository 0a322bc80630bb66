package watching_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/cluster/watching"
)

// town is nodes, who owns the waits of a tenant among them, and the waits: as a store has them.
type town struct {
	mu    sync.Mutex
	nodes map[string]*node
	owner map[string]string // by tenant; "": a gap
	ended map[string]*gateway.Wait
	open  map[string]*gateway.Wait
	drops func(to, verb string) bool // what is lost on its way; nil: nothing
}

// node is one of them: as forward.Owners, as watching.Sessions, as forward.Asker.
type node struct {
	*town
	*watching.Watches
	id      string
	dead    bool
	looking map[string][]*look // by wait: who looks on, as waiting.Sessions keep it
}

type look struct{ done func(*gateway.Wait, error) }

func newTown(ids ...string) *town {
	w := &town{nodes: map[string]*node{}, owner: map[string]string{}, ended: map[string]*gateway.Wait{}, open: map[string]*gateway.Wait{}}
	for _, id := range ids {
		n := &node{town: w, id: id, looking: map[string][]*look{}}
		n.Watches = watching.New(watching.Options{Owners: n, Asker: n, Self: func() peers.Node { return peers.Node{ID: id, Address: "at-" + id} }, Sessions: sessions{n}, Log: slog.New(slog.DiscardHandler)})
		w.nodes[id] = n
	}
	return w
}

func (w *town) close() {
	for _, n := range w.nodes {
		n.Drain()
	}
}

func (n *node) find(slot gateway.Slot) (peers.Node, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for tenant, owner := range n.owner {
		if gateway.SlotOf(tenant) == slot && owner != "" {
			return peers.Node{ID: owner, Address: "at-" + owner}, owner == n.id
		}
	}
	return peers.Node{}, false
}

func (n *node) Owner(slot gateway.Slot) (peers.Node, bool) { return n.find(slot) }

func (n *node) WaitOwner(ctx context.Context, slot gateway.Slot) (peers.Node, bool, error) {
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if owner, here := n.find(slot); owner.ID != "" {
			return owner, here, nil
		}
	}
	return peers.Node{}, false, gateway.Unavailable("nobody owns it", time.Second)
}

func (n *node) NextOwner(ctx context.Context, slot gateway.Slot) (peers.Node, bool, error) {
	time.Sleep(20 * time.Millisecond)
	return n.WaitOwner(ctx, slot)
}

func (n *node) Ask(ctx context.Context, to peers.Node, verb string, body []byte) ([]byte, error) {
	n.mu.Lock()
	other := n.nodes[to.ID]
	lost := n.dead || other.dead || n.drops != nil && n.drops(to.ID, verb)
	n.mu.Unlock()
	if to.Address != "at-"+to.ID {
		panic("asked at " + to.Address)
	}
	if lost {
		return nil, errors.New("lost")
	}
	time.Sleep(time.Millisecond)
	if verb == watching.VerbWatch {
		return other.ServeWatch(peers.WithFrom(ctx, n.id), body)
	}
	return other.ServeEnded(peers.WithFrom(ctx, n.id), body)
}

type sessions struct{ *node }

func (n sessions) Get(tenant, id string) (*gateway.Wait, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.owner[tenant] != n.id {
		return nil, gateway.Moved("elsewhere")
	}
	if w := n.ended[id]; w != nil {
		return w, nil
	}
	if w := n.open[id]; w != nil {
		return w, nil
	}
	return nil, gateway.ErrNotFound
}

func (n sessions) Watch(_ context.Context, tenant, id string, done func(*gateway.Wait, error)) (*gateway.Wait, func() bool, error) {
	w, err := n.Get(tenant, id)
	if err != nil || w.State != gateway.StateWaiting {
		return w, nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	x := &look{done}
	n.looking[id] = append(n.looking[id], x)
	return w, func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		for i, y := range n.looking[id] {
			if x == y {
				n.looking[id] = append(n.looking[id][:i:i], n.looking[id][i+1:]...)
				return true
			}
		}
		return false
	}, nil
}

// opens makes a wait of a tenant.
func (w *town) opens(tenant string) *gateway.Wait {
	w.mu.Lock()
	defer w.mu.Unlock()
	wait := &gateway.Wait{ID: gateway.NewID(gateway.PrefixWait, time.Now()), Tenant: tenant, Source: "s", ConversationKey: "k", State: gateway.StateWaiting, Mode: gateway.ModeHold}
	w.open[wait.ID] = wait
	return wait
}

// ends ends a wait, at its owner.
func (w *town) ends(wait *gateway.Wait) {
	w.mu.Lock()
	final := *wait
	final.State, final.Variables = gateway.StateResumed, gateway.Raw(`{"a":1}`)
	delete(w.open, wait.ID)
	w.ended[wait.ID] = &final
	var told []*look
	if n := w.nodes[w.owner[wait.Tenant]]; n != nil && !n.dead {
		told = n.looking[wait.ID]
		delete(n.looking, wait.ID)
	}
	w.mu.Unlock()
	for _, x := range told {
		x.done(&final, nil)
	}
}

// give moves a tenant. Its new owner tells those who look on there of what ended meanwhile,
// as waiting.Sessions do.
func (w *town) give(tenant, to string) {
	w.mu.Lock()
	w.owner[tenant] = to
	var told []func()
	if n := w.nodes[to]; n != nil {
		for id, all := range n.looking {
			if final := w.ended[id]; final != nil && final.Tenant == tenant {
				delete(n.looking, id)
				for _, x := range all {
					told = append(told, func() { x.done(final, nil) })
				}
			}
		}
	}
	w.mu.Unlock()
	for _, tell := range told {
		tell()
	}
}

// looking counts those who look on at a node.
func (w *town) looks(id string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, all := range w.nodes[id].looking {
		n += len(all)
	}
	return n
}

// told is what somebody who looks on was told.
type told struct {
	wait  *gateway.Wait
	err   error
	times atomic.Int32
	at    chan struct{}
}

func (x *told) done(w *gateway.Wait, err error) {
	x.wait, x.err = w, err
	if x.times.Add(1) == 1 {
		close(x.at)
	}
}

func (w *town) holds(t *testing.T, at string, wait *gateway.Wait) *told {
	t.Helper()
	x := &told{at: make(chan struct{})}
	now, stop, err := w.nodes[at].Watch(context.Background(), wait.Tenant, wait.ID, x.done)
	if err != nil || stop == nil || now.State != gateway.StateWaiting {
		t.Fatalf("a wait is not held: %v, %v", now, err)
	}
	return x
}

// hears waits until somebody is told, at most so long.
func (x *told) hears(t *testing.T, what string, within time.Duration) {
	t.Helper()
	select {
	case <-x.at:
	case <-time.After(within):
		t.Errorf("%s: nobody is told within %s", what, within)
		return
	}
	if x.err != nil || x.wait.State != gateway.StateResumed || string(x.wait.Variables) != `{"a":1}` {
		t.Errorf("%s: told %+v, %v", what, x.wait, x.err)
	}
}

func TestAHoldHearsOfTheEndWhereverItIs(t *testing.T) {
	for _, c := range []struct {
		name    string
		before  string // who owns the wait when it is held at a
		between func(*town)
		within  time.Duration
	}{
		{"here", "a", func(*town) {}, time.Millisecond},
		{"elsewhere", "b", func(*town) {}, 50 * time.Millisecond},
		{"moved from here", "a", func(w *town) { w.give("t", "b"); time.Sleep(time.Second) }, 50 * time.Millisecond},
		{"moved to here", "b", func(w *town) { w.give("t", "a"); time.Sleep(time.Second) }, time.Millisecond},
		{"moved from b to c", "b", func(w *town) { w.give("t", "c"); time.Sleep(time.Second) }, 50 * time.Millisecond},
		{"moved and ended at once", "b", func(w *town) { w.give("t", "c") }, 600 * time.Millisecond},
		{"from here and ended at once", "a", func(w *town) { w.give("t", "c") }, 600 * time.Millisecond},
		{"its owner dies", "b", func(w *town) {
			w.mu.Lock()
			w.nodes["b"].dead, w.owner["t"] = true, ""
			w.mu.Unlock()
			time.Sleep(6 * time.Second)
			w.give("t", "c")
			time.Sleep(time.Second)
		}, 50 * time.Millisecond},
		{"what it is told gets lost", "b", func(w *town) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.drops = func(_, verb string) bool { return verb == watching.VerbEnded }
		}, 6 * time.Second},
		{"nobody reaches anybody for a while", "b", func(w *town) {
			w.mu.Lock()
			w.drops = func(string, string) bool { return true }
			w.mu.Unlock()
			time.AfterFunc(8*time.Second, func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.drops = nil
			})
		}, 14 * time.Second},
		{"back and forth", "b", func(w *town) {
			w.give("t", "a")
			time.Sleep(time.Second)
			w.give("t", "b")
			time.Sleep(time.Second)
			w.give("t", "a")
			time.Sleep(time.Second)
		}, 50 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown("a", "b", "c")
				defer w.close()
				w.give("t", c.before)
				wait := w.opens("t")
				x, y := w.holds(t, "a", wait), w.holds(t, "a", wait)
				time.Sleep(time.Second)
				c.between(w)
				w.ends(wait)
				x.hears(t, "the first", c.within)
				y.hears(t, "the second", time.Millisecond)
				time.Sleep(30 * time.Second)
				if x.times.Load() != 1 || y.times.Load() != 1 {
					t.Errorf("told %d and %d times", x.times.Load(), y.times.Load())
				}
			})
		})
	}
}

// What has ended, or is no more, is told at once; who has left is told nothing, and after a
// while no node looks on for him.
func TestWhoNeedsNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown("a", "b")
		defer w.close()
		w.give("t", "b")
		wait, left := w.opens("t"), w.opens("t")
		w.ends(wait)
		now, stop, err := w.nodes["a"].Watch(context.Background(), "t", wait.ID, func(*gateway.Wait, error) { t.Error("told twice") })
		if err != nil || stop != nil || now.State != gateway.StateResumed {
			t.Errorf("of one that has ended: %+v, %v", now, err)
		}
		if _, _, err = w.nodes["a"].Watch(context.Background(), "t", gateway.NewID(gateway.PrefixWait, time.Now()), nil); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("of one that is none: %v", err)
		}
		_, stop, err = w.nodes["a"].Watch(context.Background(), "t", left.ID, func(*gateway.Wait, error) { t.Error("who has left is told") })
		if err != nil || w.looks("b") != 1 {
			t.Fatalf("%v, %d look on", err, w.looks("b"))
		}
		if !stop() || stop() {
			t.Error("who leaves is told that he would be told")
		}
		time.Sleep(30 * time.Second)
		if n := w.looks("b"); n != 0 {
			t.Errorf("%d look on for nobody", n)
		}
		w.ends(left)
		time.Sleep(time.Second)
	})
}

// Who gives a slot away does not go on looking on for others.
func TestAFormerOwnerStopsLookingOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown("a", "b", "c")
		defer w.close()
		w.give("t", "b")
		wait := w.opens("t")
		x := w.holds(t, "a", wait)
		w.give("t", "c")
		time.Sleep(20 * time.Second)
		if w.looks("b") != 0 || w.looks("c") != 1 {
			t.Errorf("%d look on at the former owner, %d at the new one", w.looks("b"), w.looks("c"))
		}
		w.ends(wait)
		x.hears(t, "at the new owner", time.Second)
	})
}

func TestDrainSendsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown("a", "b")
		w.give("t", "b")
		x := w.holds(t, "a", w.opens("t"))
		w.close()
		<-x.at
		var known *gateway.Error
		if !errors.As(x.err, &known) || known.Code != gateway.CodeDraining {
			t.Errorf("told %v", x.err)
		}
		if _, _, err := w.nodes["a"].Watch(context.Background(), "t", "wait_x", nil); !errors.As(err, &known) || known.Code != gateway.CodeDraining {
			t.Errorf("who comes later is told %v", err)
		}
	})
}

// Three thousand holds at three nodes, while slots move, messages get lost and waits end:
// each is told once.
func TestNoEndIsMissedWhileSlotsMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown("a", "b", "c")
		defer w.close()
		ids, draw := []string{"a", "b", "c"}, rand.New(rand.NewPCG(1, 2)) //nolint:gosec // of a test
		var all []*told
		var waits []*gateway.Wait
		for i := range 30 {
			w.give(fmt.Sprint("t", i), ids[i%3])
		}
		for i := range 3000 {
			wait := w.opens(fmt.Sprint("t", i%30))
			waits, all = append(waits, wait), append(all, w.holds(t, ids[draw.IntN(3)], wait))
		}
		w.mu.Lock()
		loses := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // of a test
		w.drops = func(string, string) bool { return loses.IntN(10) == 0 }
		w.mu.Unlock()
		for _, i := range draw.Perm(len(waits)) {
			if draw.IntN(10) == 0 {
				w.give(fmt.Sprint("t", draw.IntN(30)), append(ids, "")[draw.IntN(4)])
			}
			w.ends(waits[i])
			time.Sleep(10 * time.Millisecond)
		}
		for i := range 30 {
			w.give(fmt.Sprint("t", i), "a")
		}
		time.Sleep(40 * time.Second)
		missed := 0
		for _, x := range all {
			if x.times.Load() != 1 || x.err != nil {
				missed++
			}
		}
		if missed > 0 {
			t.Errorf("%d of %d were not told once", missed, len(all))
		}
	})
}
