package pebblestore

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"hookgate/gateway"
)

func putTrace(b *batch, t *gateway.Trace) {
	if !keyable(t.Key) {
		b.fail(kindTrace)
	}
	b.begin(kindTrace, t.Tenant)
	b.key = appendTraceKey(b.key, dayOf(t.At), t.Key)
	b.key = append(appendMoment(b.key, t.At), t.ID...)
	b.enc.trace(t)
	b.put()
}

func appendTraceKey(dst []byte, bucket uint32, key string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, bucket)
	return append(append(dst, key...), 0)
}

// Traces gives the timeline of a conversation under all its names, oldest first:
// the newest most of those at or after since.
func (s *Store) Traces(tenant string, names []string, since time.Time, most int) (list []gateway.Trace, err error) {
	if err := s.using.enter(); err != nil {
		return nil, err
	}
	defer s.using.leave()
	if !keyable(tenant) || most <= 0 {
		return nil, nil
	}
	prefix := appendPrefix(nil, kindTrace, tenant)
	it, err := s.iter(prefix, pastPrefix(prefix))
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	// From the newest day down, leaping over days on which nothing happened.
	for more := it.Last(); more && len(list) < most; {
		rest := it.Key()[len(prefix):]
		if len(rest) < 4 {
			return nil, corrupt(kindTrace)
		}
		bucket := binary.BigEndian.Uint32(rest)
		if bucket < dayOf(since) {
			break
		}
		for i, name := range names {
			if slices.Contains(names[:i], name) {
				continue
			}
			found, err := tracesOfDay(it, tenant, prefix, bucket, name, since, most)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
		}
		more = it.SeekLT(binary.BigEndian.AppendUint32(slices.Clone(prefix), bucket))
	}
	slices.SortStableFunc(list, func(a, b gateway.Trace) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list[max(0, len(list)-most):], nil
}

// tracesOfDay gives the newest traces of one name on one day.
func tracesOfDay(it *pebble.Iterator, tenant string, prefix []byte, bucket uint32, name string, since time.Time, most int) (list []gateway.Trace, err error) {
	key := appendTraceKey(slices.Clone(prefix), bucket, name)
	for more := it.SeekLT(pastPrefix(key)); more && len(list) < most; more = it.Prev() {
		rest, found := bytes.CutPrefix(it.Key(), key)
		if !found {
			break
		}
		if len(rest) < 8 {
			return nil, corrupt(kindTrace)
		}
		at := momentAt(rest)
		if at.Before(since) {
			break
		}
		t, err := decodeTrace(tenant, name, at, string(rest[8:]), it.Value())
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}
