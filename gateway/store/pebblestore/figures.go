package pebblestore

import (
	"bytes"
	"encoding/binary"
	"time"

	"hookgate/gateway/store"
)

// figures are what was counted, by the minute and by the hour. Those of an hour, or a day,
// stand together, and in it those of one series: a series is read with one seek for each,
// and what is too old is one range.
type figures struct{ *engine }

// grain is how far the figures of a kind are apart, and how many stand together.
type grain struct {
	kind           byte
	step, together time.Duration
}

var (
	minutes = grain{kindMinute, time.Minute, time.Hour}
	hours   = grain{kindHour, time.Hour, day}
)

func grainOf(hour bool) grain {
	if hour {
		return hours
	}
	return minutes
}

// PutFigures keeps figures, each in place of those that it had; all of them or none.
func (s *figures) PutFigures(all []store.Figures) error {
	return s.settled(true, func(b *batch) {
		for i := range all {
			f := &all[i]
			g := grainOf(f.Hour)
			if !keyable(f.Series) {
				b.fail(g.kind)
			}
			b.begin(g.kind, f.Tenant)
			b.key = g.appendSeries(b.key, f.At, f.Series)
			b.key = binary.BigEndian.AppendUint32(b.key, bucketOf(f.At, g.step))
			b.enc.B = append(b.enc.B, f.Data...)
			b.put()
		}
	})
}

// appendSeries appends what the keys of a series have before the moment.
func (g grain) appendSeries(dst []byte, at time.Time, series string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, bucketOf(at, g.together))
	return append(append(dst, series...), 0)
}

// Figures shows the figures that are asked for, in the order of time. The data is valid
// until visit returns.
func (s *figures) Figures(of store.FiguresOf, visit func(at time.Time, data []byte)) (err error) {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if of.Tenant == "" || !keyable(of.Tenant, of.Series) {
		return nil
	}
	g := grainOf(of.Hour)
	prefix := appendPrefix(nil, g.kind, of.Tenant)
	it, err := s.iter(prefix, pastPrefix(prefix))
	if err != nil {
		return err
	}
	defer closeIter(it, &err)
	first, end := bucketOf(of.Since, g.step), bucketOf(of.Until.Add(g.step-1), g.step)
	for at := of.Since.Truncate(g.together); at.Before(of.Until); at = at.Add(g.together) {
		series := g.appendSeries(prefix[:len(prefix):len(prefix)], at, of.Series)
		from := binary.BigEndian.AppendUint32(series[:len(series):len(series)], max(first, bucketOf(at, g.step)))
		for more := it.SeekGE(from); more && bytes.HasPrefix(it.Key(), series); more = it.Next() {
			rest := it.Key()[len(series):]
			if len(rest) != 4 {
				return corrupt(g.kind)
			}
			n := binary.BigEndian.Uint32(rest)
			if n >= end {
				return nil
			}
			visit(time.Unix(int64(n)*int64(g.step/time.Second), 0).UTC(), it.Value())
		}
	}
	return nil
}
