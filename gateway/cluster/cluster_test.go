package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// One node has everything when Start returns; each that comes has its share soon, and none of
// the slots is without an owner for long.
func TestNodesCome(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		first := f.start()
		if slots, _ := f.served(); slots.Len() != gateway.Slots {
			f.t.Fatalf("the first node answers for %d slots when it has started", slots.Len())
		}
		for n := 2; n <= 5; n++ {
			f.start()
			took := f.within(15*time.Second, "a share for each", f.whole(n))
			f.t.Logf("%d nodes: %s", n, took)
		}
		for _, gap := range first.handed {
			if gap > 300*time.Millisecond {
				f.t.Errorf("nobody answered for slots for %s", gap)
			}
		}
		if len(first.handed) == 0 {
			f.t.Error("nothing was handed over")
		}
	})
}

// A node that is killed: others answer for its slots within 8 seconds.
func TestNodeDies(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		for range 3 {
			f.start()
		}
		f.within(15*time.Second, "a share for each", f.whole(3))
		for round := range 10 {
			time.Sleep(time.Duration(f.db.rand(1000)) * time.Millisecond)
			f.living()[f.db.rand(3)].kill()
			if took := f.within(8*time.Second, "taken over", f.whole(2)); round == 0 && took < 3*time.Second {
				f.t.Errorf("it was declared dead after %s", took)
			}
			f.start()
			f.within(15*time.Second, "a share for who comes", f.whole(3))
		}
	})
}

// A node that comes in place of one that was killed, at the same address, need not wait until
// that is dead for long.
func TestRestartedInPlace(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one := f.start()
		one.kill()
		f.db.set(func() { f.db.inPlace = true })
		two := f.startAt(one.name)
		if !two.WaitWhole(f.t.Context()) || !f.whole(1)() {
			f.t.Error("it does not answer for all when all is whole")
		}
		took := f.within(4*time.Second, "taken over", f.whole(1))
		f.t.Logf("after %s", took)
	})
}

// Nor does it wait until the lease is over where it is known that its process has ended; where
// only its address is another's, it does.
func TestRestartedInPlaceOfWhoHasEnded(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		f.ends = true
		one, two := f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(2))
		one.kill()
		f.db.set(func() { f.db.inPlace = true })
		three := f.startAt(one.name)
		if took := f.within(replacedAfter, "taken over", f.whole(2)); took > time.Second {
			f.t.Errorf("the slots of one that has ended were taken over after %s", took)
		}
		for m, want := range map[*member]int{two: 0, three: 1} {
			m.note(func() {
				if m.tookOver != want {
					f.t.Errorf("%s took over %d times, want %d", m.name, m.tookOver, want)
				}
			})
		}
	})
}

// A planned stop: everything is handed over while the node answers.
func TestDrain(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one, two, three := f.start(), f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(3))
		began := time.Now()
		if err := two.stop(); err != nil {
			f.t.Fatal(err)
		}
		if took := time.Since(began); took > 5*time.Second {
			f.t.Errorf("it took %s to give everything away", took)
		}
		f.within(time.Second, "served by the others", f.whole(2))
		for _, gap := range two.handed {
			if gap > 300*time.Millisecond {
				f.t.Errorf("nobody answered for slots for %s", gap)
			}
		}
		if err := one.DrainNode(f.t.Context(), three.Self().ID); err != nil {
			f.t.Fatal(err)
		}
		f.within(8*time.Second, "served by the last", f.whole(1))
		if state := one.Nodes()[1].State; state != StateDraining {
			f.t.Errorf("it is shown as %s", state)
		}
		if err := one.DrainNode(f.t.Context(), three.Self().ID); err != nil {
			f.t.Errorf("once more: %v", err)
		}
		var refused *gateway.Error
		if err := three.DrainNode(f.t.Context(), one.Self().ID); !errors.As(err, &refused) || refused.Code != gateway.CodeLastNode {
			f.t.Errorf("the last one: %v", err)
		}
		if err := one.DrainNode(f.t.Context(), "999"); !errors.Is(err, gateway.ErrNotFound) {
			f.t.Errorf("one that is none: %v", err)
		}
		ctx, cancel := context.WithTimeout(f.t.Context(), time.Second)
		defer cancel()
		if err := one.Drain(ctx); err != nil { // it keeps them
			f.t.Errorf("SIGTERM of the last one: %v", err)
		}
		if slots, _ := f.served(); slots.Len() != gateway.Slots {
			f.t.Errorf("the last one has %d slots left", slots.Len())
		}
	})
}

