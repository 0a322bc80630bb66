package pgstore

import (
	"fmt"
	"sync"
	"testing"

	"hookgate/gateway"
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
	if owners != (Owners{}) {
		t.Fatalf("%v", owners)
	}
	half := gateway.SlotSet{}
	for slot := range gateway.Slots / 2 {
		half.Add(gateway.Slot(slot * 2))
	}
	assigned := func(s *Store, slots gateway.SlotSet, from, to int64, want int) {
		t.Helper()
		given, err := s.Assign(slots, from, to)
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
	var to Owners
	for slot := range to {
		to[slot] = a.Node()
	}
	must(t, a.TakeOver(b.Node(), to))
	if err := under()[0]; err == nil {
		t.Error("what was under way was told as written")
	}
	free()
	if err := b.Commit(&gateway.Change{Wait: aWait(tenantOf(1), "dead")}); !isUnavailable(err) {
		t.Errorf("the dead writes: %v", err)
	}
	if err := b.Beat(nil); !IsDead(err) {
		t.Errorf("the dead beats: %v", err)
	}
	if err := b.TakeOver(a.Node(), Owners{}); !IsDead(err) {
		t.Errorf("the dead takes over: %v", err)
	}
	if given, err := b.Assign(gateway.AllSlots(), a.Node(), b.Node()); err == nil && given.Len() > 0 {
		t.Errorf("the dead takes %d slots", given.Len())
	}
	nodes, owners, err = a.Members()
	must(t, err)
	if !nodes[1].Gone || nodes[0].Gone || owners != to {
		t.Errorf("%+v, %v", nodes, owners)
	}
	if ids := openWaits(t, a); len(ids) != 0 {
		t.Errorf("open: %v", ids)
	}
	must(t, a.Commit(&gateway.Change{Wait: aWait(tenantOf(1), "alive")}))
}

// TestMembersBothDead has nodes declare each other dead at once: one of them is.
func TestMembersBothDead(t *testing.T) {
	o := options(server(t))
	a, b := mustOpen(t, o), mustOpen(t, o)
	errs := make([]error, 2)
	var done sync.WaitGroup
	done.Go(func() { errs[0] = a.TakeOver(b.Node(), Owners{}) })
	done.Go(func() { errs[1] = b.TakeOver(a.Node(), Owners{}) })
	done.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !IsDead(errs[0]) && !IsDead(errs[1]) {
		t.Error(fmt.Sprint(errs))
	}
}
