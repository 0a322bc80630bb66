package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/shares"
	"hookgate/gateway/waiting"
)

// away fails the test where an error does not say that a slot is not owned.
func away(t testing.TB, what string, err error) {
	t.Helper()
	var known *gateway.Error
	if !errors.As(err, &known) || known.Code != gateway.CodeUnavailable || known.RetryAfter != time.Second {
		t.Errorf("%s: %v, want unavailable, and to be asked again in a second", what, err)
	}
}

var slotOfAcme = gateway.SlotsOf(gateway.SlotOf("acme"))

// While nobody owns a slot, nothing of it is answered, kept in mind or counted, and no
// timer of it runs; who holds a wait goes on holding it. Taken back it is as it was.
func TestSlotAwayAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &kit{t: t, fs: vfs.NewMem(), dir: "data", places: shares.New(100), contexts: shares.New(1 << 20)}
		k.begin(gateway.Source{Match: onlyPaid})
		defer func() { k.stop() }()
		begun := time.Now()
		w := k.open(waiting.OpenRequest{Key: "held", Context: gateway.Raw(`{}`), Timeout: time.Minute}).Wait
		early := k.send(sent{key: "early", body: paid(1)})
		type ending struct {
			wait *gateway.Wait
			at   time.Duration
			err  error
		}
		held := make(chan ending, 1)
		go func() {
			w, err := k.hold(context.Background(), w.ID)
			held <- ending{w, time.Since(begun), err}
		}()
		synctest.Wait()
		k.sessions.Release(slotOfAcme)
		_, err := k.tryOpen(waiting.OpenRequest{Key: "other"})
		away(t, "open", err)
		_, err = k.trySend(sent{key: "held", body: paid(2)})
		away(t, "send", err)
		_, err = k.sessions.Cancel(context.Background(), "acme", w.ID, gateway.ReasonCancelled)
		away(t, "cancel", err)
		_, err = k.sessions.Get("acme", w.ID)
		away(t, "get", err)
		_, err = k.hold(context.Background(), w.ID)
		away(t, "hold", err)
		away(t, "alias", k.sessions.Alias(context.Background(), "acme", "held", "x"))
		away(t, "publish", k.hear(told("held", "x")))
		if c := k.observed(); c.open != 0 || c.parked != 0 || k.places.Stat().Used != 0 || k.contexts.Stat().Used != 0 {
			t.Errorf("observed %+v, and %d waits have places", c, k.places.Stat().Used)
		}
		time.Sleep(30 * time.Second)
		select {
		case e := <-held:
			t.Fatalf("who held it was told %+v", e)
		default:
		}
		if err := k.sessions.Acquire(slotOfAcme); err != nil {
			t.Fatal(err)
		}
		if c := k.observed(); c.open != 1 || c.parked != 1 || k.places.Stat().Used != 1 {
			t.Errorf("observed %+v, and %d waits have places", c, k.places.Stat().Used)
		}
		if taken := k.open(waiting.OpenRequest{Key: "early"}).Wait; taken.Callback == nil || taken.Callback.ID != early.CallbackID {
			t.Errorf("what was parked resumed nothing: %s", taken.AppendJSON(nil))
		}
		e := <-held
		if e.err != nil || e.wait.State != gateway.StateTimedOut || e.at < time.Minute || e.at > time.Minute+time.Second {
			t.Errorf("who held it was told %+v", e)
		}
	})
}

// A wait that ended while its slot was another's is told of to who held it.
func TestHeldWhileElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewMem(), gateway.Source{Match: onlyPaid})
		defer func() { k.stop() }()
		resumed := k.open(waiting.OpenRequest{Key: "resumed"}).Wait
		late := k.open(waiting.OpenRequest{Key: "late", Timeout: 10 * time.Second}).Wait
		ends := make(chan *gateway.Wait, 2)
		for _, w := range []*gateway.Wait{resumed, late} {
			if _, _, err := k.sessions.Watch(context.Background(), "acme", w.ID, func(w *gateway.Wait, err error) {
				if err != nil {
					t.Error(err)
				}
				ends <- w
			}); err != nil {
				t.Fatal(err)
			}
		}
		k.move()
		k.send(sent{key: "resumed", body: paid(1)})
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if len(ends) != 0 {
			t.Error("somebody was told who is not at the owner")
		}
		k.move()
		synctest.Wait()
		states := map[string]gateway.WaitState{}
		for range 2 {
			w := <-ends
			states[w.ID] = w.State
		}
		if states[resumed.ID] != gateway.StateResumed || states[late.ID] != gateway.StateTimedOut {
			t.Errorf("told %v", states)
		}
	})
}

// slowLedger keeps a commit back until it is let.
type slowLedger struct {
	waiting.Ledger
	begun, let chan struct{}
}

