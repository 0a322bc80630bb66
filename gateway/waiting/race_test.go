package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/shares"
	"hookgate/gateway/waiting"
)

// TestExactlyOneOutcome lets callbacks, their repeats, a cancel, the deadline and
// a second opening race for many waits at once, over a real disk. Whatever the
// order, each wait ends once, and every answer agrees with how it ended.
func TestExactlyOneOutcome(t *testing.T) {
	raceMany(t, &kit{t: t, dir: "data", places: shares.New(1 << 20), contexts: shares.New(1 << 20)}, 150, nil)
}

// TestExactlyOneOutcomeWhileSlotsMove is the same while the slot moves between two
// Sessions over one store, and stays with each of them for a moment: no wait is forgotten,
// no deadline moves, no callback is lost or used twice.
func TestExactlyOneOutcomeWhileSlotsMove(t *testing.T) {
	k := &kit{t: t, fs: vfs.NewMem(), dir: "data", places: shares.New(1 << 20), contexts: shares.New(1 << 20)}
	moves := 0
	raceMany(t, k, 300, func() {
		owner, other := k.sessions, k.spare
		if moves%2 == 1 {
			owner, other = other, owner
		}
		moves++
		owner.Release(slotOfAcme)
		if err := other.Acquire(slotOfAcme); err != nil {
			t.Error(err)
		}
	})
	if moves < 10 {
		t.Errorf("the slot has moved %d times", moves)
	}
}

// raceMany lets so many races run at once; beside is called again and again meanwhile.
func raceMany(t *testing.T, k *kit, rounds int, beside func()) {
	k.begin(gateway.Source{})
	defer func() { k.stop() }()
	over := make(chan struct{})
	var aside sync.WaitGroup
	if beside != nil {
		k.spare, k.both = waiting.New(k.options), true
		aside.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					beside()
				}
			}
		})
	}
	var all sync.WaitGroup
	for i := range rounds {
		all.Go(func() {
			if err := race(k, fmt.Sprintf("chat%d", i), rand.New(rand.NewPCG(uint64(i), 1))); err != nil {
				t.Errorf("chat%d: %v", i, err)
			}
		})
	}
	all.Wait()
	close(over)
	aside.Wait()
	if c := k.observed(); c.open != 0 || c.parked != 0 {
		t.Errorf("observed %+v, want nothing left open or parked", c)
	}
	if n, bytes := k.places.Stat().Used, k.contexts.Stat().Used; n != 0 || bytes != 0 {
		t.Errorf("%d waits with %d bytes of contexts are still counted", n, bytes)
	}
}

// contest is what the racers for one wait were answered.
type contest struct {
	mu      sync.Mutex
	waits   map[string]bool // opened
	until   map[string]time.Time
	resumed map[string]string
	taken   map[gateway.Outcome]int
	cancels int
	deeds   int // by which it was resolved
	errs    []error
}

func race(k *kit, key string, draw *rand.Rand) error {
	c := &contest{waits: map[string]bool{}, until: map[string]time.Time{}, resumed: map[string]string{}, taken: map[gateway.Outcome]int{}}
	var racers sync.WaitGroup
	timeout := time.Duration(5+draw.IntN(40)) * time.Millisecond
	opened := make(chan string, 2)
	open := func() { c.open(k, key, timeout, opened) }
	if draw.IntN(2) == 0 { // half of the callbacks come before their wait
		open()
	} else {
		racers.Go(open)
	}
	for i := range 3 {
		s := sent{key: key, body: paid(i)}
		if i == 1 {
			s.key = key + "-alias"
		}
		if i == 2 {
			s.id = key
		}
		for range 2 {
			racers.Go(func() { c.send(k, s) })
		}
	}
	racers.Go(func() { c.cancel(k, opened) })
	if draw.IntN(3) == 0 {
		racers.Go(func() { c.byHand(k, draw.IntN(2) == 0) })
	}
	racers.Wait()
	return c.judge(k)
}

func (c *contest) open(k *kit, key string, timeout time.Duration, opened chan<- string) {
	o, err := k.tryOpen(waiting.OpenRequest{Key: key, Aliases: []string{key + "-alias"}, Timeout: timeout})
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.errs = append(c.errs, err)
		close(opened)
		return
	}
	c.waits[o.Wait.ID], c.until[o.Wait.ID] = true, o.Wait.ExpiresAt
	if o.Wait.State == gateway.StateResumed {
		c.resumed[o.Wait.ID] = o.Wait.Callback.ID
	}
	opened <- o.Wait.ID
}

