package pebblestore

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"hookgate/gateway"
)

func (s *Store) putWait(b *batch, w *gateway.Wait) {
	if w.State == gateway.StateWaiting {
		s.keepOpen(b, w.ID)
	} else {
		putEnded(b, w)
	}
	b.begin(kindWait, w.Tenant)
	b.id(kindWait, gateway.PrefixWait, w.ID)
	b.enc.wait(w)
	b.put()
}

func putEnded(b *batch, w *gateway.Wait) {
	if !keyable(w.Source, w.ConversationKey) {
		b.fail(kindEnded)
	}
	b.begin(kindEnded, w.Tenant)
	b.key = appendDay(b.key, w.EndedAt)
	b.key = append(append(append(b.key, w.Source...), 0), w.ConversationKey...)
	b.enc.ended(w)
	b.put()
}

// Wait gives a wait that is open or ended less than gateway.OutcomeKept ago; else
// gateway.ErrNotFound.
func (s *Store) Wait(tenant, id string) (*gateway.Wait, error) {
	if err := s.using.enter(); err != nil {
		return nil, err
	}
	defer s.using.leave()
	u, ok := parseID(gateway.PrefixWait, id)
	if !ok {
		return nil, gateway.ErrNotFound
	}
	var w *gateway.Wait
	found, err := s.get(append(appendPrefix(nil, kindWait, tenant), u[:]...), func(value []byte) (err error) {
		w, err = decodeWait(tenant, u[:], value)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found || s.forgotten(w) {
		return nil, gateway.ErrNotFound
	}
	return w, nil
}

// forgotten says whether a wait ended too long ago to be shown.
func (s *Store) forgotten(w *gateway.Wait) bool {
	return w.State != gateway.StateWaiting && s.opts.Now().Sub(w.EndedAt) >= gateway.OutcomeKept
}

// Waits lists a tenant's waits, newest first, those with an id below before (""
// for all), at most so many of those that keep says yes to.
func (s *Store) Waits(tenant, before string, most int, keep func(*gateway.Wait) bool) (list []*gateway.Wait, err error) {
	if err := s.using.enter(); err != nil {
		return nil, err
	}
	defer s.using.leave()
	prefix, bound, ok := boundBelow(kindWait, tenant, gateway.PrefixWait, before)
	if !ok {
		return nil, nil
	}
	it, err := s.iter(prefix, bound)
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	for more := it.Last(); more && len(list) < most; more = it.Prev() {
		w, err := decodeWait(tenant, it.Key()[len(prefix):], it.Value())
		if err != nil {
			return nil, err
		}
		if !s.forgotten(w) && keep(w) {
			list = append(list, w)
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
func (s *Store) iter(from, to []byte) (*pebble.Iterator, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
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
