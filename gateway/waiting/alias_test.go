package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/waiting"
)

func (k *kit) alias(key, alias string) {
	k.t.Helper()
	if err := k.sessions.Alias(context.Background(), "acme", key, alias); err != nil {
		k.t.Errorf("alias %s of %s: %v", alias, key, err)
	}
}

// resumedBy tells of a wait that is not resumed by this callback.
func (k *kit) resumedBy(id, callback string) error {
	w, err := k.sessions.Get("acme", id)
	if err != nil {
		return err
	}
	if w.State != gateway.StateResumed || w.Callback.ID != callback {
		return fmt.Errorf("the wait reads %s, want it resumed by %s", w.AppendJSON(nil), callback)
	}
	return nil
}

// countingStore counts the commits that write names.
type countingStore struct {
	waiting.Ledger
	named atomic.Int64
}

func (s *countingStore) Commit(changes ...*gateway.Change) error {
	for _, c := range changes {
		if c.Names != nil {
			s.named.Add(1)
		}
	}
	return s.Ledger.Commit(changes...)
}

func TestAlias(t *testing.T) {
	store := &countingStore{}
	k := &kit{t: t, wrap: func(s waiting.Ledger) waiting.Ledger { store.Ledger = s; return store }}
	k.begin(gateway.Source{})
	defer func() { k.stop() }()
	early := k.send(sent{key: "pi_1", body: paid(1)})
	w := k.open(waiting.OpenRequest{Key: "chat1", Mode: gateway.ModeNotify}).Wait
	k.alias("chat1", "pi_1")
	if err := k.resumedBy(w.ID, early.CallbackID); err != nil {
		t.Errorf("parked under the alias: %v", err)
	}
	if len(k.notices) != 1 {
		t.Errorf("%d notices woke their lane, want that of the end", len(k.notices))
	}
	w = k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	k.alias("chat1", "pi_2")
	k.restart()
	got := k.send(sent{key: "pi_2", body: paid(2)})
	if err := k.resumedBy(w.ID, got.CallbackID); err != nil {
		t.Errorf("by the alias, after a restart: %v", err)
	}
	for range 2 {
		k.alias("chat1", "pi_2")
		k.alias("pi_1", "chat1")
		k.alias("pi_1", "pi_1")
	}
	if n := store.named.Load(); n != 2 {
		t.Errorf("names were written %d times, want once for each alias", n)
	}
}

// An alias that is learned while a wait is open is on that wait: as it stands, in lists by
// the alias, after a restart, and at its end, also where the alias brings that.
func TestLearnedAliasIsOnItsWait(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	has := func(id, want string) {
		t.Helper()
		w, err := k.sessions.Get("acme", id)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(w.State, " ", w.Aliases); got != want {
			t.Errorf("the wait is %s, want %s", got, want)
		}
	}
	w := k.open(waiting.OpenRequest{Key: "chat1", Aliases: []string{"given"}}).Wait
	other := k.open(waiting.OpenRequest{Key: "chat2"}).Wait
	k.alias("chat1", "pi_1")
	has(w.ID, "waiting [given pi_1]")
	k.alias("chat1", "chat2") // joins two that are open: each stays under its own names
	has(w.ID, "waiting [given pi_1]")
	has(other.ID, "waiting []")
	var listed []string
	if _, err := k.sessions.List(store.Query{Tenant: "acme", Conversation: []string{"pi_1"}}, func(w *gateway.Wait) bool {
		listed = append(listed, w.ID)
		return true
	}); err != nil || !slices.Equal(listed, []string{w.ID}) {
		t.Errorf("by the alias are listed %q, %v", listed, err)
	}
	k.restart()
	has(w.ID, "waiting [given pi_1]")
	k.send(sent{key: "pi_1", body: paid(1)})
	has(w.ID, "resumed [given pi_1]")

	early := k.send(sent{key: "pi_3", body: paid(3)})
	w = k.open(waiting.OpenRequest{Key: "chat3", Mode: gateway.ModeNotify}).Wait
	k.alias("chat3", "pi_3")
	has(w.ID, "resumed [pi_3]")
	if err := k.resumedBy(w.ID, early.CallbackID); err != nil {
		t.Error(err)
	}
}

