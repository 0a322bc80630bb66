package pebblestore

import (
	"github.com/oklog/ulid/v2"

	"hookgate/gateway/store/record"
)

// postLater posts what is in memory, whenever there is enough.
func (s *upkeep) postLater() {
	for {
		select {
		case <-s.later.poked:
		case <-s.done:
			return
		}
		for _, of := range s.later.all() {
			if !of.isEnough() {
				continue
			}
			if err := postBlocks(s.engine, of); err != nil && s.failure.Load() == nil {
				s.opts.Logger.Error("what lists look for could not be written; it will be", "error", err)
			}
		}
	}
}

// repost takes up what a former process had not posted: it is above the floor, which stays
// where it is until all was taken up. So a crash meanwhile only repeats it, and what there
// is no room for in memory is posted on its own. After a repair nobody knows what of the
// blocks is there, and all are made anew.
func (s *folder) repost() error {
	for _, of := range s.later.all() {
		if err := s.readFloor(of); err != nil {
			return err
		}
		for _, place := range of.places {
			if err := s.repostPlace(of, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// readFloor reads up to where all is posted.
func (s *folder) readFloor(of *later) error {
	if s.repaired {
		return s.lowestFloor(of)
	}
	found, err := s.get(floorKey(nil, of.block), func(value []byte) error {
		if len(value) != 1+ulidAt {
			return corrupt(kindMeta)
		}
		of.floor = record.AsULID(value[1:])
		return nil
	})
	if err != nil || found {
		return err
	}
	return s.lowestFloor(of) // a repair lost it, and ended before it came here
}

// lowestFloor says that nothing is posted in blocks.
func (s *folder) lowestFloor(of *later) error {
	b := s.newBatch(1 << 10)
	defer b.free()
	b.removeRange([]byte{of.block}, []byte{of.block + 1})
	putFloor(b, of.block, ulid.ULID{})
	return s.commit(b, true)
}

// repostPlace goes through what lies in a place above the floor.
func (s *folder) repostPlace(of *later, place byte) error {
	from := of.floor
	return s.eachTenant(place, func(t *tenantScan) error {
		for more := t.it.SeekGE(append(appendPrefix(nil, place, t.tenant), from[:]...)); more && t.inside(); more = t.it.Next() {
			rest := t.it.Key()[len(t.prefix):]
			if len(rest) != ulidAt {
				return corrupt(place)
			}
			if err := s.repostOne(of, t.tenant, rest, t.it.Value()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *folder) repostOne(of *later, tenant string, u, value []byte) (err error) {
	b := s.newBatch(1 << 10)
	defer b.free()
	switch of {
	case &s.later.events:
		v, failed := record.DecodeEvent(tenant, u, value)
		if err = failed; err == nil {
			b.noteEvent(&v)
		}
	case &s.later.deliveries:
		d, _, failed := record.DecodeDelivery(tenant, u, value)
		if err = failed; err == nil {
			b.noteDelivery(d, false)
		}
	case &s.later.callbacks:
		c, failed := record.DecodeCallback(tenant, u, value)
		if err = failed; err == nil {
			noteCallback(b, &c)
		}
	case &s.later.calls:
		c, failed := record.DecodeCall(tenant, u, value, true)
		if err = failed; err == nil {
			noteCall(b, c)
		}
	default:
		w, failed := record.DecodeWaitWithoutBody(tenant, u, value)
		if err = failed; err == nil {
			b.noteWait(w)
		}
	}
	if err != nil {
		return err
	}
	s.later.post(of, b)
	return s.commit(b, false)
}
