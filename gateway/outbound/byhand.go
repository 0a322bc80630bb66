package outbound

import (
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
)

// Retry sends a delivery again by hand: one that has ended, or one that waits,
// now. Its attempts go on in number and its schedule begins anew. One that is just
// being sent is left alone. gateway.ErrNotFound for none.
func (l *Lanes) Retry(tenant, id string) (*gateway.Delivery, error) {
	l.byHand.Lock()
	defer l.byHand.Unlock()
	d, _, err := l.queue.Delivery(tenant, id)
	if err != nil {
		return nil, err
	}
	moved, err := l.requeue(gateway.LaneKey{Tenant: tenant, Endpoint: d.Endpoint}, []*gateway.Delivery{d})
	if err != nil {
		return nil, err
	}
	switch {
	case len(moved) == 1:
		d = moved[0]
	case d.State.Ended():
		return nil, gateway.ErrNotFound // it has expired meanwhile
	}
	return d, nil
}

// requeue makes deliveries of one lane due now, in the order given, and gives
// those that it moved: not those on their way, and not those that are due already,
// which must keep their place among others.
func (l *Lanes) requeue(key gateway.LaneKey, list []*gateway.Delivery) (moved []*gateway.Delivery, err error) {
	n, list := l.grab(key, list)
	now := l.now().Round(0)
	var ids []string // of those that were unfinished
	for _, d := range list {
		// It may have had an attempt since the caller read it; what has ended has not.
		if !d.State.Ended() {
			if d, _, err = l.queue.Load(key.Tenant, d.ID); errors.Is(err, gateway.ErrNotFound) {
				err = nil
				continue
			} else if err != nil {
				break
			} else if !d.NextAttemptAt.After(now) {
				continue
			}
			ids = append(ids, d.ID)
		}
		again := *d
		again.State, again.Base, again.NextAttemptAt, again.EndedAt = gateway.DeliveryPending, d.Attempts, now, time.Time{}
		moved = append(moved, &again)
	}
	if err == nil && len(moved) > 0 {
		err = l.queue.Requeue(moved...)
	}
	var gone *gateway.GoneError
	if errors.As(err, &gone) {
		err = nil
		moved = slices.DeleteFunc(moved, func(d *gateway.Delivery) bool { return slices.Contains(gone.Deliveries, d.ID) })
	}
	l.letGo(n, list, moved, ids)
	return moved, err
}

// grab keeps a lane from leasing deliveries while they are moved, and leaves out
// those that are leased.
func (l *Lanes) grab(key gateway.LaneKey, list []*gateway.Delivery) (*lane, []*gateway.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.lane(key)
	free := make([]*gateway.Delivery, 0, len(list))
	for _, d := range list {
		_, flies := n.flying[d.ID]
		for ; flies && d.State.Ended(); _, flies = n.flying[d.ID] {
			l.ended.Wait() // it is written, and lands in this moment
		}
		if !flies {
			n.flying[d.ID] = nil
			n.moving++
			free = append(free, d)
		}
	}
	return n, free
}

// letGo puts deliveries where they may stand now: a place that is not true is
// found out when it is loaded.
func (l *Lanes) letGo(n *lane, grabbed, moved []*gateway.Delivery, unfinished []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range grabbed {
		delete(n.flying, d.ID)
		n.moving--
		if !d.State.Ended() {
			n.window.add(placeOf(d), false) // it may have been passed over meanwhile
		}
	}
	n.depth += len(moved) - len(unfinished)
	for _, d := range moved {
		n.window.add(placeOf(d), true)
	}
	l.place(n, l.now())
	l.hire()
}

// Cancel ends a delivery that has not ended. One that is just being sent ends too,
// whatever its endpoint answers. gateway.ErrNotFound for none.
func (l *Lanes) Cancel(tenant, id string) (*gateway.Delivery, error) {
	l.byHand.Lock()
	defer l.byHand.Unlock()
	was, _, err := l.queue.Delivery(tenant, id)
	if err != nil {
		return nil, err
	}
	n, a := l.seize(gateway.LaneKey{Tenant: tenant, Endpoint: was.Endpoint}, id)
	d, err := l.cancelIn(tenant, id)
	l.unseize(n, a, was, err == nil)
	return d, err
}

func (l *Lanes) cancelIn(tenant, id string) (*gateway.Delivery, error) {
	d, _, err := l.queue.Delivery(tenant, id)
	if err != nil {
		return nil, err
	}
	if !d.State.Ended() {
		d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryCancelled, time.Time{}, l.now().Round(0)
		if err := l.queue.Cancel(d); !errors.Is(err, gateway.ErrNotFound) {
			return d, err
		}
	}
	return nil, gateway.Errorf(gateway.CodeDeliveryEnded, "this delivery has ended")
}

// seize keeps a delivery from being leased, or an attempt of it from being written.
func (l *Lanes) seize(key gateway.LaneKey, id string) (*lane, *attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.lane(key)
	for {
		a, flies := n.flying[id]
		switch {
		case !flies:
			n.flying[id] = nil
			n.moving++
			return n, nil
		case a.writing || a.due.ID != id && !a.merged:
			l.ended.Wait()
		case a.due.ID != id:
			return n, a
		default:
			a.cancelled = true
			return n, a
		}
	}
}

// unseize is what follows.
func (l *Lanes) unseize(n *lane, a *attempt, was *gateway.Delivery, cancelled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, flies := n.flying[was.ID]
	switch {
	case a == nil:
		delete(n.flying, was.ID)
		n.moving--
		if cancelled {
			n.window.remove(was.ID)
			n.depth--
		} else if !was.State.Ended() {
			n.window.add(placeOf(was), false) // it may have been passed over meanwhile
		}
	case cancelled || a.due.ID != was.ID:
	case flies:
		a.cancelled = false
	default: // its attempt is over, and was not written
		n.window.add(placeOf(was), false)
		n.depth++
	}
	if cancelled && n.order != nil {
		l.freeConversation(n, was)
	}
	l.place(n, l.now())
	l.hire()
}

// freeConversation ends the hold of a delivery that was cancelled. It is called
// with the lock, which it lets go while the store is written.
func (l *Lanes) freeConversation(n *lane, d *gateway.Delivery) {
	conversation := gateway.ConversationHash(d.ConversationKey)
	o := n.order
	o.end(conversation, d.ID)
	if _, busy := o.busy[conversation]; busy {
		return // who is on the way looks after the store when it has landed
	}
	o.busy[conversation] = struct{}{}
	l.mu.Unlock()
	l.endHold(n, d)
	l.mu.Lock()
	o.release(conversation, n.target != nil && n.target.batches())
}