// What is known may not have been looked at: who wrote it crashed before.
func TestKnownAliasStillFindsWhatIsParked(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	early := k.send(sent{key: "pi_1", body: paid(1)})
	if err := k.store.Commit(&gateway.Change{Names: &gateway.Names{Tenant: "acme", All: []string{"chat1", "pi_1"}, Used: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	k.alias("chat1", "pi_1")
	if err := k.resumedBy(w.ID, early.CallbackID); err != nil {
		t.Error(err)
	}
}

// An alias that another conversation has, while both wait, joins their names and
// leaves the waits apart: each ends by its own callback.
func TestAliasMergesNoOpenWaits(t *testing.T) {
	k := newKit(t, nil, gateway.Source{Match: onlyPaid})
	defer func() { k.stop() }()
	// Parked before the second wait, whose rules it does not fit: not for the first.
	unfit := k.send(sent{key: "chat2", body: paid(0)})
	declined := gateway.Raw(`[{"name":"declined","branch":"FAILURE","when":[{"path":"type","equals":"declined"}]}]`)
	one := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	two := k.open(waiting.OpenRequest{Key: "chat2", Aliases: []string{"pi_1"}, Match: declined}).Wait
	k.alias("chat1", "pi_1")
	for _, w := range []*gateway.Wait{one, two} {
		if now := k.wait(w.ID); now.State != gateway.StateWaiting {
			t.Fatalf("ended by the alias: %s", now.AppendJSON(nil))
		}
	}
	second := k.send(sent{key: "pi_1", body: `{"type":"declined"}`})
	if err := k.resumedBy(two.ID, second.CallbackID); err != nil {
		t.Errorf("the wait that was opened with the alias: %v", err)
	}
	first := k.send(sent{key: "chat1", body: paid(1)})
	if err := k.resumedBy(one.ID, first.CallbackID); err != nil {
		t.Errorf("the other: %v", err)
	}
	// From now on it is one conversation.
	again := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	if err := k.resumedBy(again.ID, unfit.CallbackID); err != nil {
		t.Errorf("opened when both had ended: %v", err)
	}
	k.open(waiting.OpenRequest{Key: "chat2"})
	_, err := k.tryOpen(waiting.OpenRequest{Key: "chat1"})
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != gateway.CodeWaitExists {
		t.Errorf("a second wait of one conversation: %v, want wait_exists", err)
	}
}

// pausingStore stops a lookup of names after it was made, until the test goes on.
type pausingStore struct {
	waiting.Ledger
	pauses sync.Map // by name: the channel that ends the pause of its next lookup
}

// pauseAt stops the next lookup of a name until goOn is called.
func (s *pausingStore) pauseAt(name string) (goOn func()) {
	over := make(chan struct{})
	s.pauses.Store(name, over)
	return func() { close(over) }
}

func (s *pausingStore) Names(tenant, name string) (gateway.Names, bool, error) {
	n, found, err := s.Ledger.Names(tenant, name)
	if over, pause := s.pauses.LoadAndDelete(name); pause {
		<-over.(chan struct{})
	}
	return n, found, err
}

// whilePaused runs a test in a bubble: in it all that goes on comes to rest by
// itself, and the test decides who goes on.
func whilePaused(t *testing.T, test func(k *kit, store *pausingStore)) {
	synctest.Test(t, func(t *testing.T) {
		store := &pausingStore{}
		k := &kit{t: t, fs: vfs.NewMem(), dir: "data", wrap: func(s waiting.Ledger) waiting.Ledger { store.Ledger = s; return store }}
		k.begin(gateway.Source{Match: onlyPaid})
		defer func() { k.stop() }()
		test(k, store)
	})
}

// A callback that looked up its names before the alias was there parks, and then is
// taken all the same.
func TestAliasWaitsForTheCallback(t *testing.T) {
	whilePaused(t, func(k *kit, store *pausingStore) {
		w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
		goOn := store.pauseAt("pi_1")
		var both sync.WaitGroup
		var taken waiting.Taken
		both.Go(func() { taken = k.send(sent{key: "pi_1", body: paid(1)}) })
		synctest.Wait()
		both.Go(func() { k.alias("chat1", "pi_1") })
		synctest.Wait()
		goOn()
		both.Wait()
		if err := k.resumedBy(w.ID, taken.CallbackID); err != nil {
			k.t.Error(err)
		}
	})
}

// So does a wait that looked up its names before: what is parked under the alias
// was none of its business then.
func TestAliasWaitsForTheOpening(t *testing.T) {
	whilePaused(t, func(k *kit, store *pausingStore) {
		early := k.send(sent{key: "pi_1", body: paid(1)})
		goOn := store.pauseAt("chat1")
		var both sync.WaitGroup
		var w *gateway.Wait
		both.Go(func() { w = k.open(waiting.OpenRequest{Key: "chat1"}).Wait })
		synctest.Wait()
		both.Go(func() { k.alias("chat1", "pi_1") })
		synctest.Wait()
		goOn()
		both.Wait()
		if err := k.resumedBy(w.ID, early.CallbackID); err != nil {
			k.t.Error(err)
		}
	})
}

// A callback whose name has others gives its turn back to get the wider one. What
// it looked up before counts no more if an alias came in between.
func TestCallbackLooksAgainForItsWiderTurn(t *testing.T) {
	whilePaused(t, func(k *kit, store *pausingStore) {
		k.alias("pi_1", "order_1")
		w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
		lookedUp := store.pauseAt("pi_1")
		var all sync.WaitGroup
		var taken waiting.Taken
		all.Go(func() { taken = k.send(sent{key: "pi_1", body: paid(1)}) })
		synctest.Wait()
		all.Go(func() { k.alias("chat1", "pi_1") })
		synctest.Wait()
		// Somebody else has a turn that the callback will wait for, and the alias not.
		inTheWay := store.pauseAt("order_1")
		all.Go(func() { k.send(sent{key: "order_1", body: `{"type":"noise"}`}) })
		synctest.Wait()
		lookedUp()
		synctest.Wait()
		inTheWay()
		all.Wait()
		if err := k.resumedBy(w.ID, taken.CallbackID); err != nil {
			k.t.Errorf("%s: %v", taken.Outcome, err)
		}
	})
}

// A callback may come, and the deadline of the wait pass, while what was parked is on
// its way: it ends once, by what the alias found.
func TestAliasEndsNoWaitTwice(t *testing.T) {
	whilePaused(t, func(k *kit, _ *pausingStore) {
		early := k.send(sent{key: "pi_1", body: paid(1)})
		paidOnly := gateway.Raw(`[{"name":"paid","branch":"SUCCESS","when":[{"path":"type","equals":"paid"}]}]`)
		w := k.open(waiting.OpenRequest{Key: "chat1", Match: paidOnly, Timeout: 10 * time.Second}).Wait
		var taken waiting.Taken
		var other sync.WaitGroup
		meanwhile := func() {
			other.Go(func() { taken = k.send(sent{key: "chat1", body: paid(2)}) })
			time.Sleep(11 * time.Second)
		}
		k.onRules.Store(&meanwhile)
		k.alias("chat1", "pi_1")
		other.Wait()
		if err := k.resumedBy(w.ID, early.CallbackID); err != nil {
			k.t.Error(err)
		}
		if taken.Outcome != gateway.OutcomeAlreadyResumed {
			k.t.Errorf("the callback that came meanwhile: %+v", taken)
		}
	})
}

// TestAliasRace lets the opening of a wait, its alias and a callback that carries
// the alias meet in any order, over a real disk: the callback resumes the wait.
func TestAliasRace(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	const rounds = 200
	var all sync.WaitGroup
	for i := range rounds {
		all.Go(func() {
			key, alias := fmt.Sprintf("chat%d", i), fmt.Sprintf("pi_%d", i)
			if i%2 == 0 { // the alias has another name already
				k.alias(alias, alias+"-also")
			}
			var w *gateway.Wait
			var taken waiting.Taken
			var errOpen, errSend error
			var racers sync.WaitGroup
			racers.Go(func() {
				o, err := k.tryOpen(waiting.OpenRequest{Key: key})
				w, errOpen = o.Wait, err
			})
			racers.Go(func() { k.alias(key, alias) })
			racers.Go(func() { taken, errSend = k.trySend(sent{key: alias, body: paid(i)}) })
			racers.Wait()
			if err := errors.Join(errOpen, errSend); err != nil {
				t.Error(err)
				return
			}
			if err := k.resumedBy(w.ID, taken.CallbackID); err != nil {
				t.Errorf("round %d, %s: %v", i, taken.Outcome, err)
			}
		})
	}
	all.Wait()
	if c := k.observed(); c.open != 0 || c.parked != 0 {
		t.Errorf("observed %+v, want nothing left open or parked", c)
	}
}

// TestAliasesAtOnce adds names to one conversation from many sides: none forgets
// what another added.
func TestAliasesAtOnce(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	for round := range 20 {
		key := fmt.Sprintf("chat%d", round)
		want := []string{key}
		var all sync.WaitGroup
		for i := range 6 {
			alias := fmt.Sprintf("pi_%d_%d", round, i)
			want = append(want, alias)
			all.Go(func() { k.alias(key, alias) })
		}
		opened := key + "-opened"
		want = append(want, opened)
		all.Go(func() { k.open(waiting.OpenRequest{Key: key, Aliases: []string{opened}}) })
		all.Wait()
		n, _, err := k.store.Names("acme", key)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		slices.Sort(n.All)
		if !slices.Equal(n.All, want) {
			t.Errorf("known as %v, want %v", n.All, want)
		}
	}
}

// failingStore cannot write names.
type failingStore struct{ waiting.Ledger }

var errNoDisk error = gateway.Unavailable("no disk", time.Second)

func (s *failingStore) Commit(changes ...*gateway.Change) error {
	if changes[0].Names != nil {
		return errNoDisk
	}
	return s.Ledger.Commit(changes...)
}

func TestAliasNotWritten(t *testing.T) {
	k := &kit{t: t, wrap: func(s waiting.Ledger) waiting.Ledger { return &failingStore{s} }}
	k.begin(gateway.Source{})
	defer func() { k.stop() }()
	if err := k.sessions.Alias(context.Background(), "acme", "chat1", "pi_1"); !errors.Is(err, errNoDisk) {
		t.Errorf("got %v, want %v", err, errNoDisk)
	}
	if got := k.send(sent{key: "pi_1", body: paid(1)}); got.Outcome != gateway.OutcomeParked {
		t.Errorf("under what is no alias: %s", got.Outcome)
	}
}
