package pebblestore

import (
	"sync/atomic"

	"hookgate/gateway/store/record"
)

// turns number what is written, to tell which of two records came later whatever
// the clock did: the upper bits count the openings of the store, the lower ones
// what was written since.
type turns struct{ last atomic.Uint64 }

const (
	metaOpenings = "openings"
	turnBits     = 40
)

func (t *turns) next() uint64 { return t.last.Add(1) }

// countOpening makes the turns of this opening higher than those of all before.
func (s *upkeep) countOpening() error {
	openings := uint64(0)
	key := append([]byte{kindMeta}, metaOpenings...)
	_, err := s.get(key, func(value []byte) error {
		d := record.NewDecoder(value)
		openings = d.Number()
		return d.Done(kindWords[kindMeta])
	})
	if err != nil {
		return err
	}
	openings++
	s.turns.last.Store(openings << turnBits)
	b := s.newBatch(64)
	defer b.free()
	b.key = append(b.key[:0], key...)
	b.enc.B = b.enc.B[:0]
	b.enc.Version()
	b.enc.Number(openings)
	b.put()
	return s.commit(b, true)
}
