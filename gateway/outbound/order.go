package outbound

import (
	"slices"
	"strings"
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
	several bool                     // some of them are of several conversations
	holds   map[uint64]*hold
	lent    int                 // how many of holds are
	stale   map[uint64]struct{} // their hold is over, but the store still has it
	expiry  time.Time           // no hold runs out before; zero: there is none
	dropped *gateway.Due        // the first that was dropped because there were too many holds
	lends   bool                // what is on its way will hold its conversation: somebody comes for it
}

// hold is one in force.
type hold struct {
	gateway.Hold
	dropped *gateway.Due // the first of the conversation that was dropped
	after   string       // it holds what was published after this delivery
	lenders []string     // of one that is lent: the deliveries that hold, in other conversations
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
	o.holds[h.Conversation] = &hold{Hold: h, after: h.Delivery}
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
	if o.blocked(d) {
		o.setAside(d)
		return false
	}
	if o.held(d) {
		return false
	}
	if o.full() && o.freeOfHolds(d) {
		o.dropped = first(o.dropped, d)
		return false
	}
	return true
}

// full says that there are as many holds as there may be.
func (o *order) full() bool {
	if o.lends {
		return len(o.holds)+len(o.busy) >= mostHolds
	}
	return len(o.holds) >= mostHolds
}

// blocked says whether another is on its way in one of a delivery's conversations, or
// stands aside there before it.
func (o *order) blocked(d gateway.Due) bool {
	for c := range d.Conversations() {
		if _, busy := o.busy[c]; busy {
			return true
		}
		list := o.aside[c]
		if len(list) > 0 && (d.Also != nil || list[0].Also != nil) && list[0].ID < d.ID {
			return true
		}
	}
	return false
}

// held says whether a hold keeps a delivery from going. Then those behind it in its other
// conversations must wait too, or they would pass it: the hold is lent to them. What is
// held is dropped, and will be read again.
func (o *order) held(d gateway.Due) (is bool) {
	var by *hold
	for c := range d.Conversations() {
		h := o.holds[c]
		if h != nil && d.ID > h.after { // an earlier one has had its own hold
			by = h
			h.dropped = first(h.dropped, d)
		}
	}
	if by != nil && d.Also != nil {
		for c := range d.Conversations() {
			o.lend(c, by, d)
		}
	}
	return by != nil
}

// lend lets a conversation wait for a hold of another, behind a delivery of both.
func (o *order) lend(c uint64, by *hold, d gateway.Due) {
	lenders := by.lenders
	if lenders == nil {
		lenders = []string{by.Delivery}
	}
	h := o.holds[c]
	switch {
	case h == nil:
		o.put(gateway.Hold{Conversation: c, Until: by.Until})
		h = o.holds[c]
		o.lent++
		h.after = d.ID
	case h == by || h.lenders == nil:
		return
	}
	h.after = min(h.after, d.ID)
	h.dropped = first(h.dropped, d)
	for _, lender := range lenders {
		if !slices.Contains(h.lenders, lender) {
			h.lenders = append(h.lenders, lender)
		}
	}
}

// freeOfHolds says whether no hold is on a delivery's conversations.
func (o *order) freeOfHolds(d gateway.Due) bool {
	for c := range d.Conversations() {
		if o.holds[c] != nil {
			return false
		}
	}
	return true
}

// leaves notes that a delivery is on its way.
func (o *order) leaves(d gateway.Due) {
	for c := range d.Conversations() {
		o.busy[c] = struct{}{}
	}
}

func first(was *gateway.Due, d gateway.Due) *gateway.Due {
	if was == nil || compare(d, *was) < 0 {
		return &d
	}
	return was
}

// compare is by when deliveries are due, as in the window: whoever is let go is then the
// first to leave it, also where a place in it is stale. One of several conversations that
// failed is due again after those that wait for it in the others: where there are such, it
// is by when deliveries were made.
func (o *order) compare(a, b gateway.Due) int {
	if o.several {
		return strings.Compare(a.ID, b.ID)
	}
	return compare(a, b)
}

// setAside lets a delivery wait, in each of its conversations.
func (o *order) setAside(d gateway.Due) {
	if d.Also != nil && !o.several {
		o.several = true
		for _, list := range o.aside {
			slices.SortFunc(list, o.compare)
		}
	}
	for c := range d.Conversations() {
		list := o.aside[c]
		i, found := slices.BinarySearchFunc(list, d, o.compare)
		if !found {
			o.aside[c] = slices.Insert(list, i, d)
			o.waiting++
		}
	}
}

// release ends what the conversations of a delivery waited for. The next of those aside
// stands in the window again, or, where several may travel together, all.
func (o *order) release(d gateway.Due, all bool) {
	for c := range d.Conversations() {
		delete(o.busy, c)
	}
	for c := range d.Conversations() {
		o.next(c, all)
	}
}

func (o *order) next(conversation uint64, all bool) {
	for list := o.aside[conversation]; len(list) > 0; list = o.aside[conversation] {
		d := list[0]
		if o.held(d) {
			o.takeBack(d)
			continue
		}
		if o.blocked(d) { // in another of its conversations, whose turn it comes with
			return
		}
		o.takeBack(d)
		o.window.add(d, false)
		if !all && o.holds[conversation] == nil {
			return
		}
	}
}

// takeBack takes a delivery from where it stands aside.
func (o *order) takeBack(d gateway.Due) {
	for c := range d.Conversations() {
		list := o.aside[c]
		i, found := slices.BinarySearchFunc(list, d, o.compare)
		switch {
		case !found:
			continue
		case i == 0:
			list = list[1:]
		default:
			list = slices.Delete(list, i, i+1)
		}
		if o.waiting--; len(list) == 0 {
			delete(o.aside, c)
		} else {
			o.aside[c] = list
		}
	}
}

// hold lets a delivery hold its conversations, and gives the holds. It has none where
// another one does: then this one comes from before that. A hold that it has stays as it
// is, or, anew, lasts until then.
func (o *order) hold(d gateway.Due, until time.Time, anew bool) (all []gateway.Hold) {
	for c := range d.Conversations() {
		h := gateway.Hold{Conversation: c, Delivery: d.ID, Until: until}
		was := o.holds[c]
		if was != nil && was.lenders == nil {
			if was.Delivery != d.ID {
				continue
			}
			if anew {
				if was.Until = until; until.Before(o.expiry) {
					o.expiry = until
				}
			}
			all = append(all, was.Hold)
			continue
		}
		if o.put(h); was != nil { // one of the conversation itself counts more
			o.holds[c].dropped = was.dropped
			o.lent--
		}
		delete(o.stale, c)
		all = append(all, h)
	}
	return all
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
	if h.lenders != nil {
		o.lent--
	}
	for _, other := range o.holds {
		if o.lent == 0 || h.lenders != nil {
			break
		}
		if slices.Contains(other.lenders, h.Delivery) { // who still is behind another has it lent again
			o.lift(other)
		}
	}
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
