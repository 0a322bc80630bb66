package pebblestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// Delivery gives a delivery with its last attempts, at most 1,000, and their bodies,
// at most 8 MiB; else gateway.ErrNotFound.
func (s *Store) Delivery(tenant, id string) (*gateway.Delivery, []gateway.Attempt, error) {
	return s.ReadDelivery(tenant, id, mostAttempts)
}

// AttemptedAt tells when the n-th attempt of a delivery that has not ended was made; else
// gateway.ErrNotFound.
func (s *Store) AttemptedAt(tenant, id string, n int) (at time.Time, err error) {
	if err := s.using.enter(); err != nil {
		return at, err
	}
	defer s.using.leave()
	u, ok := parseID(gateway.PrefixDelivery, id)
	if !ok || !keyable(tenant) {
		return at, gateway.ErrNotFound
	}
	for _, kind := range [...]byte{kindAttempt, kindKeptAttempt} {
		key := appendAttemptNumber(append(appendPrefix(nil, kind, tenant), u[:]...), n)
		found, err := s.get(key, func(value []byte) error {
			a, err := decodeAttempt(n, value, false)
			at = a.At
			return err
		})
		if found || err != nil {
			return at, err
		}
	}
	return at, gateway.ErrNotFound
}

// ReadDelivery is Delivery with no more of its attempts than so many; the last count.
func (s *Store) ReadDelivery(tenant, id string, most gateway.AttemptBounds) (_ *gateway.Delivery, _ []gateway.Attempt, err error) {
	if err := s.using.enter(); err != nil {
		return nil, nil, err
	}
	defer s.using.leave()
	u, ok := parseID(gateway.PrefixDelivery, id)
	if !ok || !keyable(tenant) {
		return nil, nil, gateway.ErrNotFound
	}
	r := s.snapshot()
	defer closeSnapshot(r, &err)
	f, err := s.find(r, tenant, u)
	if err != nil {
		return nil, nil, err
	}
	attempts, err := f.attempts(r, most)
	return f.d, attempts, err
}

// finding is a delivery with the kind of its place (kindDrop: it is unfinished there,
// and ended by the drop of its lane), and the attempt that its
// record has with it, or nil.
type finding struct {
	d     *gateway.Delivery
	last  *gateway.Attempt
	place byte
}

// find looks for a delivery in all places; else gateway.ErrNotFound.
func (s *Store) find(r pebble.Reader, tenant string, u ulid.ULID) (f finding, err error) {
	for _, f.place = range [...]byte{kindUnfinished, kindDelivery} {
		f.d, f.last, err = deliveryAt(r, append(appendPrefix(nil, f.place, tenant), u[:]...), tenant, u)
		if err == nil && s.cancelDropped(f.d, u) {
			f.place = kindDrop
		}
		if !errors.Is(err, gateway.ErrNotFound) {
			return f, err
		}
	}
	f.place = kindDead
	f.d, err = deadOf(r, tenant, u)
	return f, err
}

// deadOf looks for a dead letter in the buckets since it was made.
func deadOf(r pebble.Reader, tenant string, u ulid.ULID) (d *gateway.Delivery, err error) {
	prefix := appendPrefix(nil, kindDead, tenant)
	it, err := iterOf(r, prefix, pastPrefix(prefix))
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	in := func(bucket uint32) []byte {
		return append(binary.BigEndian.AppendUint32(slices.Clone(prefix), bucket), u[:]...)
	}
	for bucket := dayOf(timeOfULID(u[:])); it.SeekGE(in(bucket)); {
		if bytes.Equal(it.Key(), in(bucket)) {
			d, _, err := decodeDelivery(tenant, u[:], it.Value())
			return d, err
		}
		found, ok := bucketIn(it.Key(), prefix)
		if !ok {
			return nil, corrupt(kindDead)
		}
		bucket = max(found, bucket+1)
	}
	return nil, gateway.ErrNotFound
}

// bucketIn reads the day of a key.
func bucketIn(key, prefix []byte) (uint32, bool) {
	if len(key) < len(prefix)+4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(key[len(prefix):]), true
}

// Deliveries visits the deliveries that are asked for, newest first, each with as
// many of its attempts, until visit wants no more, or q.Limit were visited. next, where
// it is not "", is where to go on (q.Before): q.Rows were looked at.
func (s *Store) Deliveries(
	q store.Query, most gateway.AttemptBounds, visit func(*gateway.Delivery, []gateway.Attempt) (more bool),
) (next string, err error) {
	rows, found := 0, 0
	err = s.visitDeliveries(q.Tenant, q.Before, func(m *merge, f finding) (more bool, err error) {
		more = true
		if q.Delivery(f.d) {
			attempts, err := f.attempts(m.snapshot, most)
			found++
			if more = err == nil && visit(f.d, attempts) && found != q.Limit; !more {
				return false, err
			}
		}
		if rows++; rows == q.Rows {
			next, more = f.d.ID, false
		}
		return more, nil
	})
	return next, err
}