// Who ends tells all others, and they know the new owners before it closes a connection: one that
// heard of them with its next beat asked it once more, and of a request that was lost so nobody
// knew whether it was taken. Who has slots still tells nobody.
func TestLeave(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one, two, three := f.start(), f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(3))
		two.Leave(f.t.Context())
		if len(one.left)+len(three.left) > 0 {
			f.t.Errorf("%v and %v were told of one that has slots", one.left, three.left)
		}
		if err := two.Drain(f.t.Context()); err != nil {
			f.t.Fatal(err)
		}
		began := time.Now()
		two.Leave(f.t.Context())
		if took := time.Since(began); took > 100*time.Millisecond {
			f.t.Errorf("it took %v to tell the others", took)
		}
		for _, m := range []*member{one, three} {
			if !slices.Equal(m.left, []string{two.Self().ID}) {
				f.t.Errorf("told of %v, want %s", m.left, two.Self().ID)
			}
			for slot := range gateway.Slots {
				if owner, _ := m.Owner(gateway.Slot(slot)); owner == two.Self() {
					f.t.Fatalf("slot %d is still taken for that of who leaves", slot)
				}
			}
		}
		f.apart(one, two)
		began = time.Now()
		two.Leave(f.t.Context())
		if took := time.Since(began); took > askTime {
			f.t.Errorf("it waited %v for one that does not answer", took)
		}
	})
}

// A node that stops while something is under way for slots here and there that does not end by
// itself has given all of them away within 5 seconds, and answers for each until just before.
func TestDrainWhileMuchHangs(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		f.start()
		two, _ := f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(3))
		f.db.set(func() {
			for slot := range gateway.Slots / 7 {
				f.db.hanging.Add(gateway.Slot(7 * slot))
			}
		})
		began := time.Now()
		if err := two.stop(); err != nil {
			f.t.Fatal(err)
		}
		if took := time.Since(began); took < 4*time.Second || took > 5*time.Second {
			f.t.Errorf("it took %s to give everything away", took)
		}
		f.within(time.Second, "served by the others", f.whole(2))
		for _, gap := range two.handed {
			if gap > 300*time.Millisecond {
				f.t.Errorf("nobody answered for slots for %s", gap)
			}
		}
	})
}

// A database whose commits take most of a second, as while a standby catches up, keeps no node that
// stops: what is in line is given with one statement.
func TestDrainWhileTheDatabaseIsSlow(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		f.start()
		two, _ := f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(3))
		f.db.set(func() { f.db.takes = 700 * time.Millisecond })
		began := time.Now()
		if err := two.stop(); err != nil {
			f.t.Fatal(err)
		}
		if took := time.Since(began); took > 5*time.Second {
			f.t.Errorf("it took %s to give everything away", took)
		}
		f.within(time.Second, "served by the others", f.whole(2))
	})
}

