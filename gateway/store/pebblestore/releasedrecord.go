package pebblestore

import (
	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

func (r *released) put(b *batch) {
	b.key = append(append(b.key[:0], kindMeta), metaReleased...)
	b.enc.B = append(b.enc.B[:0], recordReleased)
	b.enc.Number(uint64(len(r.shares)))
	for _, share := range r.shares {
		for _, word := range share.slots {
			b.enc.Number(word)
		}
		share.encode(&b.enc)
	}
	b.put()
}

func (r *releasedShare) encode(e *record.Encoder) {
	e.Time(r.at)
	e.Number(uint64(len(r.points)))
	for _, p := range r.points {
		e.Time(p.at)
		e.Time(p.said)
	}
}

func (s *waits) loadReleased() error {
	_, err := s.get(append([]byte{kindMeta}, metaReleased...), func(value []byte) error {
		d := record.OpenRecord(value)
		if version := d.Byte(); version == recordReleased {
			for n := d.Number(); n > 0 && !d.Bad(); n-- {
				var slots gateway.SlotSet
				for i := range slots {
					slots[i] = d.Number()
				}
				s.released.shares = append(s.released.shares, decodeReleased(d, slots))
			}
		} else if version == record.First {
			s.released.shares = []*releasedShare{decodeReleased(d, gateway.AllSlots())}
		} else {
			d.Fail()
		}
		return d.Done(kindWords[kindMeta])
	})
	return err
}

func decodeReleased(d *record.Decoder, slots gateway.SlotSet) *releasedShare {
	share := &releasedShare{slots: slots, at: d.Time()}
	share.saved = share.at
	for n := d.Number(); n > 0 && !d.Bad(); n-- {
		share.points = append(share.points, point{d.Time(), d.Time()})
	}
	return share
}
