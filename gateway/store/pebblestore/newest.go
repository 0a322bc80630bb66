package pebblestore

import (
	"time"

	"hookgate/gateway/store/record"
)

// The store writes down every few seconds what its clock shows, while it is written to
// at all: a machine whose clock was set back must not, after a restart, live through
// the same hours again (SPEC 16).

// upkeep is what the store does for itself all the time: it looks at its disk and clock,
// and makes durable what lags behind.
type upkeep struct{ *engine }

const (
	metaNewest  = "newest"
	newestEvery = 5 * time.Second
)

func newestKey() []byte { return append([]byte{kindMeta}, metaNewest...) }

// tellNewest tells Options.Newest what a former process wrote down last.
func (s *upkeep) tellNewest() error {
	_, err := s.get(newestKey(), func(value []byte) error {
		d := record.NewDecoder(value)
		at := d.Time()
		if err := d.Done(kindWords[kindMeta]); err != nil {
			return err
		}
		if s.opts.Newest != nil {
			s.opts.Newest(at)
		}
		return nil
	})
	return err
}

// keepNewest writes it down, unless nothing was committed since it last did.
func (s *upkeep) keepNewest() {
	if !s.written.Swap(false) || s.failure.Load() != nil {
		return
	}
	b := s.newBatch(64)
	defer b.free()
	b.key = append(b.key[:0], newestKey()...)
	b.enc.B = b.enc.B[:0]
	b.enc.Version()
	b.enc.Time(s.opts.Now())
	b.put()
	_ = s.commit(b, false) // a start that knows less is only a little less sure
	s.written.Store(false)
}
