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
func (s *Steering) Retry(tenant, id string, told ...gateway.AuditLine) (*gateway.Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, _, err := s.archive.Delivery(tenant, id)
	if err != nil {
		return nil, err
	}
	moved, err := s.requeue(d.Lane(), []*gateway.Delivery{d}, told...)
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

// requeue makes deliveries of one lane due now, in the order given, with the lines of
// the audit that tell of it, and gives
// those that it moved: not those on their way, and not those that are due already,
// which must keep their place among others.
func (s *Steering) requeue(key gateway.LaneKey, list []*gateway.Delivery, told ...gateway.AuditLine) (moved []*gateway.Delivery, err error) {
	n, list := s.grab(key, list)
	if n == nil {
		return nil, errElsewhere
	}
	now := s.schedule.now().Round(0)
	var ids []string // of those that were unfinished
	for _, d := range list {
		// It may have had an attempt since the caller read it; what has ended has not.
		if !d.State.Ended() {
			if d, _, err = s.backlog.Load(key.Tenant, d.ID); errors.Is(err, gateway.ErrNotFound) {
				err = nil
				continue
			} else if err != nil {
				break
			} else if !d.NextAttemptAt.After(now) || d.Lent != nil {
				continue
			}
			ids = append(ids, d.ID)
		}
		again := *d
		again.State, again.Base, again.NextAttemptAt, again.EndedAt = gateway.DeliveryPending, d.Attempts, now, time.Time{}
		moved = append(moved, &again)
	}
	if err == nil && len(moved)+len(told) > 0 {
		err = s.archive.Requeue(told, moved...)
	}
	var gone *gateway.GoneError
	if errors.As(err, &gone) {
		err = nil
		moved = slices.DeleteFunc(moved, func(d *gateway.Delivery) bool { return slices.Contains(gone.Deliveries, d.ID) })
	}
	s.letGo(n, list, moved, ids)
	return moved, err
}

// grab keeps a lane from leasing deliveries while they are moved, and leaves out
// those that are leased.
func (s *Steering) grab(key gateway.LaneKey, list []*gateway.Delivery) (*lane, []*gateway.Delivery) {
	s.schedule.mu.Lock()
	defer s.schedule.mu.Unlock()
	n := s.schedule.lane(key)
	if n == nil {
		return nil, nil
	}
	n.hands++
	free := make([]*gateway.Delivery, 0, len(list))
	for _, d := range list {
		_, flies := n.flying[d.ID]
		for ; flies && d.State.Ended(); _, flies = n.flying[d.ID] {
			s.schedule.ended.Wait() // it is written, and lands in this moment
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
func (s *Steering) letGo(n *lane, grabbed, moved []*gateway.Delivery, unfinished []string) {
	s.schedule.mu.Lock()
	defer s.schedule.mu.Unlock()
	for _, d := range grabbed {
		delete(n.flying, d.ID)
		n.moving--
		if !d.State.Ended() {
			n.window.add(d.Due(), false) // it may have been passed over meanwhile
		}
	}
	n.hands--
	s.schedule.ended.Broadcast()
	n.depth += len(moved) - len(unfinished)
	for _, d := range moved {
		n.window.add(d.Due(), true)
	}
	s.schedule.place(n, s.schedule.now())
	s.schedule.hire()
}
