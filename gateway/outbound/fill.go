package outbound

import (
	"errors"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/retry"
)

// reading reads from the store what lanes need: how their endpoints stand, then their
// windows. The schedule's lock guards it, and is let go while the store is read.
type reading struct {
	*schedule
	waiting []*lane // to be read for
	readers int
}

// mostReaders bounds how many lanes are read from the store at once.
const mostReaders = 4

// fill has read what a lane needs of the store: first how its endpoint stands,
// then its window.
func (r *reading) fill(n *lane) {
	if n.asked {
		return
	}
	n.asked = true
	r.waiting = append(r.waiting, n)
	if r.readers < mostReaders {
		r.readers++
		r.running.Go(r.reader)
	}
}

func (r *reading) reader() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.stopped && len(r.waiting) > 0 {
		n := r.waiting[0]
		r.waiting[0] = nil
		r.waiting = r.waiting[1:]
		if n.gone || n.leaving {
			continue
		}
		work := r.fillWindow
		if !n.primed {
			work = r.prime
		}
		if err := work(n); err != nil {
			r.mu.Unlock()
			r.log.Error("unfinished deliveries cannot be read", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
			background.Sleep(r.ctx, storeRest)
			r.mu.Lock()
			r.waiting = append(r.waiting, n)
			continue
		}
		n.asked = false
		r.place(n, r.now())
		r.hire()
	}
	r.readers--
}

// fillWindow is called with the lock, which it lets go while the store is read. A reader
// and those who pull do it one after the other: of two reads at once the one that is older
// would tell where the window ends.
func (r *reading) fillWindow(n *lane) error {
	for n.window.reading {
		r.ended.Wait()
	}
	if !n.window.low() {
		return nil // somebody has read since it was asked for
	}
	n.window.regrant()
	n.window.reading = true // what arrives from now on may not be in what is read
	after, most := n.window.cursor, n.window.most
	r.mu.Unlock()
	batch, err := r.options.Backlog.Window(n.key, after, most)
	r.mu.Lock()
	defer r.ended.Broadcast()    // who pulls may wait for it
	if err == nil && n.follows { // before the cursor may be some that came before what was read
		err = r.comings.await()
	}
	if err != nil {
		n.window.reading = false
		return err
	}
	n.window.read(batch, len(batch) < most)
	return nil
}

// prime is called like fillWindow. A reader and API calls do it one after the other:
// it removes holds that have run out, which must be over before a delivery goes that
// may write a new one of its conversation.
func (r *reading) prime(n *lane) error {
	for n.priming {
		r.ended.Wait()
	}
	if n.primed {
		return nil
	}
	n.priming = true
	known := n.known
	r.mu.Unlock()
	status, err := r.options.Statuses.Status(n.key)
	var holds []gateway.Hold
	if err == nil && known { // else nothing was unfinished when the slot came here
		holds, err = r.holds(n.key)
	}
	r.mu.Lock()
	n.priming = false
	r.ended.Broadcast()
	if err != nil {
		return err
	}
	n.standing.begin(status)
	n.held, n.primed = holds, true
	n.rest = later(n.rest, restOf(status, r.now()))
	n.pace.next = later(n.pace.next, status.PacedTo)
	return nil
}

// restOf gives until when an endpoint asked for no request; the zero time where that
// cannot be: a clock was set back.
func restOf(status gateway.EndpointStatus, now time.Time) time.Time {
	if status.RestUntil.Sub(now) > retry.MaxRetryAfter {
		return time.Time{}
	}
	return status.RestUntil
}

// primed gives the lane of an endpoint whose standing is known. It is called with the lock,
// which it lets go while the store is read.
func (r *reading) primed(key gateway.LaneKey) (*lane, error) {
	for {
		n := r.lane(key)
		if n == nil {
			return nil, errElsewhere
		}
		if n.primed {
			return n, nil
		}
		if err := r.prime(n); err != nil {
			return nil, err
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// holds reads those that are still in force. The delivery of one may have ended
// just before a crash kept it from being removed.
func (r *reading) holds(key gateway.LaneKey) (inForce []gateway.Hold, err error) {
	all, err := r.options.Backlog.Holds(key)
	if err != nil {
		return nil, err
	}
	now := r.now()
	for _, h := range all {
		if h.Until.After(now) {
			_, _, err := r.options.Backlog.Load(key.Tenant, h.Delivery)
			if err == nil {
				inForce = append(inForce, h)
				continue
			}
			if !errors.Is(err, gateway.ErrNotFound) {
				return nil, err
			}
		}
		if err := r.options.Backlog.ClearHold(key, h.Conversation); err != nil {
			return nil, err
		}
	}
	return inForce, nil
}

// count learns how much former owners left; see lane.unfinished.
func (r *reading) count(keys []gateway.LaneKey) {
	const page = 4096
	for _, key := range keys {
		var after gateway.Due
		for r.ctx.Err() == nil {
			due, err := r.options.Backlog.Window(key, after, page)
			if err != nil {
				r.log.Warn("unfinished deliveries cannot be counted", "tenant", key.Tenant, "endpoint", key.Endpoint, "error", err)
				return
			}
			r.mu.Lock()
			n := r.lanes[key]
			if n != nil {
				n.depth += len(due)
			}
			stopped := r.stopped
			r.mu.Unlock()
			if stopped || n == nil || len(due) < page {
				break
			}
			after = due[len(due)-1]
		}
	}
}
