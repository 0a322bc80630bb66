package slots_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/slots"
)

// part writes down what is asked of it.
type part struct {
	mu     sync.Mutex
	heard  []string
	broken error
	onStop func() // called once, when something stops; nil: nothing
}

func (p *part) note(what string, s gateway.SlotSet) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, fmt.Sprint(what, slices.Collect(s.All())))
	return p.broken
}

func (p *part) Stop(s gateway.SlotSet) {
	_ = p.note("stop", s)
	p.mu.Lock()
	do := p.onStop
	p.onStop = nil
	p.mu.Unlock()
	if do != nil {
		do()
	}
}
func (p *part) Forget(s gateway.SlotSet)     { _ = p.note("forget", s) }
func (p *part) Read(s gateway.SlotSet) error { return p.note("read", s) }

func (p *part) breaks(err error) { p.mu.Lock(); defer p.mu.Unlock(); p.broken = err }

// did fails the test where the part was asked for anything else since the last did.
func (p *part) did(t *testing.T, want ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.heard, want) {
		t.Errorf("the part was asked %v, want %v", p.heard, want)
	}
	p.heard = nil
}

// A slot that could not be read, and is doubted once more, is read once when it can be.
func TestDoubtedTwiceIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &part{}
		o := slots.New(p)
		defer o.Close()
		if err := o.Acquire(gateway.SlotsOf(1)); err != nil {
			t.Fatal(err)
		}
		p.breaks(errors.New("the store is away"))
		o.Doubt(1)
		synctest.Wait()
		o.Doubt(1)
		synctest.Wait()
		p.did(t, "read[1]", "stop[1]", "stop[1]", "forget[1]", "read[1]", "stop[1]", "read[1]")
		p.breaks(nil)
		time.Sleep(5 * time.Second)
		p.did(t, "read[1]")
	})
}

// What is done with steady slots is not done with one that is in doubt.
func TestDoubtfulIsNotSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &part{}
		o := slots.New(p)
		defer o.Close()
		if err := o.Acquire(gateway.SlotsOf(1, 2)); err != nil {
			t.Fatal(err)
		}
		var steady []gateway.Slot
		look := func() { o.Steady(func(s gateway.SlotSet) { steady = slices.Collect(s.All()) }) }
		o.Between(func() { // nothing is read anew meanwhile
			o.Doubt(2)
			look()
		})
		if steady != nil {
			t.Errorf("while slots move, %v are steady", steady)
		}
		synctest.Wait()
		steady = nil
		p.onStop = look
		o.Doubt(1)
		if slices.Contains(steady, 1) {
			t.Errorf("in doubt, and %v are steady", steady)
		}
		synctest.Wait()
		if look(); !slices.Equal(steady, []gateway.Slot{1, 2}) {
			t.Errorf("read anew, and %v are steady", steady)
		}
	})
}

func TestSlotsMoveOnce(t *testing.T) {
	p := &part{}
	o := slots.New(p)
	defer o.Close()
	if o.Acquire(gateway.SlotsOf(1, 2)) != nil || o.Acquire(gateway.SlotsOf(2, 3)) != nil || o.Acquire(gateway.SlotsOf(1)) != nil {
		t.Fatal("not acquired")
	}
	p.did(t, "read[1 2]", "read[3]")
	o.Release(gateway.SlotsOf(2, 9))
	o.Release(gateway.SlotsOf(2))
	p.did(t, "stop[2]", "forget[2]")
	o.Steady(func(s gateway.SlotSet) { _ = p.note("has", s) })
	p.did(t, "has[1 3]")
	p.breaks(errors.New("no store"))
	if o.Acquire(gateway.SlotsOf(2, 4)) == nil {
		t.Error("acquired what could not be read")
	}
	p.breaks(nil)
	p.did(t, "read[2 4]")
	o.Release(gateway.SlotsOf(4))
	p.did(t)
}

// A doubtful slot is read anew, alone, until that goes well; who releases it meanwhile
// is done with it.
func TestDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &part{}
		o := slots.New(p)
		defer o.Close()
		if err := o.Acquire(gateway.SlotsOf(1, 2)); err != nil {
			t.Fatal(err)
		}
		p.did(t, "read[1 2]")
		p.breaks(errors.New("no store"))
		o.Doubt(2)
		synctest.Wait()
		p.did(t, "stop[2]", "stop[2]", "forget[2]", "read[2]")
		p.breaks(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		p.did(t, "read[2]")
		time.Sleep(time.Minute)
		p.did(t)

		p.breaks(errors.New("no store"))
		o.Doubt(1)
		synctest.Wait()
		p.did(t, "stop[1]", "stop[1]", "forget[1]", "read[1]")
		o.Release(gateway.SlotsOf(1))
		time.Sleep(time.Minute)
		synctest.Wait()
		p.did(t)
	})
}

// slow is a part that takes its time to forget one slot.
type slow struct {
	part
	slot gateway.Slot
	let  chan struct{}
}

func (s *slow) Forget(slots gateway.SlotSet) {
	if slots.Has(s.slot) {
		<-s.let
	}
	s.part.Forget(slots)
}

// A slot of which much is under way keeps no other from moving; itself it is read again, or
// released again, when it was forgotten.
func TestSlowSlotKeepsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &slow{slot: 1, let: make(chan struct{})}
		o := slots.New(p)
		defer o.Close()
		if o.Acquire(gateway.SlotsOf(1, 2)) != nil {
			t.Fatal("not acquired")
		}
		var moving sync.WaitGroup
		again := false
		moving.Go(func() { o.Release(gateway.SlotsOf(1)) })
		synctest.Wait()
		o.Release(gateway.SlotsOf(2))
		if o.Acquire(gateway.SlotsOf(3)) != nil {
			t.Error("not acquired")
		}
		o.Steady(func(s gateway.SlotSet) { _ = p.note("has", s) })
		p.did(t, "read[1 2]", "stop[1]", "stop[2]", "forget[2]", "read[3]", "has[3]")
		moving.Go(func() { again = o.Acquire(gateway.SlotsOf(1)) == nil })
		moving.Go(func() { o.Doubt(1) })
		synctest.Wait()
		p.did(t, "stop[1]")
		close(p.let)
		moving.Wait()
		synctest.Wait()
		if !again {
			t.Error("not acquired again")
		}
		p.mu.Lock()
		heard := slices.Clone(p.heard)
		p.mu.Unlock()
		if len(heard) < 2 || heard[0] != "forget[1]" || heard[1] != "read[1]" {
			t.Errorf("the part was asked %v", heard)
		}
	})
}
