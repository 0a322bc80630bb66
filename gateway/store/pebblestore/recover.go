package pebblestore

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// maxParking is the longest that a callback is parked (SPEC 5), and some.
const maxParking = 10 * time.Minute

// Recover gives every open wait of the slots' tenants, and every parked callback that has
// not expired without its body and document, in no set order. What it gave counts only when
// it ends without an error: a store that failed cannot tell what of it is durable.
func (s *waits) Recover(slots gateway.SlotSet, wait func(*gateway.Wait) error, parked func(*gateway.Parked) error) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.refuse(); err != nil {
		return err
	}
	if err := s.recoverWaits(slots, wait); err != nil {
		return err
	}
	if err := s.recoverParked(slots, parked); err != nil {
		return err
	}
	return s.firm()
}

// recoverWaits gives the open waits.
func (s *waits) recoverWaits(slots gateway.SlotSet, wait func(*gateway.Wait) error) error {
	return s.fromULID(kindWait, slots, s.released.before, func(tenant string, id, value []byte) error {
		open, err := record.PeekWait(value)
		if err != nil || !open {
			return err
		}
		w, err := record.DecodeWait(tenant, id, value)
		if err != nil {
			return err
		}
		return wait(w)
	})
}

// recoverParked gives the parked callbacks.
func (s *waits) recoverParked(slots gateway.SlotSet, parked func(*gateway.Parked) error) error {
	now := s.opts.Now()
	parkedSince := now.Add(-maxParking)
	return s.fromULID(kindParked, slots, func(gateway.Slot) time.Time { return parkedSince }, func(tenant string, id, value []byte) error {
		p, err := record.DecodeParked(tenant, id, value, true)
		if err != nil || !p.Expires.After(now) {
			return err
		}
		return parked(p)
	})
}

// fromULID visits the records of a kind, of every tenant of the slots, whose ULIDs are
// not older than from says. It leaps over all older ones.
func (s *waits) fromULID(kind byte, slots gateway.SlotSet, from func(gateway.Slot) time.Time, visit func(tenant string, id, value []byte) error) error {
	return s.eachTenant(kind, func(t *tenantScan) error {
		slot := gateway.SlotOf(t.tenant)
		if !slots.Has(slot) {
			return nil
		}
		floor := floorULID(from(slot))
		for more := t.it.SeekGE(append(t.prefix[:len(t.prefix):len(t.prefix)], floor[:]...)); more && t.inside(); more = t.it.Next() {
			id := t.it.Key()[len(t.prefix):]
			if len(id) != ulidAt {
				return corrupt(kind)
			}
			if err := visit(t.tenant, id, t.it.Value()); err != nil {
				return err
			}
		}
		return nil
	})
}