func (c *contest) send(k *kit, s sent) {
	taken, err := k.trySend(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.errs = append(c.errs, err)
		return
	}
	c.taken[taken.Outcome]++
	if taken.Outcome == gateway.OutcomeResumed {
		if other, twice := c.resumed[taken.WaitID]; twice {
			c.errs = append(c.errs, fmt.Errorf("%s was resumed by %s and %s", taken.WaitID, other, taken.CallbackID))
		}
		c.resumed[taken.WaitID] = taken.CallbackID
	}
}

func (c *contest) cancel(k *kit, opened <-chan string) {
	id, ok := <-opened
	if !ok {
		return
	}
	w, err := k.cancel(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	var ended *gateway.Error
	switch {
	case err == nil && w.State == gateway.StateCancelled:
		c.cancels++
	case !errors.As(err, &ended) || ended.Code != gateway.CodeWaitEnded:
		c.errs = append(c.errs, fmt.Errorf("cancel: %v, %w", w, err))
	}
}

// byHand resolves what is open, or extends it.
func (c *contest) byHand(k *kit, resolves bool) {
	c.mu.Lock()
	var id string
	for id = range c.waits {
		break
	}
	c.mu.Unlock()
	if id == "" {
		return
	}
	var w *gateway.Wait
	err := k.ask(func(s *waiting.Sessions) (err error) {
		if resolves {
			w, err = s.Resolve(context.Background(), "acme", id, waiting.Resolution{Branch: gateway.Success}, waiting.Doer{})
		} else {
			w, err = s.Extend(context.Background(), "acme", id, 60*time.Millisecond, waiting.Doer{})
		}
		return err
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	var ended *gateway.Error
	switch {
	case err == nil && resolves:
		c.deeds++
	case err == nil:
		c.until[id] = w.ExpiresAt
	case !errors.As(err, &ended) || ended.Code != gateway.CodeWaitEnded:
		c.errs = append(c.errs, fmt.Errorf("by hand: %v, %w", w, err))
	}
}

// judge compares the answers with how the wait ended. The first has ended when
// the cancel has returned; what is parked then is drained by further waits.
func (c *contest) judge(k *kit) error {
	if len(c.errs) > 0 {
		return errors.Join(c.errs...)
	}
	for id := range c.waits {
		w, err := k.hold(context.Background(), id)
		if err != nil {
			return err
		}
		if until := c.until[id]; !w.ExpiresAt.Equal(until) || w.State == gateway.StateTimedOut && w.EndedAt.Before(until) {
			return fmt.Errorf("%s was to end at %s, now at %s, and ended at %s", id, until, w.ExpiresAt, w.EndedAt)
		}
		by, answered := c.resumed[id]
		switch {
		case (c.deeds == 1) != (w.Reason == gateway.ReasonManual):
			return fmt.Errorf("%s ended for %q, but %d deeds succeeded", id, w.Reason, c.deeds)
		case answered != (w.State == gateway.StateResumed && c.deeds == 0):
			return fmt.Errorf("%s is %s, but resumed was answered: %t", id, w.State, answered)
		case answered && w.Callback.ID != by:
			return fmt.Errorf("%s was resumed by %s, but %s was told so", id, w.Callback.ID, by)
		case (c.cancels == 1) != (w.State == gateway.StateCancelled):
			return fmt.Errorf("%s is %s, but %d cancels succeeded", id, w.State, c.cancels)
		}
		if again := k.wait(id); again.State != w.State {
			return fmt.Errorf("%s was %s and is %s", id, w.State, again.State)
		}
	}
	return c.drain(k)
}

// drain opens waits until nothing is parked any more: each parked callback must
// resume exactly one.
func (c *contest) drain(k *kit) error {
	for range c.taken[gateway.OutcomeParked] + 1 {
		var id string
		for id = range c.waits {
			break
		}
		first := k.wait(id)
		o, err := k.tryOpen(waiting.OpenRequest{Key: first.ConversationKey, Timeout: time.Minute})
		if err != nil {
			return err
		}
		if o.Wait.State != gateway.StateResumed {
			_, err = k.cancel(o.Wait.ID)
			return err
		}
		for other, by := range c.resumed {
			if by == o.Wait.Callback.ID {
				return fmt.Errorf("%s resumed %s and %s", by, other, o.Wait.ID)
			}
		}
		c.resumed[o.Wait.ID] = o.Wait.Callback.ID
	}
	return fmt.Errorf("more callbacks were taken than were parked: %v", c.taken)
}
