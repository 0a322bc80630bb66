package pebblestore

import (
	"encoding/binary"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// Marks, ends and names are looked up for every callback, and nearly always in
// vain. Each is one key in the bucket of its time, so a lookup asks for the few buckets
// in which it may be: first a sieve (sieve.go), then Pebble, whose Bloom filters answer
// for those on disk.

// marks are what a callback or publish is looked up in: marks, ends, names, own keys,
// and parked callbacks.
type marks struct{ *engine }

func putMark(b *batch, m *gateway.Mark, turn uint64) {
	b.begin(kindMark, m.Tenant)
	b.key = appendDay(b.key, m.Expires)
	b.key = append(b.key, m.Key[:]...)
	b.sieves.marks.add(dayOf(m.Expires), b.sieves.sum(b.key))
	b.enc.Mark(m, turn)
	b.put()
}

// Mark gives a mark that has not expired. Marks made for longer than window from
// now need not be found. One that was put in place of another may lie in another
// bucket: the later counts.
func (s *marks) Mark(tenant string, key gateway.MarkKey, window time.Duration) (m gateway.Mark, found bool, err error) {
	if err := s.using.Enter(); err != nil {
		return m, false, err
	}
	defer s.using.Leave()
	l := s.begin(kindMark, tenant)
	defer l.end(&err)
	now := s.opts.Now()
	at := len(l.key)
	l.key = append(append(l.key, 0, 0, 0, 0), key[:]...)
	var latest uint64
	for bucket, last := dayOf(now), dayOf(now.Add(window)); bucket <= last; bucket++ {
		if !l.in(bucket, at, &s.sieves.marks) {
			continue
		}
		value, there := l.find()
		if !there {
			continue
		}
		other, turn, err := record.DecodeMark(tenant, key, value)
		if err != nil {
			return m, false, err
		}
		if turn > latest {
			m, latest = other, turn
		}
	}
	if !m.Expires.After(now) {
		return gateway.Mark{}, false, nil
	}
	return m, true, nil
}

// Ended tells of the last wait that ended under this very key, less than
// gateway.OutcomeKept ago.
func (s *marks) Ended(tenant, source, key string) (e gateway.Ended, found bool, err error) {
	if err := s.using.Enter(); err != nil {
		return e, false, err
	}
	defer s.using.Leave()
	l := s.begin(kindEnded, tenant)
	defer l.end(&err)
	now := s.opts.Now()
	at := len(l.key)
	l.key = append(append(l.key, 0, 0, 0, 0), source...)
	l.key = append(append(l.key, 0), key...)
	first := int(dayOf(now.Add(-gateway.OutcomeKept)))
	// A clock that was set back leaves ends that lie ahead.
	for bucket := int(dayOf(now.Add(time.Hour))); bucket >= first; bucket-- {
		binary.BigEndian.PutUint32(l.key[at:], uint32(bucket))
		value, there := l.find()
		if !there {
			continue
		}
		e, err = record.DecodeEnded(value)
		if err != nil {
			return e, false, err
		}
		if now.Sub(e.EndedAt) < gateway.OutcomeKept {
			return e, true, nil
		}
		return gateway.Ended{}, false, nil
	}
	return e, false, nil
}

// ahead is how far a clock that was set back may leave names and own keys before
// it: they are found there too.
const ahead = 48 * time.Hour

// putNames puts the names under each of them.
func putNames(b *batch, n *gateway.Names) {
	for _, name := range n.All {
		b.begin(kindNames, n.Tenant)
		b.key = binary.BigEndian.AppendUint32(b.key, periodOf(n.Used))
		b.key = append(b.key, name...)
		b.sieves.names.add(periodOf(n.Used), b.sieves.sum(b.key))
		b.enc.Names(n)
		b.put()
	}
}

// Names gives the names of the conversation that has this one; none when it was
// never named otherwise, or not within gateway.AliasKept.
func (s *marks) Names(tenant, name string) (n gateway.Names, found bool, err error) {
	if err := s.using.Enter(); err != nil {
		return n, false, err
	}
	defer s.using.Leave()
	l := s.begin(kindNames, tenant)
	defer l.end(&err)
	now := s.opts.Now()
	at := len(l.key)
	l.key = append(append(l.key, 0, 0, 0, 0), name...)
	first := int(periodOf(now.Add(-gateway.AliasKept)))
	for bucket := int(periodOf(now.Add(ahead))); bucket >= first; bucket-- {
		if !l.in(uint32(bucket), at, &s.sieves.names) {
			continue
		}
		value, there := l.find()
		if !there {
			continue
		}
		n, err = record.DecodeNames(tenant, value)
		if err != nil {
			return n, false, err
		}
		if now.Sub(n.Used) < gateway.AliasKept {
			return n, true, nil
		}
		return gateway.Names{}, false, nil
	}
	return n, false, nil
}
