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
}

func (p *part) note(what string, s gateway.SlotSet) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, fmt.Sprint(what, slices.Collect(s.All())))
	return p.broken
}

func (p *part) Stop(s gateway.SlotSet)       { _ = p.note("stop", s) }
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
