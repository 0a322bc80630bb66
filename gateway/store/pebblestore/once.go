package pebblestore

import (
	"bytes"
	"encoding/binary"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway/store/record"
)

// The queue's keys come and go with each delivery: that it is pending, and its place in the
// window. A tombstone for each would outlive it until a compaction reaches the last level,
// and lie in the way of who looks for what is left. So they are taken away by SINGLEDEL,
// which ends together with what it takes away, mostly in the first flush.
//
// That asks for a key that was put once since it was last taken away, else what was put
// before comes back. Whoever puts a delivery where it is already takes it away first, by a
// tombstone: the next SINGLEDEL then becomes one, too. What older versions left may have
// been put more than once, and so may what a repair found again. Such deliveries are taken
// away by tombstones as ever: they are those below a mark, which is the first that was
// not in the queue when the folder first came to this version.

const metaOnce = "once"

// removeOnce takes away what was put once.
func (b *batch) removeOnce() {
	if bytes.Compare(tailULID(b.key), b.once[:]) < 0 {
		b.remove()
		return
	}
	if err := b.SingleDelete(b.key, nil); err != nil && b.err == nil {
		b.err = err
	}
}

// putOnce finds the mark, or sets it.
func (s *folder) putOnce() error {
	key := append([]byte{kindMeta}, metaOnce...)
	found, err := s.get(key, func(value []byte) error {
		d := record.NewDecoder(value)
		s.once = d.ULID()
		return d.Done(kindWords[kindMeta])
	})
	if err != nil || found && !s.repaired {
		return err
	}
	once, err := s.aboveQueue()
	if err != nil {
		return err
	}
	s.once = lastULID // of the mark itself
	b := s.newBatch(64)
	defer b.free()
	b.key = append(b.key[:0], key...)
	b.enc.B = b.enc.B[:0]
	b.enc.Version()
	b.enc.B = append(b.enc.B, once[:]...)
	b.put()
	if err := s.commit(b, false); err != nil { // should it be lost, it is set again, higher
		return err
	}
	s.once = once
	return nil
}

// aboveQueue gives the first ULID above all that is in the queue.
func (s *folder) aboveQueue() (above ulid.ULID, err error) {
	for _, place := range unfinishedPlaces {
		err := s.eachTenant(place, func(t *tenantScan) error {
			if !t.it.SeekLT(pastPrefix(t.prefix)) || !t.inside() {
				return corrupt(place)
			}
			if u := next(record.AsULID(tailULID(t.it.Key()))); u.Compare(above) > 0 {
				above = u
			}
			return nil
		})
		if err != nil {
			return above, err
		}
	}
	return above, nil
}

// next gives the ULID after one.
func next(u ulid.ULID) ulid.ULID {
	low := binary.BigEndian.Uint64(u[8:]) + 1
	binary.BigEndian.PutUint64(u[8:], low)
	if low == 0 {
		binary.BigEndian.PutUint64(u[:], binary.BigEndian.Uint64(u[:])+1)
	}
	return u
}
