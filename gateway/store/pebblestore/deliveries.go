package pebblestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

// Delivery gives a delivery with its attempts; else gateway.ErrNotFound.
func (s *Store) Delivery(tenant, id string) (_ *gateway.Delivery, _ []gateway.Attempt, err error) {
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
	if f.place == kindDead {
		attempts, err := attemptsOf(r, f.d, kindDeadAttempt)
		return f.d, attempts, err
	}
	attempts, err := attemptsOf(r, f.d, kindAttempt, kindKeptAttempt)
	if f.last != nil {
		attempts = inOrder(append(attempts, *f.last))
	}
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

// Deliveries lists a tenant's deliveries, newest first, those with an id below
// before ("" for all), at most so many of those that keep says yes to.
func (s *Store) Deliveries(tenant, before string, most int, keep func(*gateway.Delivery) bool) (list []*gateway.Delivery, err error) {
	if err := s.using.enter(); err != nil {
		return nil, err
	}
	defer s.using.leave()
	if !keyable(tenant) {
		return nil, nil
	}
	below := ulid.ULID(bytes.Repeat([]byte{0xff}, ulidAt)) // above all that a time can have
	if before != "" {
		u, ok := parseID(gateway.PrefixDelivery, before)
		if !ok {
			return nil, nil
		}
		below = u
	}
	m, err := s.mergeDeliveries(tenant, below)
	if err != nil {
		return nil, err
	}
	defer m.close(&err)
	for len(list) < most {
		d, err := m.next(tenant)
		if err != nil || d == nil {
			return list, err
		}
		if u, ok := parseID(gateway.PrefixDelivery, d.ID); ok {
			s.cancelDropped(d, u)
		}
		if keep(d) {
			list = append(list, d)
		}
	}
	return list, nil
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

// next gives the newest that is left; nil at the end.
func (m *merge) next(tenant string) (*gateway.Delivery, error) {
	var newest *pebble.Iterator
	for _, it := range m.places {
		if it.Valid() && (newest == nil || bytes.Compare(tailULID(it.Key()), tailULID(newest.Key())) > 0) {
			newest = it
		}
	}
	if newest == nil {
		return nil, nil
	}
	d, _, err := decodeDelivery(tenant, tailULID(newest.Key()), newest.Value())
	newest.Prev()
	return d, err
}

// tailULID is the ULID that ends a key; every key of a delivery ends so.
func tailULID(key []byte) []byte { return key[max(0, len(key)-ulidAt):] }

func (m *merge) close(err *error) {
	for _, it := range m.places {
		closeIter(it, err)
	}
	closeSnapshot(m.snapshot, err)
}
