package calling_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/calling"
)

var slotOfAcme = gateway.SlotsOf(gateway.SlotOf("acme"))

func (w *world) release() { w.calls.Release(slotOfAcme) }

func (w *world) acquire() {
	w.t.Helper()
	if err := w.calls.Acquire(slotOfAcme); err != nil {
		w.t.Fatal(err)
	}
}

// While nobody owns a slot no call of it is taken.
func TestSlotAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		for _, hook := range []gateway.Webhook{{}, {Mode: "async"}, {OnTimeout: "continue"}} {
			w.hook(hook)
			w.release()
			_, err := w.tryCall(`{}`, "")
			if known := coded(t, err, gateway.CodeUnavailable); known.RetryAfter != time.Second {
				t.Errorf("to be asked again in %s", known.RetryAfter)
			}
			w.acquire()
			w.call(`{}`)
		}
		synctest.Wait()
		if n := len(w.backend.all()); n != 3 {
			t.Errorf("%d requests", n)
		}
	})
}

// A call whose wait stands in line as its slot is given up is made elsewhere: nothing of it was
// done.
func TestSlotGivenUpBeforeTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.hook(gateway.Webhook{Mode: "async"})
		q, err := calling.Read(w.acme().Webhook("hook"), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		q.Open = func(ctx context.Context, _ func(string) *gateway.Change) (*gateway.Wait, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		told := make(chan error, 1)
		go func() {
			_, err := w.calls.Call(context.Background(), q)
			told <- err
		}()
		synctest.Wait()
		w.release()
		if err := <-told; !errors.Is(err, gateway.ErrMoved) {
			t.Errorf("its caller is told %v", err)
		}
		w.acquire()
		w.call(`{}`)
		synctest.Wait()
		if n := len(w.backend.all()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// What a slot's calls do when it is given up, and when it is taken back ten seconds later.
func TestCallsOfASlotThatMoves(t *testing.T) {
	for name, c := range map[string]struct {
		hook     gateway.Webhook
		script   func(asked) reply
		gone     time.Duration // how long giving up took
		pending  int           // then
		requests int           // in the end
		told     string
	}{
		"ends in time": {
			gateway.Webhook{Mode: "async", Method: "POST"}, always(reply{after: 150 * time.Millisecond}),
			150 * time.Millisecond, 0, 1, "success",
		},
		"takes long, and may not be made twice": {
			gateway.Webhook{Mode: "async", Method: "POST", Timeout: span(time.Minute)}, always(reply{hang: true}),
			200 * time.Millisecond, 1, 1, "failure interrupted",
		},
		"takes long, and may be made twice": {
			gateway.Webhook{Mode: "async", Method: "PUT", Timeout: span(time.Minute)}, func(q asked) reply { return reply{hang: q.n == 1} },
			200 * time.Millisecond, 1, 2, "success",
		},
		"rests": {
			gateway.Webhook{Mode: "async", Method: "PUT", Retry: schedule(5 * time.Second)},
			func(q asked) reply { return reply{status: map[bool]int{true: 500}[q.n == 1]} },
			0, 1, 2, "success",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.backend.play(c.script)
				w.hook(c.hook)
				made := w.call(`{}`)
				<-w.backend.heard
				synctest.Wait()
				begun := time.Now()
				w.release()
				if took := time.Since(begun); took != c.gone {
					t.Errorf("giving up took %s, want %s", took, c.gone)
				}
				if n := w.pending(); n != c.pending {
					t.Errorf("%d are promised, want %d", n, c.pending)
				}
				time.Sleep(10 * time.Second)
				w.acquire()
				<-w.told
				time.Sleep(time.Minute)
				data := w.notice(made.ID)
				if got := data.Get("outcome").Str; got != c.told && got+" "+data.Get("reason").Str != c.told {
					t.Errorf("told %s", data.Raw)
				}
				if n := len(w.backend.all()); n != c.requests || w.pending() != 0 {
					t.Errorf("%d requests, want %d; %d are still promised", n, c.requests, w.pending())
				}
			})
		})
	}
}

// Who waits for a call gets its outcome, wherever the slot is by then; what would go on
// after its answer ends with its time, for it can be promised no more.
func TestSyncCallsOutliveTheirSlot(t *testing.T) {
	for name, hook := range map[string]gateway.Webhook{
		"success ":        {Timeout: span(30 * time.Second)},
		"failure timeout": {OnTimeout: "continue", Timeout: span(time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.backend.play(always(reply{after: 10 * time.Second}))
				w.hook(hook)
				over := make(chan *gateway.Call)
				go func() { over <- w.call(`{"conversation_key":"k"}`) }()
				<-w.backend.heard
				begun := time.Now()
				w.release()
				if took := time.Since(begun); took > 0 {
					t.Errorf("giving up took %s", took)
				}
				w.acquire() // another term, in which nothing of the call is written
				if made := <-over; string(made.Outcome)+" "+made.Reason != name {
					t.Errorf("it ended %s %s", made.Outcome, made.Reason)
				}
				if lines := w.timeline("k"); len(lines) != 0 {
					t.Errorf("the next term has %v", lines)
				}
			})
		})
	}
}

// held is a store that keeps a commit back until it is let.
type held struct {
	calling.Store
	begun, let chan struct{}
}