func (s *slowLedger) Commit(changes ...*gateway.Change) error {
	if s.begun != nil {
		s.begun <- struct{}{}
		<-s.let
	}
	return s.Ledger.Commit(changes...)
}

// What was decided in one term is written in it: a slot is not given up while a commit of
// it is under way, and who stood in line for the turn decides nothing any more.
func TestTermEndsWithItsLastCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowLedger{let: make(chan struct{})}
		k := &kit{t: t, fs: vfs.NewMem(), dir: "data", wrap: func(l waiting.Ledger) waiting.Ledger { slow.Ledger = l; return slow }}
		k.begin(gateway.Source{Match: onlyPaid})
		defer func() { slow.begun = nil; k.stop() }()
		w := k.open(waiting.OpenRequest{Key: "k"}).Wait
		slow.begun = make(chan struct{}, 10)
		took, stood := make(chan waiting.Taken, 1), make(chan error, 1)
		go func() { took <- k.send(sent{key: "k", body: paid(1)}) }()
		<-slow.begun
		go func() { _, err := k.trySend(sent{key: "k", body: paid(2)}); stood <- err }()
		synctest.Wait()
		released := make(chan struct{})
		go func() { k.sessions.Release(slotOfAcme); close(released) }()
		synctest.Wait()
		select {
		case <-released:
			t.Fatal("the slot is given up while a commit of it is under way")
		default:
		}
		close(slow.let)
		<-released
		if len(slow.begun) != 0 {
			t.Error("another commit has begun")
		}
		if now, err := k.store.Wait("acme", w.ID); err != nil || now.State != gateway.StateResumed {
			t.Errorf("given up, and the store has %v, %v", now, err)
		}
		if got := <-took; got.Outcome != gateway.OutcomeResumed {
			t.Errorf("answered %+v", got)
		}
		away(t, "who stood in line", <-stood)
		if err := k.sessions.Acquire(slotOfAcme); err != nil {
			t.Fatal(err)
		}
		if got := k.send(sent{key: "k", body: paid(1)}); got.Outcome != gateway.OutcomeDuplicate {
			t.Errorf("its repeat is answered %+v", got)
		}
	})
}

// unsure commits and does not say so, or does neither, of one conversation.
type unsure struct {
	waiting.Ledger
	commits bool
	once    atomic.Bool
}

var errLost = errors.New("the connection broke")

func (u *unsure) Commit(changes ...*gateway.Change) error {
	if !u.once.Swap(false) {
		return u.Ledger.Commit(changes...)
	}
	if u.commits {
		if err := u.Ledger.Commit(changes...); err != nil {
			return err
		}
	}
	return errLost
}

// When nobody knows whether a commit was made, its slot is read anew, and the store says
// what is so; other slots go on all the while.
func TestUnknownOutcome(t *testing.T) {
	for _, commits := range []bool{false, true} {
		t.Run(fmt.Sprint("committed ", commits), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &unsure{commits: commits}
				k := &kit{t: t, fs: vfs.NewMem(), dir: "data", wrap: func(l waiting.Ledger) waiting.Ledger { u.Ledger = l; return u }}
				k.begin(gateway.Source{Match: onlyPaid})
				defer func() { k.stop() }()
				w := k.open(waiting.OpenRequest{Key: "k"}).Wait
				other := k.openAs("zebra", "k")
				ends := make(chan *gateway.Wait, 1)
				if _, _, err := k.sessions.Watch(context.Background(), "acme", w.ID, func(w *gateway.Wait, err error) {
					if err != nil {
						t.Error(err)
					}
					ends <- w
				}); err != nil {
					t.Fatal(err)
				}
				u.once.Store(true)
				if _, err := k.trySend(sent{key: "k", body: paid(1)}); !errors.Is(err, errLost) {
					t.Fatalf("answered %v", err)
				}
				if got, err := k.sessions.Get("zebra", other.ID); err != nil || got.State != gateway.StateWaiting {
					t.Errorf("another slot has %v, %v", got, err)
				}
				synctest.Wait()
				want, outcome := gateway.StateWaiting, gateway.OutcomeResumed
				if commits {
					want, outcome = gateway.StateResumed, gateway.OutcomeDuplicate
				}
				if now := k.wait(w.ID); now.State != want {
					t.Errorf("the wait is %s", now.State)
				}
				if got := k.send(sent{key: "k", body: paid(1)}); got.Outcome != outcome {
					t.Errorf("the repeat is answered %+v, want %s", got, outcome)
				}
				if told := <-ends; told.ID != w.ID || told.State != gateway.StateResumed {
					t.Errorf("who held it was told %s", told.AppendJSON(nil))
				}
			})
		})
	}
}

