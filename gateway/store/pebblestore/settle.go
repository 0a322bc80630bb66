package pebblestore

import (
	"encoding/binary"
	"slices"

	"hookgate/gateway"
)

// Settle writes down an attempt (nil: none was made) and how the delivery stands
// after it: ended, or due again at d.NextAttemptAt. was is its place in the window
// before. It is not synced: a crash repeats the attempt. Of a delivery that is not
// unfinished any more, because its tenant was deleted, nothing is written.
func (s *Store) Settle(d *gateway.Delivery, was gateway.Due, a *gateway.Attempt) error {
	if err := s.using.enter(); err != nil {
		return err
	}
	defer s.using.leave()
	if err := s.refuse(); err != nil {
		return err
	}
	if err := s.space.admitSettle(); err != nil {
		return err
	}
	unfinished, err := s.isUnfinished(d)
	if err != nil || !unfinished {
		return err
	}
	size := 1 << 10
	if a != nil {
		size += len(a.ResponseBody)
	}
	b := s.newBatch(size)
	defer b.free()
	b.due(d, was)
	b.remove()
	if !d.State.Ended() {
		putUnfinished(b, d)
		b.attempt(d, a)
		return s.commit(b, false)
	}
	b.begin(kindUnfinished, d.Tenant)
	b.id(kindUnfinished, gateway.PrefixDelivery, d.ID)
	b.remove()
	if d.State == gateway.DeliveryDead {
		if err := s.bury(b, d, a); err != nil {
			return err
		}
		return s.commit(b, false)
	}
	b.begin(kindDelivery, d.Tenant)
	b.id(kindDelivery, gateway.PrefixDelivery, d.ID)
	b.enc.delivery(d)
	b.put()
	b.attempt(d, a)
	return s.commit(b, false)
}

func (s *Store) isUnfinished(d *gateway.Delivery) (bool, error) {
	u, ok := parseID(gateway.PrefixDelivery, d.ID)
	if !ok {
		return false, nil
	}
	l, err := s.begin(kindUnfinished, d.Tenant)
	if err != nil {
		return false, err
	}
	l.key = append(l.key, u[:]...)
	_, found := l.find()
	l.end(&err)
	return found, err
}

// attempt puts an attempt beside the delivery.
func (b *batch) attempt(d *gateway.Delivery, a *gateway.Attempt) {
	if a == nil {
		return
	}
	b.begin(kindAttempt, d.Tenant)
	b.id(kindAttempt, gateway.PrefixDelivery, d.ID)
	b.key = appendAttemptNumber(b.key, a.Number)
	b.enc.attempt(a)
	b.put()
}

func appendAttemptNumber(dst []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(n))
}

// bury puts a dead letter, with a copy of all that belongs to it, in the bucket of
// the day it died: they live as long as it does.
func (s *Store) bury(b *batch, d *gateway.Delivery, last *gateway.Attempt) error {
	attempts, err := s.attemptsOf(d, kindAttempt, kindKeptAttempt)
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
	b.enc.delivery(d)
	b.put()
	for i := range events {
		b.inGrave(kindDeadEvent, d)
		b.id(kindDeadEvent, gateway.PrefixEvent, events[i].ID)
		b.enc.event(&events[i])
		b.put()
	}
	for i := range attempts {
		b.inGrave(kindDeadAttempt, d)
		b.id(kindDeadAttempt, gateway.PrefixDelivery, d.ID)
		b.key = appendAttemptNumber(b.key, attempts[i].Number)
		b.enc.attempt(&attempts[i])
		b.put()
	}
	return nil
}

func (b *batch) inGrave(kind byte, d *gateway.Delivery) {
	b.begin(kind, d.Tenant)
	b.key = appendDay(b.key, d.EndedAt)
}

// attemptsOf gives the attempts of a delivery, in order, from wherever they are.
func (s *Store) attemptsOf(d *gateway.Delivery, kinds ...byte) (list []gateway.Attempt, err error) {
	for _, kind := range kinds {
		prefix := appendPrefix(nil, kind, d.Tenant)
		if kind == kindDeadAttempt {
			prefix = appendDay(prefix, d.EndedAt)
		}
		u, ok := parseID(gateway.PrefixDelivery, d.ID)
		if !ok {
			return nil, gateway.ErrNotFound
		}
		prefix = append(prefix, u[:]...)
		if list, err = s.appendAttempts(list, prefix); err != nil {
			return nil, err
		}
	}
	// One that the janitor just moved may have been seen in both places.
	slices.SortStableFunc(list, func(a, b gateway.Attempt) int { return a.Number - b.Number })
	return slices.CompactFunc(list, func(a, b gateway.Attempt) bool { return a.Number == b.Number }), nil
}

func (s *Store) appendAttempts(list []gateway.Attempt, prefix []byte) (_ []gateway.Attempt, err error) {
	it, err := s.iter(prefix, appendAttemptNumber(slices.Clone(prefix), -1))
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	for more := it.First(); more; more = it.Next() {
		number := it.Key()[len(prefix):]
		if len(number) != 4 {
			return nil, corrupt(kindAttempt)
		}
		a, err := decodeAttempt(int(binary.BigEndian.Uint32(number)), it.Value())
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}
