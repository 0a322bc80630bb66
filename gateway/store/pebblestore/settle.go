package pebblestore

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// endings move deliveries to where those that ended lie.
type endings struct{ *engine }

// Settle writes down an attempt (nil: none was made) and how the delivery stands
// after it: ended, or due again at d.NextAttemptAt. It is not synced: a crash
// repeats the attempt. Of a delivery that is not unfinished any more (its tenant
// was deleted, it was cancelled) nothing is written. Its place in the window is
// read from its record: it may have been moved since it was taken from there.
func (s *queue) Settle(d *gateway.Delivery, a *gateway.Attempt) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admitSettle(); err != nil {
		return err
	}
	lock := s.lanes.of(laneOf(d))
	lock.RLock()
	defer lock.RUnlock()
	size := 1 << 10
	if a != nil {
		size += a.Said()
	}
	if s.isDropped(d) {
		return nil
	}
	b := s.newBatch(size)
	defer b.free()
	due, place, err := s.dueOf(b, d)
	if err != nil || place == 0 {
		return err
	}
	removeDue(b, d, due)
	if d.State.Ended() {
		err = s.end(b, place, d, a)
	} else {
		putUnfinished(b, d, place)
		b.attempt(kindAttempt, d, a)
	}
	if err != nil {
		return err
	}
	return s.commit(b, false)
}

// admitSettle refuses less than admit: what is settled is small, and what is not
// written down is sent again.
func (s *engine) admitSettle() error {
	if err := s.refuse(); err != nil {
		return err
	}
	return s.space.admitSettle()
}

// dueOf gives the moment at which an unfinished delivery is due, and its place; 0 when
// it is not unfinished. It builds its key in the batch. What is not at hand was mostly written
// not long ago: Get, which ends where it finds, is better here than a lookup.
func (s *queue) dueOf(b *batch, d *gateway.Delivery) (at time.Time, place byte, err error) {
	if one := s.handy.Find(d.Tenant, d.ID); one != nil {
		return one.Delivery.NextAttemptAt, kindUnfinished, nil
	}
	for _, place = range unfinishedPlaces {
		b.begin(place, d.Tenant)
		b.id(place, gateway.PrefixDelivery, d.ID)
		found, err := s.get(b.key, func(value []byte) error {
			at, err = record.PeekDue(value)
			return err
		})
		if found || err != nil {
			return at, place, err
		}
	}
	return at, 0, nil
}

// end moves a delivery from where it waited to where its state belongs. a is its last
// attempt, or nil.
func (s *endings) end(b *batch, from byte, d *gateway.Delivery, a *gateway.Attempt) error {
	removeUnfinished(b, from, d)
	if d.State == gateway.DeliveryDead {
		return s.bury(b, d, a)
	}
	embedded := a
	if !embeddable(a) {
		embedded = nil
		b.attempt(kindAttempt, d, a)
	}
	place := deliveryPlace(d.State)
	b.begin(place, d.Tenant)
	b.id(place, gateway.PrefixDelivery, d.ID)
	b.enc.Delivery(d, embedded)
	b.put()
	return nil
}

// bury puts a dead letter, with a copy of all that belongs to it, in the bucket of
// the day it died: they live as long as it does.
func (s *endings) bury(b *batch, d *gateway.Delivery, last *gateway.Attempt) error {
	attempts, err := attemptsOf(s.db, d, nil, mostAttempts, kindAttempt, kindKeptAttempt)
	if err != nil {
		return err
	}
	events, err := s.eventsOf(d)
	if err != nil {
		return err
	}
	if last != nil {
		attempts = append(attempts, *last)
	}
	b.inGrave(kindDead, d)
	b.id(kindDead, gateway.PrefixDelivery, d.ID)
	b.enc.Delivery(d, nil)
	b.put()
	unpostDelivery(b, d)
	postGrave(b, d, false)
	for i := range events {
		b.inGrave(kindDeadEvent, d)
		b.id(kindDeadEvent, gateway.PrefixEvent, events[i].ID)
		b.enc.Event(&events[i])
		b.put()
	}
	for i := range attempts {
		b.inGrave(kindDeadAttempt, d)
		b.id(kindDeadAttempt, gateway.PrefixDelivery, d.ID)
		b.key = appendAttemptNumber(b.key, attempts[i].Number)
		b.enc.Attempt(&attempts[i])
		b.put()
	}
	return nil
}

func (b *batch) inGrave(kind byte, d *gateway.Delivery) {
	b.begin(kind, d.Tenant)
	b.key = appendDay(b.key, d.EndedAt)
}
