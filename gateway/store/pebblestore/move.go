package pebblestore

import (
	"fmt"
	"slices"
	"time"

	"hookgate/gateway"
)

// Merge lets an unfinished delivery carry the events of others of its lane, in the
// order of into.EventIDs; the others are no more, and their events show into in
// their place. It is durable: into is sent under its own id, which must hold the
// same events after a crash. When one of them is not unfinished any more:
// gateway.ErrNotFound, and nothing is written.
func (s *byHand) Merge(into *gateway.Delivery, gone []gateway.Due) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admitSettle(); err != nil {
		return err
	}
	lock := s.lanes.of(laneOf(into))
	lock.Lock()
	defer lock.Unlock()
	was, from, err := s.unfinished(into.Tenant, into.ID)
	if err != nil {
		return err
	}
	b := s.newBatch(1<<10 + 512*len(gone))
	defer b.free()
	carried := slices.Clone(was.EventIDs)
	for _, due := range gone {
		d, place, err := s.unfinished(into.Tenant, due.ID)
		if err != nil {
			return err
		}
		if d.ID == into.ID || d.Endpoint != into.Endpoint {
			return fmt.Errorf("merge %s into %s: not another of its lane", d.ID, into.ID)
		}
		if err := s.handOver(b, place, d, into); err != nil {
			return err
		}
		carried = append(carried, d.EventIDs...)
	}
	if !sameSet(carried, into.EventIDs) {
		return fmt.Errorf("merge into %s: it does not carry the very events of all", into.ID)
	}
	removeDue(b, into, was.NextAttemptAt)
	putUnfinished(b, into, from)
	unpostDelivery(b, was) // a batch may be of another type or conversation
	postDelivery(b, kindByDelivery, into)
	return s.commit(b, true)
}

func sameSet(a, b []string) bool {
	b = slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// handOver removes a delivery, and lets its events show another. Its attempts
// expire with those of their time.
func (s *byHand) handOver(b *batch, from byte, d, to *gateway.Delivery) error {
	removeDue(b, d, d.NextAttemptAt)
	removeUnfinished(b, from, d)
	unpostDelivery(b, d)
	for _, event := range d.EventIDs {
		if isBeside(d.ID, event) { // the event finds it, and has no entry that could be changed
			b.index(kindIndex, to, event)
			b.put()
		}
		for _, kind := range [...]byte{kindIndex, kindKeptIndex} {
			b.index(kind, d, event)
			there, err := s.get(b.key, func([]byte) error { return nil })
			if err != nil {
				return err
			}
			if there {
				b.remove()
				b.index(kind, to, event)
				b.put()
			}
		}
	}
	return nil
}

// Cancel ends an unfinished delivery as d says, durably; gateway.ErrNotFound when
// it has ended meanwhile. Its events and attempts are those that the store knows.
func (s *byHand) Cancel(d *gateway.Delivery, told ...gateway.AuditLine) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admitSettle(); err != nil {
		return err
	}
	if !d.State.Ended() {
		return fmt.Errorf("cancel %s: %s is no state to end in", d.ID, d.State)
	}
	if err := s.cancel(d, told); err != nil {
		return err
	}
	return s.sync()
}

func (s *byHand) cancel(d *gateway.Delivery, told []gateway.AuditLine) error {
	lock := s.lanes.of(laneOf(d))
	lock.Lock()
	defer lock.Unlock()
	stored, place, err := s.unfinished(d.Tenant, d.ID)
	if err != nil {
		return err
	}
	b := s.newBatch(1 << 10)
	defer b.free()
	b.lines(told)
	removeDue(b, stored, stored.NextAttemptAt)
	stored.State, stored.NextAttemptAt, stored.EndedAt = d.State, time.Time{}, d.EndedAt
	if err := s.end(b, place, stored, nil); err != nil {
		return err
	}
	return s.commit(b, false)
}

// sync makes durable all that was committed before.
func (s *engine) sync() error {
	b := s.newBatch(64)
	defer b.free()
	if err := b.LogData(nil, nil); err != nil {
		return fmt.Errorf("syncing the store: %w", err)
	}
	return s.commit(b, true)
}
