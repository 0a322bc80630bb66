package waiting_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/waiting"
)

// A flow that loops, of which each turn's callback has the same body and comes before its
// wait, over crashes between (c21).
func TestIdenticalEarlyBodyOfALoop(t *testing.T) {
	k := newKit(t, vfs.NewCrashableMem(), gateway.Source{Early: gateway.Early{Again: true}})
	defer func() { k.stop() }()
	last := ""
	for turn := range 4 {
		got := k.send(sent{key: "chat1", body: paid(1)})
		if got.Outcome != gateway.OutcomeParked || got.CallbackID == last {
			t.Fatalf("turn %d: %+v, want it parked", turn, got)
		}
		if turn%2 == 0 {
			k.crash()
		}
		if again := k.send(sent{key: "chat1", body: paid(1)}); again.Outcome != gateway.OutcomeDuplicate || again.CallbackID != got.CallbackID {
			t.Fatalf("turn %d, while it is parked: %+v, want a duplicate", turn, again)
		}
		w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
		if err := k.resumedBy(w.ID, got.CallbackID); err != nil {
			t.Fatalf("turn %d: %v", turn, err)
		}
		if turn%3 == 0 {
			k.crash()
		}
		last = got.CallbackID
	}
	// A delivery id is one delivery, also of a flow that loops.
	k.send(sent{key: "chat1", id: "d1", body: paid(2)})
	k.open(waiting.OpenRequest{Key: "chat1"})
	if got := k.send(sent{key: "chat1", id: "d1", body: paid(2)}); got.Outcome != gateway.OutcomeDuplicate {
		t.Errorf("by its id: %+v, want a duplicate", got)
	}
	// What nobody waits for and fits nothing stays known, and what an open wait took too.
	w := k.open(waiting.OpenRequest{Key: "chat2"}).Wait
	first := k.send(sent{key: "chat2", body: paid(3)})
	if err := k.resumedBy(w.ID, first.CallbackID); err != nil {
		t.Fatal(err)
	}
	if got := k.send(sent{key: "chat2", body: paid(3)}); got.Outcome != gateway.OutcomeParked {
		t.Errorf("the same after its wait: %+v, want it parked", got)
	}
}

func TestIgnoredEarlyBodyOfALoopIsADuplicate(t *testing.T) {
	k := newKit(t, nil, gateway.Source{Match: onlyPaid, Early: gateway.Early{Again: true}})
	defer k.stop()
	for _, want := range []gateway.Outcome{gateway.OutcomeIgnored, gateway.OutcomeDuplicate} {
		if got := k.send(sent{key: "chat1", body: `{"type":"noise"}`}); got.Outcome != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}
