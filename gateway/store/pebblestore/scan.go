package pebblestore

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// newest lists a tenant's records of a kind whose keys end with their id, newest
// first, those with an id below before ("" for all), at most so many of those that
// keep says yes to.
func newest[T any](s *Store, kind byte, tenant, idPrefix, before string, most int, decode func(id, value []byte) (T, error), keep func(T) bool) (list []T, err error) {
	if err := s.using.enter(); err != nil {
		return nil, err
	}
	defer s.using.leave()
	prefix, bound, ok := boundBelow(kind, tenant, idPrefix, before)
	if !ok {
		return nil, nil
	}
	it, err := s.iter(prefix, bound)
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	for more := it.Last(); more && len(list) < most; more = it.Prev() {
		one, err := decode(it.Key()[len(prefix):], it.Value())
		if err != nil {
			return nil, err
		}
		if keep(one) {
			list = append(list, one)
		}
	}
	return list, s.overtake()
}

// boundBelow gives the range of a tenant's records of a kind with an id below
// before. It is false when nothing can be in it.
func boundBelow(kind byte, tenant, idPrefix, before string) (prefix, bound []byte, ok bool) {
	if !keyable(tenant) {
		return nil, nil, false
	}
	prefix = appendPrefix(nil, kind, tenant)
	if before == "" {
		return prefix, pastPrefix(prefix), true
	}
	u, ok := parseID(idPrefix, before)
	return prefix, append(append([]byte(nil), prefix...), u[:]...), ok
}

// iter opens an iterator over [from, to).
func (s *Store) iter(from, to []byte) (*pebble.Iterator, error) { return iterOf(s.db, from, to) }

// iterOf is iter over the store or a snapshot of it.
func iterOf(r pebble.Reader, from, to []byte) (*pebble.Iterator, error) {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	return it, nil
}

// closeIter ends a scan, and tells what cut it short.
func closeIter(it *pebble.Iterator, err *error) {
	if failed := it.Close(); failed != nil && *err == nil {
		*err = fmt.Errorf("reading the store: %w", failed)
	}
}
