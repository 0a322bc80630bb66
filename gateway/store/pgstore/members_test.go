package pgstore

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// TestMembers has two nodes share the slots, and one take over from the other while that has
// a statement under way that does not end.
func TestMembers(t *testing.T) {
	server := server(t)
	o := options(server)
	a := mustOpen(t, o)
	b := mustOpen(t, o)
	must(t, a.Beat([]byte("a")))
	must(t, b.Beat([]byte("b")))
	must(t, b.Beat([]byte("b again")))
	nodes, owners, err := a.Members()
	must(t, err)
	if len(nodes) != 2 || nodes[0].Node != a.Node() || string(nodes[0].Told) != "a" || nodes[0].Beat != 1 || string(nodes[1].Told) != "b again" || nodes[1].Beat != 2 || nodes[1].Gone {
		t.Fatalf("%+v", nodes)
	}
	if owners != (store.Owners{}) {
		t.Fatalf("%v", owners)
	}
	half := gateway.SlotSet{}
	for slot := range gateway.Slots / 2 {
		half.Add(gateway.Slot(slot * 2))
	}
	assigned := func(s *Store, slots gateway.SlotSet, from, to int64, want int) {
		t.Helper()
		known := owners
		for slot := range known {
			known[slot].Node = from
		}
		given, err := s.Assign(slots, &known, to)
		must(t, err)
		_, owners, err = s.Members()
		must(t, err)
		if given.Len() != want {
			t.Fatalf("%d slots were given, want %d", given.Len(), want)
		}
	}
	assigned(a, half, 0, a.Node(), 128)
	assigned(b, gateway.AllSlots(), 0, b.Node(), 128)
	assigned(b, half, b.Node(), a.Node(), 0)
	assigned(b, gateway.SlotsOf(1, 3), b.Node(), a.Node(), 2)

	by, w := newSession(t, server), aWait(tenantOf(0), "under way")
	free := met(by, o, w)
	under := commits(b, w)
	newSession(t, server).until(waiting, "1")
	before := owners
	must(t, a.TakeOver(b.Node(), 2, everything(a)))
	if err := under()[0]; err == nil {
		t.Error("what was under way was told as written")
	}
	free()
	if err := b.Commit(&gateway.Change{Wait: aWait(tenantOf(1), "dead")}); !isUnavailable(err) {
		t.Errorf("the dead writes: %v", err)
	}
	if err := b.Beat(nil); !isDead(err) {
		t.Errorf("the dead beats: %v", err)
	}
	if err := b.TakeOver(a.Node(), 1, &store.Owners{}); !isDead(err) {
		t.Errorf("the dead takes over: %v", err)
	}
	if given, err := b.Assign(gateway.AllSlots(), &owners, b.Node()); err == nil && given.Len() > 0 {
		t.Errorf("the dead takes %d slots", given.Len())
	}
	nodes, owners, err = a.Members()
	must(t, err)
	if !nodes[1].Gone || nodes[0].Gone {
		t.Errorf("%+v", nodes)
	}
	for slot, is := range owners {
		if raised := is.Epoch > before[slot].Epoch; is.Node != a.Node() || raised != (before[slot].Node == b.Node()) {
			t.Errorf("slot %d: %+v, and was %+v", slot, is, before[slot])
		}
	}
	if ids := openWaits(t, a); len(ids) != 0 {
		t.Errorf("open: %v", ids)
	}
	must(t, a.Commit(&gateway.Change{Wait: aWait(tenantOf(1), "alive")}))
}

func everything(s *Store) *store.Owners {
	var to store.Owners
	for slot := range to {
		to[slot].Node = s.Node()
	}
	return &to
}

func isDead(err error) bool { return errors.Is(err, store.ErrDeclaredDead) }

// TestAssignedByEpoch has a change of owners come late, after its slots were given to the same
// owner again: it gives nothing, for it names an older epoch.
func TestAssignedByEpoch(t *testing.T) {
	o := options(server(t))
	a, b := mustOpen(t, o), mustOpen(t, o)
	var known store.Owners
	given, err := a.Assign(gateway.AllSlots(), &known, a.Node())
	must(t, err)
	_, late, err := a.Members()
	must(t, err)
	again, err := a.Assign(gateway.SlotsOf(7), &late, a.Node())
	must(t, err)
	if given.Len() != gateway.Slots || again.Len() != 1 {
		t.Fatalf("%d and %d slots were given", given.Len(), again.Len())
	}
	given, err = a.Assign(gateway.SlotsOf(7, 8), &late, b.Node())
	must(t, err)
	if given != gateway.SlotsOf(8) {
		t.Errorf("given: %v", given)
	}
}

// TestBeatsAgain has a node declared dead that has beaten since it was looked at: nothing of it
// changes. When that stands still it is taken over, and taken over again whatever was seen.
func TestBeatsAgain(t *testing.T) {
	o := options(server(t))
	a, b := mustOpen(t, o), mustOpen(t, o)
	must(t, b.Beat(nil))
	var known store.Owners
	_, err := b.Assign(gateway.AllSlots(), &known, b.Node())
	must(t, err)
	_, before, err := a.Members()
	must(t, err)
	must(t, b.Beat(nil))
	if err := a.TakeOver(b.Node(), 1, everything(a)); !errors.Is(err, store.ErrBeats) {
		t.Errorf("one that beats is declared dead: %v", err)
	}
	must(t, b.Beat(nil))
	must(t, b.Commit(&gateway.Change{Wait: aWait(tenantOf(1), "alive")}))
	if _, owners, err := a.Members(); err != nil || owners != before {
		t.Errorf("slots have moved: %v", err)
	}
	must(t, a.TakeOver(b.Node(), 3, everything(a)))
	must(t, a.TakeOver(b.Node(), -1, everything(a)))
	if err := b.Beat(nil); !isDead(err) {
		t.Errorf("the dead beats: %v", err)
	}
}

// TestBuried forgets a node that is gone, and no other.
func TestBuried(t *testing.T) {
	o := options(server(t))
	a, b := mustOpen(t, o), mustOpen(t, o)
	must(t, a.Bury(b.Node()))
	must(t, b.Beat(nil))
	must(t, a.TakeOver(b.Node(), 1, &store.Owners{}))
	must(t, a.Bury(b.Node()))
	if nodes, _, err := a.Members(); err != nil || len(nodes) != 1 {
		t.Errorf("%+v, %v", nodes, err)
	}
	if err := b.Beat(nil); !isDead(err) {
		t.Errorf("who is forgotten beats: %v", err)
	}
	if err := b.Commit(&gateway.Change{Wait: aWait(tenantOf(1), "dead")}); !isUnavailable(err) {
		t.Errorf("who is forgotten writes: %v", err)
	}
}

// TestMembersBothDead has nodes declare each other dead at once: one of them is.
func TestMembersBothDead(t *testing.T) {
	o := options(server(t))
	a, b := mustOpen(t, o), mustOpen(t, o)
	errs := make([]error, 2)
	var done sync.WaitGroup
	done.Go(func() { errs[0] = a.TakeOver(b.Node(), 0, &store.Owners{}) })
	done.Go(func() { errs[1] = b.TakeOver(a.Node(), 0, &store.Owners{}) })
	done.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !isDead(errs[0]) && !isDead(errs[1]) {
		t.Error(fmt.Sprint(errs))
	}
}
