package outbound

import (
	"slices"
	"time"

	"hookgate/gateway"
)

// window is what memory holds of a lane's unfinished deliveries: the soonest, in
// the order (At, ID). Those after the cursor are in the store alone, and so is
// everything while nothing was read yet.
//
// What was read may be stale: a delivery may stand here though it has ended or
// was moved. That is found when it is loaded; what must not happen is that one
// at or before the cursor stands nowhere.
type window struct {
	most    int
	usual   int           // what most may become
	grant   *grant        // nil: nobody bounds it but usual
	due     []gateway.Due // none of them after the cursor, while there may be more
	cursor  gateway.Due   // the last one that was read from the store
	more    bool          // there may be others after it
	fresh   []gateway.Due
	reading bool
	arrived []gateway.Due // while the store is read, which may not have seen them
	missed  bool          // what is read is of no use: too many arrived, or the cursor has moved
	turn    bool
	plain   bool // strictly in order: the lane keeps an order, or batches
}

// mostFresh bounds how many that came last are known although others before them
// wait in the store.
const mostFresh = 64

// backlog is how late the soonest delivery must be for fresh ones to take turns
// with it: an endpoint that recovers gets what happens now, not only what
// happened while it was gone.
const backlog = 10 * time.Second

func compare(a, b gateway.Due) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	switch {
	case a.ID < b.ID:
		return -1
	case a.ID > b.ID:
		return 1
	}
	return 0
}

// add takes in a delivery that is in the store; fresh, one that was just made.
func (w *window) add(d gateway.Due, fresh bool) {
	if w.reading {
		if w.missed = w.missed || len(w.arrived) >= 4*w.most; !w.missed {
			w.arrived = append(w.arrived, d)
		}
	}
	if w.more && compare(d, w.cursor) > 0 {
		if fresh {
			w.remember(d)
		}
		return
	}
	w.insert(d)
	if w.trim() && fresh && compare(d, w.cursor) > 0 {
		w.remember(d)
	}
}

// trim leaves what is too much to the store. It begins at twice the bound, or
// each new one would drop another.
func (w *window) trim() bool {
	for len(w.due) > 2*w.most && w.grow() {
	}
	if len(w.due) <= 2*w.most {
		return false
	}
	w.cursor, w.more = w.due[w.most-1], true
	clear(w.due[w.most:])
	w.due = w.due[:w.most]
	w.missed = w.reading // from a place that is no longer the cursor's
	w.forgetFresh()
	return true
}

func (w *window) insert(d gateway.Due) {
	i, found := slices.BinarySearchFunc(w.due, d, compare)
	if !found {
		w.due = slices.Insert(w.due, i, d)
	}
}

// remember keeps one that is after the cursor among the fresh; the oldest of
// them is forgotten, for the store has it.
func (w *window) remember(d gateway.Due) {
	if w.plain {
		return
	}
	if most := min(mostFresh, w.most); len(w.fresh) >= most {
		w.fresh = slices.Delete(w.fresh, 0, 1+len(w.fresh)-most)
	}
	w.fresh = append(w.fresh, d)
}

// setPlain says whether only the order counts. The fresh are then left to the store.
func (w *window) setPlain(is bool) {
	if w.plain = is; is {
		w.fresh = nil
	}
}

// forgetFresh drops those that the window now holds.
func (w *window) forgetFresh() {
	w.fresh = slices.DeleteFunc(w.fresh, func(d gateway.Due) bool { return !w.more || compare(d, w.cursor) <= 0 })
}

// low says whether the store should be read.
func (w *window) low() bool { return w.more && !w.reading && len(w.due) < max(w.most/4, 1) }

// read takes in what the store gave after the cursor; last says that there is
// nothing after it.
func (w *window) read(batch []gateway.Due, last bool) {
	arrived, useless := w.arrived, w.missed || !w.more
	w.reading, w.missed, w.arrived = false, false, nil
	if useless {
		return // if there is more, low will say so again
	}
	w.more = !last
	if len(batch) > 0 {
		w.cursor = batch[len(batch)-1]
	}
	if len(w.due) == 0 || len(batch) > 0 && compare(w.due[len(w.due)-1], batch[0]) < 0 {
		w.due = append(w.due, batch...)
	} else {
		for _, d := range batch {
			w.insert(d)
		}
	}
	for _, d := range arrived {
		if last || compare(d, w.cursor) <= 0 {
			w.insert(d)
		}
	}
	w.trim()
	w.forgetFresh()
}

// rewind has everything from a place on read again: something there was dropped.
func (w *window) rewind(to gateway.Due) {
	before := gateway.Due{At: to.At}
	if w.more && compare(w.cursor, before) <= 0 {
		return
	}
	w.cursor, w.more = before, true
	i, _ := slices.BinarySearchFunc(w.due, before, compare)
	clear(w.due[i:])
	w.due = w.due[:i]
	w.missed = w.reading // from a later place
}

// remove takes a delivery out, wherever it stands.
func (w *window) remove(id string) {
	is := func(d gateway.Due) bool { return d.ID == id }
	w.due, w.fresh = slices.DeleteFunc(w.due, is), slices.DeleteFunc(w.fresh, is)
}

// ready is how many of those in order are due.
func (w *window) ready(now time.Time) int {
	n, _ := slices.BinarySearchFunc(w.due, now, func(d gateway.Due, now time.Time) int {
		if d.At.After(now) {
			return 1
		}
		return -1
	})
	return n
}

// take takes out the one at a place.
func (w *window) take(i int) gateway.Due {
	d := w.due[i]
	if i == 0 {
		w.due[0] = gateway.Due{}
		w.due = w.due[1:]
	} else {
		w.due = slices.Delete(w.due, i, i+1)
	}
	return d
}

// soonest is when the next one is due.
func (w *window) soonest() (at time.Time, ok bool) {
	if len(w.due) > 0 {
		at, ok = w.due[0].At, true
	}
	for _, d := range w.fresh {
		if !ok || d.At.Before(at) {
			at, ok = d.At, true
		}
	}
	return at, ok
}

// drop takes out the one at a place, if it stands there.
func (w *window) drop(d gateway.Due) {
	if i, found := slices.BinarySearchFunc(w.due, d, compare); found {
		w.take(i)
	}
}

// first gives the place of the first one that is lent, or is not; -1 for none.
func (w *window) first(lent bool) int {
	return slices.IndexFunc(w.due, func(d gateway.Due) bool { return d.Lent == lent })
}

// pop takes one that is due.
func (w *window) pop(now time.Time) (gateway.Due, bool) {
	ready := w.ready(now)
	if w.plain {
		if ready == 0 {
			return gateway.Due{}, false
		}
		return w.take(0), true
	}
	w.turn = !w.turn
	late := ready > 0 && now.Sub(w.due[0].At) > backlog
	if ready == 0 || late && w.turn {
		for i := len(w.fresh) - 1; i >= 0; i-- {
			if d := w.fresh[i]; !d.At.After(now) {
				w.fresh = slices.Delete(w.fresh, i, i+1)
				return d, true
			}
		}
	}
	if ready == 0 {
		return gateway.Due{}, false
	}
	if late && w.turn {
		return w.take(ready - 1), true
	}
	return w.take(0), true
}
