package pebblestore

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// timelines are what happened in conversations.
type timelines struct{ *engine }

func putTrace(b *batch, t *gateway.Trace) {
	if !keyable(t.Key) {
		b.fail(kindTrace)
	}
	b.begin(kindTrace, t.Tenant)
	b.key = appendTraceKey(b.key, dayOf(t.At), t.Key)
	b.key = append(record.AppendMoment(b.key, t.At), t.ID...)
	b.enc.Trace(t)
	b.put()
}

func appendTraceKey(dst []byte, bucket uint32, key string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, bucket)
	return append(append(dst, key...), 0)
}

// Traces gives the lines of a conversation under all its names that are asked for, the
// newest first.
func (s *timelines) Traces(q store.Timeline) (list []gateway.Trace, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	if !keyable(q.Tenant) {
		return nil, nil
	}
	if list, err = s.kept(q); err != nil {
		return nil, err
	}
	callbacks, err := s.callbackLines(&q)
	if err != nil {
		return nil, err
	}
	list = join(list, callbacks)
	of := q
	if q.Limit > 0 && len(list) >= q.Limit {
		of.Since = list[q.Limit-1].At // events without such a line have others: it goes past no more of them than of these
	}
	events, err := s.eventLines(of)
	if err != nil {
		return nil, err
	}
	list = join(list, events)
	if q.Limit > 0 {
		list = list[:min(len(list), q.Limit)]
	}
	return list, s.tellEnds(q.Tenant, list)
}

// join adds lines to others; the newest are first again.
func join(list, more []gateway.Trace) []gateway.Trace {
	if len(more) == 0 {
		return list
	}
	list = append(list, more...)
	gateway.SortStable(list, newerLine)
	return list
}

// kept gives those that have records.
func (s *timelines) kept(q store.Timeline) (list []gateway.Trace, err error) {
	prefix := appendPrefix(nil, kindTrace, q.Tenant)
	upper := pastPrefix(prefix)
	if q.Before != (store.Line{}) {
		upper = binary.BigEndian.AppendUint32(slices.Clone(prefix), dayOf(q.Before.At)+1)
	}
	it, err := s.iter(prefix, upper)
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	t := &timeline{Timeline: q, it: it, prefix: prefix}
	// From the newest day down, leaping over days on which nothing happened.
	for more := it.Last(); more && t.wants(len(list)); {
		bucket, ok := bucketIn(it.Key(), prefix)
		if !ok {
			return nil, corrupt(kindTrace)
		}
		if bucket < dayOf(q.Since) {
			break
		}
		found, err := t.day(bucket)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
		more = it.SeekLT(binary.BigEndian.AppendUint32(slices.Clone(prefix), bucket))
	}
	return list, nil
}

// timeline reads one.
type timeline struct {
	store.Timeline
	it     *pebble.Iterator
	prefix []byte
}

func (t *timeline) wants(found int) bool { return t.Limit == 0 || found < t.Limit }

// day gives the lines of a day, the newest first.
func (t *timeline) day(bucket uint32) (list []gateway.Trace, err error) {
	for i, name := range t.Names {
		if slices.Contains(t.Names[:i], name) || !keyable(name) {
			continue
		}
		if list, err = t.named(list, bucket, name); err != nil {
			return nil, err
		}
	}
	gateway.SortStable(list, newerLine)
	return list, nil
}

// named appends the newest lines of one name on one day.
func (t *timeline) named(list []gateway.Trace, bucket uint32, name string) ([]gateway.Trace, error) {
	key := appendTraceKey(slices.Clone(t.prefix), bucket, name)
	upper := pastPrefix(key)
	if t.Before != (store.Line{}) && dayOf(t.Before.At) == bucket {
		upper = append(record.AppendMoment(slices.Clone(key), t.Before.At), t.Before.ID...)
	}
	found := 0
	for more := t.it.SeekLT(upper); more && t.wants(found); more = t.it.Prev() {
		rest, is := bytes.CutPrefix(t.it.Key(), key)
		if !is {
			break
		}
		if len(rest) < 8 {
			return nil, corrupt(kindTrace)
		}
		at := record.MomentAt(rest)
		if at.Before(t.Since) {
			break
		}
		line, err := record.DecodeTrace(t.Tenant, name, at, string(rest[8:]), t.it.Value())
		if err != nil {
			return nil, err
		}
		list = append(list, line)
		found++
	}
	return list, nil
}
