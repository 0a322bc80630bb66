package pebblestore

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"hookgate/gateway"
)

// byHand is what somebody does to deliveries beside their lane.
type byHand struct {
	*engine
	*dropping
	*queue
	*reads
	expiring *sync.Mutex // keeps Requeue, which brings back what may be about to expire, apart from who expires
}

// requeueBatch is how many bytes of what comes back go in one commit.
const requeueBatch = 1 << 20

// Requeue makes deliveries wait again, as their State, Base and NextAttemptAt say:
// ended ones, wherever they are, and waiting ones. Their events and attempts are
// those that the store knows. It is durable when it returns; each is requeued whole,
// though not all in one commit. Those that cannot be, because they or their events
// have expired, are named by a *gateway.GoneError; all others were requeued. Where there
// are lines of the audit that tell of it, all are in one commit, which has no lines where
// one was gone.
func (s *byHand) Requeue(told []gateway.AuditLine, deliveries ...*gateway.Delivery) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admit(); err != nil {
		return err
	}
	gone, err := s.requeueAll(deliveries, told)
	if err != nil {
		return err
	}
	if err := s.sync(); err != nil {
		return err
	}
	if len(gone) > 0 {
		return &gateway.GoneError{Deliveries: gone}
	}
	return nil
}

func (s *byHand) requeueAll(deliveries []*gateway.Delivery, told []gateway.AuditLine) (gone []string, err error) {
	s.expiring.Lock()
	defer s.expiring.Unlock()
	defer s.lanes.lockAll(deliveries)()
	b := s.newBatch(1 << 10)
	defer func() { b.free() }()
	seen := make(map[string]bool, len(deliveries))
	for _, d := range deliveries {
		if seen[d.ID] {
			continue // it is read where it was before this batch
		}
		seen[d.ID] = true
		done, err := s.requeue(b, d)
		if err != nil {
			return nil, err
		}
		if !done {
			gone = append(gone, d.ID)
		}
		if b.Len() >= requeueBatch && len(told) == 0 { // what is told of is in one commit with its line
			if err := s.commit(b, false); err != nil {
				return nil, err
			}
			b.free()
			b = s.newBatch(1 << 10)
		}
	}
	if len(gone) == 0 {
		b.lines(told)
	}
	return gone, s.commit(b, false)
}

// requeue puts one back; false when it, or an event of it, is not there any more.
func (s *byHand) requeue(b *batch, d *gateway.Delivery) (done bool, err error) {
	if d.State.Ended() {
		return false, fmt.Errorf("requeue %s: %s is no state to wait in", d.ID, d.State)
	}
	u, ok := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	if !ok || !keyable(d.Tenant) {
		return false, nil
	}
	f, err := s.find(s.db, d.Tenant, u)
	if errors.Is(err, gateway.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	from := f.place
	switch {
	case f.dropped: // it has no place in the window any more, unless it came late
		b.due(f.d, f.due)
		b.remove()
	case f.place == kindUnfinished, f.place == kindRetrying:
		removeDue(b, f.d, f.d.NextAttemptAt)
	case f.place == kindDead:
		from, err = 0, s.exhume(b, f.d)
	default:
		if ok, err = s.reopen(b, f); !ok {
			return false, err
		}
	}
	if err != nil {
		return false, err
	}
	next := *f.d
	next.State, next.Base, next.NextAttemptAt, next.EndedAt = d.State, d.Base, d.NextAttemptAt, time.Time{}
	putUnfinished(b, &next, from)
	s.exempt(b, &next, u)
	return true, nil
}

// reopen lets an ended delivery be taken from its place; false when an event of it is gone.
func (s *byHand) reopen(b *batch, f finding) (ok bool, err error) {
	for _, id := range f.d.EventIDs {
		u, _ := gateway.ParseID(gateway.PrefixEvent, id)
		if _, found, err := eventAt(s.db, f.d.Tenant, u); err != nil || !found {
			return false, err
		}
	}
	b.attempt(kindAttempt, f.d, f.last)
	return true, nil
}

// exhume takes a dead letter from its grave. Its events stay there, for others that
// died on that day may have them too; those that expired are copied to where events
// are kept for unfinished deliveries, and its attempts move there.
func (s *byHand) exhume(b *batch, d *gateway.Delivery) error {
	for _, id := range d.EventIDs {
		if err := s.bringBack(b, d, id); err != nil {
			return err
		}
	}
	attempts, err := attemptsOf(s.db, d, nil, mostAttempts, kindDeadAttempt)
	if err != nil {
		return err
	}
	for i := range attempts {
		b.attempt(kindKeptAttempt, d, &attempts[i])
		b.inGrave(kindDeadAttempt, d)
		b.id(kindDeadAttempt, gateway.PrefixDelivery, d.ID)
		b.key = appendAttemptNumber(b.key, attempts[i].Number)
		b.remove()
	}
	b.inGrave(kindDead, d)
	b.id(kindDead, gateway.PrefixDelivery, d.ID)
	b.remove()
	postGrave(b, d, true)
	postDelivery(b, kindByDelivery, d)
	return nil
}

// bringBack copies an event of a dead letter, unless it is where events are.
func (s *byHand) bringBack(b *batch, d *gateway.Delivery, id string) error {
	u, _ := gateway.ParseID(gateway.PrefixEvent, id)
	if _, found, err := eventAt(s.db, d.Tenant, u); err != nil || found {
		return err
	}
	grave := append(appendDay(appendPrefix(nil, kindDeadEvent, d.Tenant), d.EndedAt), u[:]...)
	found, err := s.get(grave, func(value []byte) error {
		b.begin(kindKeptEvent, d.Tenant)
		b.key = append(b.key, u[:]...)
		b.enc.B = append(b.enc.B, value...)
		b.put()
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("dead letter %s: its event %s is not in the store", d.ID, id)
	}
	b.index(kindKeptIndex, d, id)
	b.put()
	return err
}
