package outbound

import (
	"errors"
	"time"

	"hookgate/gateway"
)

// Cancel ends a delivery that has not ended. One that is just being sent ends too,
// whatever its endpoint answers. gateway.ErrNotFound for none.
func (s *Steering) Cancel(tenant, id string, told ...gateway.AuditLine) (*gateway.Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, _, err := s.archive.Delivery(tenant, id)
	if err != nil {
		return nil, err
	}
	n, a, err := s.seize(was.Lane(), id)
	if err != nil {
		return nil, err
	}
	d, err := s.cancelIn(tenant, id, told)
	s.unseize(n, a, was, err == nil)
	if err == nil {
		n.watched.settled(d, nil)
	}
	return d, err
}

func (s *Steering) cancelIn(tenant, id string, told []gateway.AuditLine) (*gateway.Delivery, error) {
	d, _, err := s.archive.Delivery(tenant, id)
	if err != nil {
		return nil, err
	}
	if !d.State.Ended() {
		d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryCancelled, time.Time{}, s.schedule.now().Round(0)
		if err := s.archive.Cancel(d, told...); !errors.Is(err, gateway.ErrNotFound) {
			return d, err
		}
	}
	return nil, gateway.Errorf(gateway.CodeDeliveryEnded, "this delivery has ended")
}

// seize keeps a delivery from being leased, or an attempt of it from being written.
// One that is withheld is not to be touched before it may be sent. The lane is primed
// first: whoever read its holds while the delivery ends would keep one that nobody ends.
// Where the lane keeps an order, nothing is leased until unseize: what is behind the delivery
// would pass it, if it is not cancelled after all.
func (s *Steering) seize(key gateway.LaneKey, id string) (*lane, *attempt, error) {
	s.schedule.mu.Lock()
	defer s.schedule.mu.Unlock()
	n, err := s.schedule.reading.primed(key)
	if err != nil {
		return nil, nil, err
	}
	n.hands++
	s.schedule.holds.takeOver(n)
	for {
		a, flies := n.flying[id]
		switch {
		case !flies:
			n.flying[id] = nil
		case a == nil, a.writing || a.due.ID != id && !a.merged:
			s.schedule.ended.Wait()
			continue
		case a.due.ID == id:
			a.cancelled = true
		}
		n.moving++
		return n, a, nil
	}
}

// unseize is what follows.
func (s *Steering) unseize(n *lane, a *attempt, was *gateway.Delivery, cancelled bool) {
	s.schedule.mu.Lock()
	defer s.schedule.mu.Unlock()
	_, flies := n.flying[was.ID]
	n.moving--
	switch {
	case a == nil:
		delete(n.flying, was.ID)
		if cancelled {
			n.window.remove(was.ID)
			n.depth--
		} else if !was.State.Ended() {
			n.window.add(was.Due(), false) // it may have been passed over meanwhile
		}
	case cancelled || a.due.ID != was.ID:
	case flies:
		a.cancelled = false
	default: // its attempt is over, and was not written
		n.window.add(was.Due(), false)
		n.depth++
	}
	if cancelled && n.order != nil {
		s.freeConversations(n, was)
	}
	n.hands--
	s.schedule.ended.Broadcast()
	s.schedule.place(n, s.schedule.now())
	s.schedule.hire()
}

// freeConversations ends the holds of a delivery that was cancelled. It is called
// with the lock, which it lets go while the store is written.
func (s *Steering) freeConversations(n *lane, d *gateway.Delivery) {
	o := n.order
	var free gateway.Due // stands for those in which nobody is on the way: he looks after the store when he has landed
	for c := range d.Due().Conversations() {
		o.end(c, d.ID)
		switch _, busy := o.busy[c]; {
		case busy:
		case free.Conversation == 0:
			free.Conversation = c
		case free.Also == nil:
			free.Also = &gateway.Also{c}
		default:
			*free.Also = append(*free.Also, c)
		}
	}
	if free.Conversation == 0 {
		return
	}
	o.leaves(free)
	s.schedule.mu.Unlock()
	s.schedule.holds.endHold(n, d)
	s.schedule.mu.Lock()
	o.release(free, n.target != nil && n.target.batches())
}
