// Package slots lets a part of this process own slots, and give them up, while it runs.
//
//	acquire  read what the store has of slots, and go on with it
//	release  finish what is under way for them, forget them, write nothing more
//	doubt    the same on its own, when nobody knows what the store has
//
// Each ownership of a slot is a term. What was decided in one term is written in it or
// never: the next owner reads the store when the last write of the one before is in it.
package slots

import (
	"context"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
)

// Part is what a part of this process does as its slots come and go.
type Part interface {
	// Stop lets nothing more begin for slots. It returns at once, and may be called by
	// who is at work for one of them.
	Stop(slots gateway.SlotSet)
	// Forget waits, for a bounded time, for what is under way for slots that were
	// stopped, and drops all that is known of them. When it returns nothing is written
	// for them any more. Other slots may be read, and forgotten, meanwhile.
	Forget(slots gateway.SlotSet)
	// Read takes up what the store has of slots of which nothing is known. After an
	// error nothing is.
	Read(slots gateway.SlotSet) error
}

// Owner moves the slots of a part: of each slot one move after the other. While one waits for
// what is under way others move on, or a slot of which much is under way would keep all.
type Owner struct {
	part   Part
	beside sync.WaitGroup
	ctx    context.Context // ends what is read anew
	cancel context.CancelFunc

	moving  sync.Mutex
	owned   gateway.SlotSet // as they were acquired
	read    gateway.SlotSet // of them: what the store has is known
	leaving gateway.SlotSet // are being forgotten
	left    sync.Cond       // some of those are

	doubting sync.Mutex
	doubted  gateway.SlotSet // somebody is about to read them anew
}

// New makes the Owner of a part, without a slot.
func New(part Part) *Owner {
	o := &Owner{part: part}
	o.left.L = &o.moving
	o.ctx, o.cancel = context.WithCancel(context.Background())
	return o
}

// Acquire takes slots; those that are owned already stay as they are. After an error
// none is taken.
func (o *Owner) Acquire(slots gateway.SlotSet) error {
	o.moving.Lock()
	defer o.moving.Unlock()
	o.await(slots)
	fresh := slots.Without(o.owned)
	if fresh.Len() == 0 {
		return nil
	}
	if err := o.part.Read(fresh); err != nil {
		return err
	}
	o.owned, o.read = o.owned.With(fresh), o.read.With(fresh)
	return nil
}

// Release gives slots up. When it returns nothing is written for them any more.
func (o *Owner) Release(slots gateway.SlotSet) {
	o.moving.Lock()
	defer o.moving.Unlock()
	o.await(slots)
	gone := slots.Both(o.owned)
	o.owned = o.owned.Without(gone)
	o.forget(gone.Both(o.read))
}

// await waits until none of slots is being forgotten.
func (o *Owner) await(slots gateway.SlotSet) {
	for slots.Both(o.leaving) != (gateway.SlotSet{}) {
		o.left.Wait()
	}
}

// forget stops slots and forgets them, while others move.
func (o *Owner) forget(slots gateway.SlotSet) {
	if slots.Len() == 0 {
		return
	}
	o.part.Stop(slots)
	o.read, o.leaving = o.read.Without(slots), o.leaving.With(slots)
	o.moving.Unlock()
	o.part.Forget(slots)
	o.moving.Lock()
	o.leaving = o.leaving.Without(slots)
	o.left.Broadcast()
}

// again is the pause before a slot is read again that could not be read.
const again = time.Second

// Doubt is DoubtAll of one slot.
func (o *Owner) Doubt(slot gateway.Slot) { o.DoubtAll(gateway.SlotsOf(slot)) }

// DoubtAll stops slots of which nobody knows what the store has, and sees to it that they
// are read anew. It returns at once; other slots go on.
func (o *Owner) DoubtAll(slots gateway.SlotSet) {
	fresh := o.note(slots)
	o.part.Stop(slots)
	if fresh.Len() == 0 {
		return
	}
	go func() {
		defer o.beside.Done()
		for first := true; !o.reread(fresh, first) && background.Sleep(o.ctx, again); first = false {
		}
	}()
}

// note notes doubts, before their slots stop: see Steady. It gives those that are to
// be read anew for it.
func (o *Owner) note(slots gateway.SlotSet) (fresh gateway.SlotSet) {
	o.doubting.Lock()
	defer o.doubting.Unlock()
	if fresh = slots.Without(o.doubted); fresh.Len() == 0 || o.ctx.Err() != nil {
		return gateway.SlotSet{}
	}
	o.doubted = o.doubted.With(fresh)
	o.beside.Add(1)
	return fresh
}

// reread forgets slots and reads them; false where the store does not let it. Those that
// were released meanwhile are left alone; and where it is not the first try those that were
// read meanwhile for a later doubt: once more would begin anew what goes on.
func (o *Owner) reread(slots gateway.SlotSet, first bool) (done bool) {
	o.moving.Lock()
	defer o.moving.Unlock()
	if !first {
		slots = slots.Without(o.read)
	}
	o.doubting.Lock() // who doubts from here on may have been too late for this reading
	o.doubted = o.doubted.Without(slots)
	o.doubting.Unlock()
	o.await(slots)
	o.forget(slots.Both(o.read))
	slots = slots.Both(o.owned)
	if slots.Len() == 0 || o.ctx.Err() != nil {
		return true
	}
	if o.part.Read(slots) != nil {
		return false
	}
	o.read = o.read.With(slots)
	return true
}

// Between does something while no slot is stopped or read, and waits for that.
func (o *Owner) Between(do func()) {
	o.moving.Lock()
	defer o.moving.Unlock()
	do()
}

// Steady does something with the slots of which everything is known, none of which is
// given up before it has returned; nothing while slots move.
func (o *Owner) Steady(do func(gateway.SlotSet)) {
	if !o.moving.TryLock() {
		return
	}
	defer o.moving.Unlock()
	o.doubting.Lock()
	known := o.read.Without(o.doubted)
	o.doubting.Unlock()
	do(known)
}

// Close ends what is read anew, and waits for it.
func (o *Owner) Close() {
	o.doubting.Lock()
	o.cancel()
	o.doubting.Unlock()
	o.beside.Wait()
}