func (h *held) Commit(changes ...*gateway.Change) error {
	if changes[0].Settled != nil {
		h.begun <- struct{}{}
		<-h.let
	}
	return h.Store.Commit(changes...)
}

// A slot is not given up while an outcome of its calls is being written.
func TestTermEndsWithItsLastCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		h := &held{begun: make(chan struct{}), let: make(chan struct{})}
		w.wrap = func(s calling.Store) calling.Store { h.Store = s; return h }
		w.crash()
		w.hook(gateway.Webhook{Mode: "async", Method: "POST"})
		w.call(`{}`)
		<-h.begun
		released := make(chan struct{})
		go func() { w.release(); close(released) }()
		time.Sleep(time.Minute)
		select {
		case <-released:
			t.Fatal("the slot is given up while a commit of it is under way")
		default:
		}
		close(h.let)
		<-released
		if n := w.pending(); n != 0 || len(w.notices()) != 1 {
			t.Errorf("given up with %d promised and %d told", n, len(w.notices()))
		}
	})
}

// unsure commits the promise of a call and does not say so, once.
type unsure struct {
	calling.Store
	once bool
}

var errLost = errors.New("the connection broke")

func (u *unsure) Commit(changes ...*gateway.Change) error {
	err := u.Store.Commit(changes...)
	if changes[0].Pending != nil && u.once {
		u.once = false
		return errLost
	}
	return err
}

// unsurely gives a world whose store is unsure.
func unsurely(t *testing.T) (*world, *unsure) {
	w, u := bubble(t), &unsure{}
	w.wrap = func(s calling.Store) calling.Store { u.Store = s; return u }
	w.crash()
	return w, u
}

// When nobody knows whether a call was promised, its slot is read anew: one that was is
// made, once.
func TestUnknownPromise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := unsurely(t)
		defer w.stop()
		w.hook(gateway.Webhook{Mode: "async", Method: "PUT"})
		u.once = true
		if _, err := w.tryCall(`{}`, ""); !errors.Is(err, errLost) {
			t.Fatal(err)
		}
		<-w.told
		synctest.Wait()
		if n := len(w.backend.all()); n != 1 || w.pending() != 0 || len(w.notices()) != 1 {
			t.Errorf("%d requests, %d promised, %d told", n, w.pending(), len(w.notices()))
		}
		want(t, w.call(`{}`), "pending", "")
	})
}

// TestUnknownPromiseAtTheDeadline is of a call that was to go on: its caller has no outcome from
// its answer, for one is told.
func TestUnknownPromiseAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := unsurely(t)
		defer w.stop()
		w.backend.play(always(reply{after: 20 * time.Second}))
		w.hook(gateway.Webhook{Method: "POST", OnTimeout: "continue"})
		u.once = true
		if made, err := w.tryCall(`{}`, ""); !errors.Is(err, errLost) {
			t.Fatalf("answered %+v, %v", made, err)
		}
		<-w.told
		synctest.Wait()
		if n := len(w.backend.all()); n != 1 || w.pending() != 0 || len(w.notices()) != 1 {
			t.Errorf("%d requests, %d promised, %d told", n, w.pending(), len(w.notices()))
		}
	})
}

// TestCallsWhileSlotsMove between two Calls over one store: every call that was taken is
// made once, and told of once.
func TestCallsWhileSlotsMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(func(q asked) reply { return reply{after: time.Duration(q.n*7%90) * time.Millisecond} })
		w.hook(gateway.Webhook{Mode: "async", Method: "POST"})
		owner, other := w.calls, calling.New(w.made)
		both := []*calling.Calls{owner, other}
		const calls = 300
		var all, aside sync.WaitGroup
		over := make(chan struct{})
		moves := 0
		aside.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(3 * time.Millisecond):
				}
				owner.Release(slotOfAcme)
				if err := other.Acquire(slotOfAcme); err != nil {
					t.Error(err)
				}
				owner, other = other, owner
				moves++
			}
		})
		var mu sync.Mutex
		taken := map[string]bool{}
		for i := range calls {
			all.Go(func() {
				time.Sleep(time.Duration(i%100) * 5 * time.Millisecond)
				for n := i; ; n++ {
					q, err := calling.Read(w.acme().Webhook("hook"), []byte(`{"conversation_key":"k"}`))
					if err != nil {
						t.Error(err)
						return
					}
					made, err := both[n%2].Call(context.Background(), q)
					if err == nil {
						mu.Lock()
						taken[made.ID] = true
						mu.Unlock()
						return
					}
					coded(t, err, gateway.CodeUnavailable)
					time.Sleep(time.Millisecond)
				}
			})
		}
		all.Wait()
		close(over)
		aside.Wait()
		time.Sleep(time.Minute)
		times := map[string]int{}
		for _, q := range w.backend.all() {
			times[q.header.Get("Idempotency-Key")]++
		}
		for id := range taken {
			if times[id] != 1 {
				t.Errorf("%s was made %d times", id, times[id])
			}
		}
		if len(taken) != calls || len(times) != calls || w.pending() != 0 || len(w.notices()) != calls || moves < 5 {
			t.Error(fmt.Sprint(len(taken), " taken, ", len(times), " made, ", w.pending(), " promised, ", len(w.notices()), " told, ", moves, " moves"))
		}
		if err := other.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		if err := owner.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