// ReadDeliveries visits a tenant's deliveries, newest first, those with an id below
// before ("" for all) that keep says yes to, each with no more of its attempts than
// so many, until visit wants no more. It holds one at a time.
func (s *Store) ReadDeliveries(
	tenant, before string, most gateway.AttemptBounds, keep func(*gateway.Delivery) bool,
	visit func(*gateway.Delivery, []gateway.Attempt) (more bool),
) error {
	return s.visitDeliveries(tenant, before, func(m *merge, f finding) (bool, error) {
		if !keep(f.d) {
			return true, nil
		}
		attempts, err := f.attempts(m.snapshot, most)
		return err == nil && visit(f.d, attempts), err
	})
}

// visitDeliveries visits a tenant's deliveries, newest first, those with an id below
// before, until visit wants no more.
func (s *Store) visitDeliveries(tenant, before string, visit func(*merge, finding) (more bool, err error)) (err error) {
	if err := s.using.enter(); err != nil {
		return err
	}
	defer s.using.leave()
	if !keyable(tenant) {
		return nil
	}
	below := ulid.ULID(bytes.Repeat([]byte{0xff}, ulidAt)) // above all that a time can have
	if before != "" {
		u, ok := parseID(gateway.PrefixDelivery, before)
		if !ok {
			return nil
		}
		below = u
	}
	m, err := s.mergeDeliveries(tenant, below)
	if err != nil {
		return err
	}
	defer m.close(&err)
	for {
		f, err := m.next(tenant)
		if err != nil || f.d == nil {
			return err
		}
		if u, ok := parseID(gateway.PrefixDelivery, f.d.ID); ok {
			s.cancelDropped(f.d, u)
		}
		if more, err := visit(m, f); err != nil || !more {
			return err
		}
	}
}

// merge reads a tenant's deliveries from all places at once, newest first. It
// reads one snapshot, or a delivery that ends meanwhile would show twice or not.
type merge struct {
	snapshot *pebble.Snapshot
	places   []*pebble.Iterator // each on its newest, or spent
}

func (s *Store) mergeDeliveries(tenant string, below ulid.ULID) (*merge, error) {
	m := &merge{snapshot: s.snapshot()}
	err := m.add(appendPrefix(nil, kindUnfinished, tenant), below)
	if err == nil {
		err = m.add(appendPrefix(nil, kindDelivery, tenant), below)
	}
	if err == nil {
		err = m.addGraves(appendPrefix(nil, kindDead, tenant), below)
	}
	if err != nil {
		m.close(&err)
		return nil, err
	}
	return m, nil
}

// add adds the place of one prefix.
func (m *merge) add(prefix []byte, below ulid.ULID) error {
	it, err := iterOf(m.snapshot, prefix, append(slices.Clone(prefix), below[:]...))
	if err != nil {
		return err
	}
	if it.Last() {
		m.places = append(m.places, it)
		return nil
	}
	return it.Close()
}

// addGraves adds every day on which something died.
func (m *merge) addGraves(prefix []byte, below ulid.ULID) (err error) {
	days, err := iterOf(m.snapshot, prefix, pastPrefix(prefix))
	if err != nil {
		return err
	}
	defer closeIter(days, &err)
	for more := days.First(); more; {
		bucket, ok := bucketIn(days.Key(), prefix)
		if !ok {
			return corrupt(kindDead)
		}
		if err := m.add(binary.BigEndian.AppendUint32(slices.Clone(prefix), bucket), below); err != nil {
			return err
		}
		more = days.SeekGE(binary.BigEndian.AppendUint32(slices.Clone(prefix), bucket+1))
	}
	return nil
}

// next gives the newest that is left; none at the end.
func (m *merge) next(tenant string) (f finding, err error) {
	var newest *pebble.Iterator
	for _, it := range m.places {
		if it.Valid() && (newest == nil || bytes.Compare(tailULID(it.Key()), tailULID(newest.Key())) > 0) {
			newest = it
		}
	}
	if newest == nil {
		return f, nil
	}
	f.place = newest.Key()[0]
	f.d, f.last, err = decodeDelivery(tenant, tailULID(newest.Key()), newest.Value())
	newest.Prev()
	return f, err
}

// tailULID is the ULID that ends a key; every key of a delivery ends so.
func tailULID(key []byte) []byte { return key[max(0, len(key)-ulidAt):] }

func (m *merge) close(err *error) {
	for _, it := range m.places {
		closeIter(it, err)
	}
	closeSnapshot(m.snapshot, err)
}