// A slot that cannot be read anew answers nothing, and its holders are sent away when
// their deadlines are long over.
func TestSlotThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewMem(), gateway.Source{})
		defer func() { k.stop() }()
		broken := &unreadable{Recovery: k.store}
		o := k.options
		u := &unsure{Ledger: k.store}
		o.Recovery, o.Ledger = broken, u
		k.sessions.Release(gateway.AllSlots())
		k.spare, k.sessions = k.sessions, waiting.New(o)
		if err := k.sessions.Acquire(gateway.AllSlots()); err != nil {
			t.Fatal(err)
		}
		w := k.open(waiting.OpenRequest{Key: "k", Timeout: 10 * time.Second}).Wait
		sent := make(chan error, 1)
		if _, _, err := k.sessions.Watch(context.Background(), "acme", w.ID, func(_ *gateway.Wait, err error) { sent <- err }); err != nil {
			t.Fatal(err)
		}
		broken.is.Store(true)
		u.once.Store(true)
		if _, err := k.tryOpen(waiting.OpenRequest{Key: "other"}); !errors.Is(err, errLost) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		_, err := k.sessions.Get("acme", w.ID)
		away(t, "get", err)
		if len(sent) != 0 {
			t.Error("its holder was sent away before its deadline")
		}
		time.Sleep(10 * time.Second)
		if err := <-sent; err == nil {
			t.Error("its holder was told that all is well")
		}
		broken.is.Store(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if now := k.wait(w.ID); now.State != gateway.StateTimedOut || now.EndedAt.Before(w.ExpiresAt) {
			t.Errorf("it reads %s", now.AppendJSON(nil))
		}
	})
}

// unreadable is a store that cannot be read while it is said so.
type unreadable struct {
	waiting.Recovery
	is atomic.Bool
}

func (u *unreadable) Recover(slots gateway.SlotSet, wait func(*gateway.Wait) error, parked func(*gateway.Parked) error) error {
	if u.is.Load() {
		return errLost
	}
	return u.Recovery.Recover(slots, wait, parked)
}

// distant is a store whose answers take their time.
type distant struct{ waiting.Ledger }

func (d distant) Names(tenant, name string) (gateway.Names, bool, error) {
	time.Sleep(5 * time.Millisecond)
	return d.Ledger.Names(tenant, name)
}

// What is parked keeps nobody waiting who takes a slot over, however much it is: a node that was
// given one with a thousand callbacks asked the database for the names of each, one after the
// other, and served the slot after 2.4 s.
func TestSlotWithMuchParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewMem(), gateway.Source{})
		defer func() { k.stop() }()
		o := k.options
		o.Ledger = distant{k.store}
		k.sessions.Release(gateway.AllSlots())
		k.spare, k.sessions = k.sessions, waiting.New(o)
		if err := k.sessions.Acquire(gateway.AllSlots()); err != nil {
			t.Fatal(err)
		}
		k.open(waiting.OpenRequest{Key: "chat"})
		const parked = 1000
		for i := range parked {
			k.send(sent{key: fmt.Sprintf("early-%d", i), body: paid(i)})
		}
		k.sessions.Release(slotOfAcme)
		began := time.Now()
		if err := k.sessions.Acquire(slotOfAcme); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 300*time.Millisecond || took == 0 {
			t.Errorf("the slot was served after %v, with %d parked callbacks", took, parked)
		}
		if c := k.observed(); c.parked != parked {
			t.Errorf("%d are parked, want %d", c.parked, parked)
		}
	})
}

// The same of a publish that told names, and of a deadline.
func TestUnknownOutcomeOfOthers(t *testing.T) {
	t.Run("publish", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			k := newKit(t, vfs.NewMem(), gateway.Source{})
			defer func() { k.stop() }()
			w := k.open(waiting.OpenRequest{Key: "chat"}).Wait
			early := k.send(sent{key: "pi", body: paid(1)})
			changes, done, err := k.sessions.Learn(context.Background(), []gateway.Naming{told("chat", "pi")})
			if err != nil {
				t.Fatal(err)
			}
			if err := k.store.Commit(changes...); err != nil {
				t.Fatal(err)
			}
			done(errLost)
			synctest.Wait()
			if err := k.resumedBy(w.ID, early.CallbackID); err != nil {
				t.Error(err)
			}
			if c := k.observed(); c.open != 0 || c.parked != 0 {
				t.Errorf("observed %+v", c)
			}
		})
	})
	t.Run("deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			u := &unsure{commits: true}
			k := &kit{t: t, fs: vfs.NewMem(), dir: "data", wrap: func(l waiting.Ledger) waiting.Ledger { u.Ledger = l; return u }}
			k.begin(gateway.Source{})
			defer func() { k.stop() }()
			w := k.open(waiting.OpenRequest{Key: "chat", Timeout: 10 * time.Second}).Wait
			u.once.Store(true)
			ended, err := k.hold(context.Background(), w.ID)
			if err != nil || ended.State != gateway.StateTimedOut || u.once.Load() {
				t.Errorf("who held it was told %v, %v", ended, err)
			}
		})
	})
}