// An outage of the database moves nothing, however long it is. All go on to answer from memory,
// for none can take over; one that cannot ask the others does not.
func TestOutage(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		for range 3 {
			f.start()
		}
		f.within(15*time.Second, "a share for each", f.whole(3))
		for _, outage := range []time.Duration{2 * time.Second, 7 * time.Second, time.Minute, time.Hour} {
			time.Sleep(5 * time.Second)
			var owners store.Owners
			f.db.set(func() { f.db.away, owners = true, f.db.owners })
			time.Sleep(outage)
			if outage > time.Second*30 {
				if !f.whole(3)() {
					f.t.Errorf("after %s without the database not everybody answers", outage)
				}
				lone := f.living()[0]
				f.apart(lone, f.nodes[1])
				f.apart(lone, f.nodes[2])
				time.Sleep(10 * time.Second)
				if _, by := f.served(); by[lone] > 0 {
					f.t.Error("one that cannot know whether it was declared dead answers")
				}
				f.together()
				time.Sleep(2 * time.Second)
			}
			f.db.set(func() { f.db.away, f.db.back = false, time.Now() })
			f.within(7*time.Second, "everybody answers again", f.whole(3))
			time.Sleep(10 * time.Second)
			f.db.set(func() {
				if owners != f.db.owners {
					f.t.Errorf("an outage of %s moved slots", outage)
				}
			})
		}
		for _, m := range f.nodes {
			if m.fenced+m.tookOver > 0 {
				f.t.Errorf("%s was declared dead %d times, and declared so %d times", m.name, m.fenced, m.tookOver)
			}
		}
	})
}

// One node alone does not find the database: it stops answering before the others take over,
// and comes back as a new one.
func TestCutFromTheDatabase(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one, two := f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(2))
		was := two.Self().ID
		f.db.set(func() { two.conn.cut = true })
		f.within(6*time.Second, "it stops", func() bool { _, by := f.served(); return by[two] == 0 })
		if one.tookOver > 0 {
			f.t.Error("it answered until it was declared dead")
		}
		f.within(6*time.Second, "taken over", func() bool { _, by := f.served(); return by[one] == gateway.Slots })
		f.db.set(func() { two.conn.cut = false })
		f.within(15*time.Second, "a share for who is back", f.whole(2))
		if two.fenced != 1 || two.Self().ID == was {
			f.t.Errorf("declared dead %d times, and node %s as before", two.fenced, was)
		}
	})
}

// A node that nobody can reach gives its slots away; a pair that cannot talk, where there
// is a third, does not.
func TestCutOff(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one, two, three := f.start(), f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(3))
		f.apart(one, two)
		time.Sleep(20 * time.Second)
		if !f.whole(3)() {
			f.t.Error("slots have moved for a pair that cannot talk")
		}
		if from := one.Nodes()[1].UnreachableFrom; len(from) != 1 || from[0] != one.Self().ID {
			f.t.Errorf("unreachable from %v", from)
		}
		if via, is := one.Via(two.Self()); !is || via != three.Self() {
			f.t.Errorf("through %v", via)
		}
		f.apart(three, two)
		f.within(15*time.Second, "it has given its slots away", func() bool { _, by := f.served(); return by[two] == 0 && f.whole(2)() })
		if two.fenced > 0 {
			f.t.Error("it was declared dead")
		}
		f.together()
		f.within(20*time.Second, "a share for who is back", f.whole(3))
	})
}

// At a gap a request waits, and is told what to do when that lasts.
func TestWaitOwner(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one, two := f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(2))
		slot := gateway.Slot(0)
		for _, here := one.Owner(slot); here; _, here = one.Owner(slot) {
			slot++
		}
		if owner, here := one.Owner(slot); here || owner != two.Self() {
			f.t.Fatalf("slot %d is of %v", slot, owner)
		}
		two.kill()
		began := time.Now()
		if owner, _, err := one.NextOwner(f.t.Context(), slot); err != nil || owner != two.Self() {
			f.t.Errorf("while nobody knows: %v, %v", owner, err)
		}
		if took := time.Since(began); took > time.Second {
			f.t.Errorf("it took %s", took)
		}
		f.within(8*time.Second, "taken over", func() bool { _, here := one.Owner(slot); return here })
		f.db.set(func() { f.db.away = true })
		one.Doubt(gateway.AllSlots()) // as when the database is another
		began = time.Now()
		_, _, err := one.WaitOwner(f.t.Context(), slot)
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Code != gateway.CodeUnavailable || refused.RetryAfter == 0 {
			f.t.Errorf("while it lasts: %v", err)
		}
		if took := time.Since(began); took != gapTime {
			f.t.Errorf("it waited for %s", took)
		}
		if one.Confirmed(gateway.SlotsOf(slot)) == nil {
			f.t.Error("it may be read")
		}
		f.db.set(func() { f.db.away, f.db.back = false, time.Now() })
		if _, here, err := one.WaitOwner(f.t.Context(), slot); err != nil || !here {
			f.t.Errorf("when the database is back: %v, %v", here, err)
		}
		if err := one.Confirmed(gateway.SlotsOf(slot)); err != nil {
			f.t.Error(err)
		}
	})
}

