package pebblestore

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// newest visits a tenant's records of a kind whose keys end with their id, newest
// first, those with an id below before ("" for all), until visit wants no more. It
// holds one at a time, for a page of large ones would not fit in memory.
func newest[T any](s *Store, kind byte, tenant, idPrefix, before string, decode func(id, value []byte) (T, error), visit func(T) (more bool)) (err error) {
	if err := s.using.enter(); err != nil {
		return err
	}
	defer s.using.leave()
	prefix, bound, ok := boundBelow(kind, tenant, idPrefix, before)
	if !ok {
		return nil
	}
	it, err := s.iter(prefix, bound)
	if err != nil {
		return err
	}
	defer closeIter(it, &err)
	for more := it.Last(); more; more = it.Prev() {
		one, err := decode(it.Key()[len(prefix):], it.Value())
		if err != nil {
			return err
		}
		if !visit(one) {
			break
		}
	}
	return s.overtake()
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
