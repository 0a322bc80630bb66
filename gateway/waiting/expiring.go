package waiting

import (
	"time"

	"hookgate/gateway"
)

// expire ends what is due in one commit. Whoever has the turn on a session now
// may well be ending it: it comes again when that turn is over.
func (x *expirer) expire(due []*expiry) {
	var all []expiring
	var changes []*gateway.Change
	now, stamped := time.Now(), x.now()
	for _, item := range due {
		if item.parked != nil {
			item.room.parking.leave(item.parked) // its record expires by itself
			continue
		}
		t := &turn{}
		if !item.room.tryAcquire(t, item.session) {
			continue
		}
		if until := item.session.until(); now.Before(until) { // it was extended while it was on its way here
			x.reset(item, until)
			item.room.release(t)
			continue
		}
		change := x.outcomes.change(endedWithout(item.session.now(), gateway.StateTimedOut, gateway.ReasonTimeout, stamped))
		all, changes = append(all, expiring{item, t, change}), append(changes, change)
	}
	if len(all) == 0 {
		return
	}
	err := x.ledger.Commit(changes...)
	for i := range all {
		x.conclude(&all[i], now, err)
	}
	if err == nil {
		x.outcomes.wake(changes...)
	}
}

// expiring is a session on its way to its end by time.
type expiring struct {
	*expiry
	turn   *turn
	change *gateway.Change
}

// conclude tells the registry that a session has ended, or tries again later, and gives
// the turn back.
func (x *expirer) conclude(e *expiring, now time.Time, err error) {
	late := now.Sub(e.session.until())
	if err == nil {
		x.lag(late)
		e.room.finish(e.session, e.change.Wait)
		e.room.release(e.turn)
		return
	}
	x.journal.failed(e.room.tenant, err)
	e.room.release(e.turn)
	if late > overdueWatch {
		x.holds.tell(e.session.wait.ID, nil, errUnwritten)
	}
	x.reset(e.expiry, now.Add(expireAgain)) // the deadline stays what it was
}