// A node that shares no secret with another does not start, and one that shares one does.
func TestOtherSecret(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		say := func(keys ...string) func() Self {
			return func() Self { return Self{Address: "10.0.0.9:8081", Keys: keys} }
		}
		first := New(Options{Store: f.db.connect(), Ask: (&member{fleet: f}).ask, Say: say("old", "new"), Log: f.log})
		if err := first.Start(); err != nil {
			f.t.Fatal(err)
		}
		defer first.Close()
		other := New(Options{Store: f.db.connect(), Ask: (&member{fleet: f}).ask, Say: say("wrong"), Log: f.log})
		if err := other.Start(); err == nil || !strings.Contains(err.Error(), "cluster.secret") {
			f.t.Errorf("with another secret: %v", err)
		}
		same := New(Options{Store: f.db.connect(), Ask: (&member{fleet: f}).ask, Say: say("new", "newer"), Log: f.log})
		if err := same.Start(); err != nil {
			f.t.Errorf("with one in common: %v", err)
		}
		same.Close()
	})
}

// One that the store has declared dead (by whomever) gives everything up and comes back.
func TestFenced(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one := f.start()
		was := one.Self()
		f.db.set(func() {
			f.db.nodes[one.conn.node].Gone = true
			delete(f.db.acts, one.conn.node)
		})
		one.Fenced()
		f.within(time.Second, "it answers for nothing", func() bool { slots, _ := f.served(); return slots.Len() == 0 })
		f.within(3*time.Second, "it has everything again", f.whole(1))
		if one.Self() == was || one.Nodes()[0].State != StateGone || one.Nodes()[0].Slots != 0 {
			f.t.Errorf("%+v", one.Nodes())
		}
		time.Sleep(shownGone + time.Minute)
		if list := one.Nodes(); len(list) != 1 || list[0].ID != one.Self().ID {
			f.t.Errorf("after an hour: %+v", list)
		}
	})
}

func TestAlone(t *testing.T) {
	a := Alone{Say: func() Self { return Self{Address: "127.0.0.1:8081", Version: "1"} }}
	if owner, here, err := a.WaitOwner(t.Context(), 7); owner.ID != "1" || !here || err != nil {
		t.Errorf("%v, %v, %v", owner, here, err)
	}
	if list := a.Nodes(); len(list) != 1 || list[0].Slots != gateway.Slots || list[0].State != StateReady {
		t.Errorf("%+v", list)
	}
	if err := a.DrainNode(t.Context(), "2"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("another: %v", err)
	}
	if err := a.DrainNode(t.Context(), "1"); err != errLast {
		t.Errorf("the last: %v", err)
	}
}

// Looking up an owner is on the way of every request.
func BenchmarkOwner(b *testing.B) {
	s := newState(func() Self { return Self{} }, nil)
	s.self, s.held = 1, gateway.AllSlots()
	for slot := range s.known {
		s.known[slot].Node = 1
	}
	s.publish()
	s.lease.Store(int64(time.Hour))
	c := &Cluster{state: s}
	b.ReportAllocs()
	for b.Loop() {
		if _, here := c.Owner(7); !here {
			b.Fatal("it is not here")
		}
	}
}
