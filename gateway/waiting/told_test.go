package waiting_test

import (
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/waiting"
)

// ends opens a wait under key, and fails where a callback under another name does not
// end it.
func (k *kit) finds(key, other string, n int) {
	k.t.Helper()
	w := k.open(waiting.OpenRequest{Key: key}).Wait
	if got := k.send(sent{key: other, body: paid(n)}); got.Outcome != gateway.OutcomeResumed || got.WaitID != w.ID {
		k.t.Errorf("%s by %s: %+v, want %s resumed", key, other, got, w.ID)
	}
}

// opens opens a wait and says whether nothing ends it.
func (k *kit) opens(key string) *gateway.Wait {
	k.t.Helper()
	w := k.open(waiting.OpenRequest{Key: key}).Wait
	if w.State != gateway.StateWaiting {
		k.t.Errorf("the wait of %s reads %s, want it open", key, w.AppendJSON(nil))
	}
	return w
}

func TestCallbackTellsAliases(t *testing.T) {
	k := newKit(t, vfs.NewCrashableMem(), gateway.Source{Early: gateway.Early{Again: true}})
	defer func() { k.stop() }()
	early := k.send(sent{key: "cus_1", body: paid(0)}) // parked under a name that nobody knows
	w := k.opens("chat1")
	other := k.open(waiting.OpenRequest{Key: "chat2"}).Wait
	got := k.send(sent{key: "chat1", body: paid(1), aliases: []string{"cus_1", "pi_1"}})
	if err := k.resumedBy(w.ID, got.CallbackID); err != nil {
		t.Fatal(err)
	}
	k.crash()
	// What was parked under a name that was learned is the next wait's.
	next := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	if err := k.resumedBy(next.ID, early.CallbackID); err != nil {
		t.Error(err)
	}
	k.finds("chat1", "pi_1", 2)
	k.finds("pi_1", "cus_1", 3)
	if got := k.wait(other.ID); got.State != gateway.StateWaiting {
		t.Errorf("another conversation's wait: %s", got.AppendJSON(nil))
	}
}

// A callback that resumes nothing teaches nothing.
func TestAliasesAreLearnedByResumingAlone(t *testing.T) {
	k := newKit(t, nil, gateway.Source{Match: onlyPaid})
	defer k.stop()
	w := k.opens("chat1")
	if got := k.send(sent{key: "chat1", body: `{"type":"noise"}`, aliases: []string{"pi_1"}}); got.Outcome != gateway.OutcomeIgnored {
		t.Fatalf("%+v, want ignored", got)
	}
	if got := k.send(sent{key: "pi_1", body: paid(1)}); got.Outcome != gateway.OutcomeParked {
		t.Errorf("by a name that nobody learned: %+v", got)
	}
	if got := k.wait(w.ID); got.State != gateway.StateWaiting {
		t.Errorf("the wait reads %s", got.AppendJSON(nil))
	}
	k.send(sent{key: "chat2", body: paid(2), aliases: []string{"pi_2"}}) // parked
	if got := k.send(sent{key: "pi_2", body: paid(3)}); got.Outcome != gateway.OutcomeParked {
		t.Errorf("by a name that a parked one tells: %+v", got)
	}
}

// A parked callback tells its names when a wait takes it, over a crash between.
func TestParkedCallbackTellsAliases(t *testing.T) {
	k := newKit(t, vfs.NewCrashableMem(), gateway.Source{})
	defer func() { k.stop() }()
	first := k.send(sent{key: "chat1", body: paid(1), aliases: []string{"pi_1", "pi_2"}})
	k.crash()
	w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	if err := k.resumedBy(w.ID, first.CallbackID); err != nil {
		t.Fatal(err)
	}
	k.crash()
	k.finds("chat1", "pi_1", 2)
	k.finds("pi_2", "chat1", 3)
}

// What meets by a name that was told may tell names itself: all of it is one commit.
func TestToldNamesLeadOn(t *testing.T) {
	fs := vfs.NewCrashableMem()
	k := newKit(t, fs, gateway.Source{})
	defer func() { k.stop() }()
	parked := k.send(sent{key: "pi_1", body: paid(1), aliases: []string{"sub_1"}})
	w := k.opens("chat1")
	k.alias("chat1", "pi_1")
	if err := k.resumedBy(w.ID, parked.CallbackID); err != nil {
		t.Fatal(err)
	}
	k.crash()
	k.finds("chat1", "sub_1", 2)
}

// A name that is a conversation's own key stays with it, whoever tells otherwise, and
// what are two open waits stay two (SPEC 16).
func TestToldNamesMergeNothing(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	if err := k.hear(told("chat2")); err != nil {
		t.Fatal(err)
	}
	one, two := k.opens("chat1"), k.opens("chat2")
	got := k.send(sent{key: "chat1", body: paid(1), aliases: []string{"chat2", "pi_1"}})
	if err := k.resumedBy(one.ID, got.CallbackID); err != nil {
		t.Fatal(err)
	}
	if now := k.wait(two.ID); now.State != gateway.StateWaiting {
		t.Errorf("the other wait: %s", now.AppendJSON(nil))
	}
	again := k.opens("chat1") // were they one conversation, this were wait_exists
	got = k.send(sent{key: "pi_1", body: paid(2)})
	if err := k.resumedBy(again.ID, got.CallbackID); err != nil {
		t.Error(err)
	}
	got = k.send(sent{key: "chat2", body: paid(3)})
	if err := k.resumedBy(two.ID, got.CallbackID); err != nil {
		t.Error(err)
	}
}

// Told again, names cost no wider turn and no commit of their own.
func TestToldAgainIsNoNews(t *testing.T) {
	store := &countingStore{}
	k := &kit{t: t, wrap: func(s waiting.Ledger) waiting.Ledger { store.Ledger = s; return store }}
	k.begin(gateway.Source{})
	defer k.stop()
	for n := range 3 {
		k.opens("chat1")
		k.send(sent{key: "chat1", body: paid(n), aliases: []string{"pi_1"}})
	}
	if n := store.named.Load(); n != 1 {
		t.Errorf("names were written %d times, want once", n)
	}
}

func TestToldNamesAreBounded(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	var names []string
	for c := range 3 {
		for i := range gateway.MaxAliases - 1 {
			names = append(names, string(rune('a'+c))+string(rune('a'+i)))
		}
	}
	for list := range slices.Chunk(names, gateway.MaxAliases-1) {
		k.opens("chat1")
		k.send(sent{key: "chat1", body: paid(len(list)) + " ", aliases: list, id: list[0]})
	}
	k.finds("chat1", names[len(names)-1], 9)
	n, _, err := k.store.Names("acme", "chat1")
	if err != nil || len(n.All) != gateway.MaxAliases {
		t.Errorf("%d names, %v; want %d", len(n.All), err, gateway.MaxAliases)
	}
}
