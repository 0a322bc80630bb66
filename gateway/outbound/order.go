package outbound

import (
	"slices"
	"time"

	"hookgate/gateway"
)

// order keeps each conversation of a lane in the order published: at most one of
// its deliveries is on its way, and while one that failed holds it, those that
// came later do not go. The schedule's lock guards it.
//
// What waits for a delivery on its way stands aside, in memory: that is over soon.
// What waits for a failed one may wait for an hour, so it is dropped, the first
// place is remembered, and the window goes back there when the hold is over.
//
// After a restart the store's holds do the same: a hold is written before the
// failure that it is for, and removed after the delivery has ended. So a delivery
// that is due later than its followers never stands without one.
type order struct {
	window  *window
	busy    map[uint64]struct{}      // conversations with a delivery on its way
	aside   map[uint64][]gateway.Due // what waits for it
	waiting int                      // all of aside
	holds   map[uint64]*hold
	stale   map[uint64]struct{} // their hold is over, but the store still has it
	expiry  time.Time           // no hold runs out before; zero: there is none
	dropped *gateway.Due        // the first that was dropped because there were too many holds
}

// hold is one in force.
type hold struct {
	gateway.Hold
	dropped *gateway.Due // the first of the conversation that was dropped
}

// Bounds of what one lane remembers. With so many conversations held it only goes
// on with those; with so many aside, it waits for an attempt's end.
const (
	mostHolds = 1024
	mostAside = 1024
)

func newOrder(w *window, holds []gateway.Hold) *order {
	o := &order{
		window: w, busy: map[uint64]struct{}{}, aside: map[uint64][]gateway.Due{},
		holds: map[uint64]*hold{}, stale: map[uint64]struct{}{},
	}
	for _, h := range holds {
		o.put(h)
	}
	return o
}

func (o *order) put(h gateway.Hold) {
	o.holds[h.Conversation] = &hold{Hold: h}
	if o.expiry.IsZero() || h.Until.Before(o.expiry) {
		o.expiry = h.Until
	}
}

// choked says that there is no room to set another one aside.
func (o *order) choked() bool { return o.waiting >= mostAside && len(o.busy) > 0 }

// admit says whether a delivery may go now; one that may not is remembered.
func (o *order) admit(d gateway.Due) bool {
	if d.Conversation == 0 {
		return true
	}
	if _, busy := o.busy[d.Conversation]; busy {
		o.setAside(d)
		return false
	}
	h := o.holds[d.Conversation]
	switch {
	case h == nil && len(o.holds) >= mostHolds:
		o.dropped = first(o.dropped, d)
		return false
	case h != nil && d.ID > h.Delivery: // an earlier one has had its own hold
		h.dropped = first(h.dropped, d)
		return false
	}
	return true
}

func first(was *gateway.Due, d gateway.Due) *gateway.Due {
	if was == nil || compare(d, *was) < 0 {
		return &d
	}
	return was
}

func (o *order) setAside(d gateway.Due) {
	list := o.aside[d.Conversation]
	i, found := slices.BinarySearchFunc(list, d, compare)
	if !found {
		o.aside[d.Conversation] = slices.Insert(list, i, d)
		o.waiting++
	}
}

// release ends what a conversation waited for. The next of those aside stands in
// the window again, or, where several may travel together, all.
func (o *order) release(conversation uint64, all bool) {
	if conversation == 0 {
		return
	}
	delete(o.busy, conversation)
	list := o.aside[conversation]
	h := o.holds[conversation]
	for len(list) > 0 {
		d := list[0]
		list = list[1:]
		o.waiting--
		if h != nil && d.ID > h.Delivery {
			h.dropped = first(h.dropped, d)
			continue
		}
		o.window.add(d, false)
		if !all && h == nil {
			break
		}
	}
	if len(list) == 0 {
		delete(o.aside, conversation)
	} else {
		o.aside[conversation] = list
	}
}

// hold lets a delivery hold its conversation. It is false where another one does:
// then this one comes from before that.
func (o *order) hold(d gateway.Due, until time.Time) (gateway.Hold, bool) {
	h := gateway.Hold{Conversation: d.Conversation, Delivery: d.ID, Until: until}
	if was := o.holds[d.Conversation]; was != nil {
		return was.Hold, was.Delivery == d.ID
	}
	o.put(h)
	delete(o.stale, d.Conversation)
	return h, true
}

// end ends the hold of a delivery that has ended, if it has one.
func (o *order) end(conversation uint64, id string) {
	if h := o.holds[conversation]; h != nil && h.Delivery == id {
		o.lift(h)
	}
}

// forget says whether the store should forget the hold of a conversation.
func (o *order) forget(conversation uint64) bool {
	_, stale := o.stale[conversation]
	delete(o.stale, conversation)
	return stale
}

// lift ends a hold: what was dropped for it is read again.
func (o *order) lift(h *hold) {
	delete(o.holds, h.Conversation)
	o.stale[h.Conversation] = struct{}{}
	if h.dropped != nil {
		o.window.rewind(*h.dropped)
	}
	if o.dropped != nil && len(o.holds) <= mostHolds/2 {
		o.window.rewind(*o.dropped)
		o.dropped = nil
	}
}

// expire lifts the holds that have run out.
func (o *order) expire(now time.Time) {
	if o.expiry.IsZero() || o.expiry.After(now) {
		return
	}
	o.expiry = time.Time{}
	for _, h := range o.holds {
		if !h.Until.After(now) {
			o.lift(h)
		} else if o.expiry.IsZero() || h.Until.Before(o.expiry) {
			o.expiry = h.Until
		}
	}
	if len(o.stale) > 4*mostHolds {
		clear(o.stale) // the store forgets them at the next start: they have run out
	}
}

// leave gives back all that waits, when the lane keeps no order any more.
func (o *order) leave() {
	for _, list := range o.aside {
		for _, d := range list {
			o.window.add(d, false)
		}
	}
	for _, h := range o.holds {
		if h.dropped != nil {
			o.window.rewind(*h.dropped)
		}
	}
	if o.dropped != nil {
		o.window.rewind(*o.dropped)
	}
}
