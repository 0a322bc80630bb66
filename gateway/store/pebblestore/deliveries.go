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
	"hookgate/gateway/store/record"
)

// reads show deliveries and events, wherever they are.
type reads struct {
	*engine
	*dropping
}

// Delivery gives a delivery with its last attempts, at most 1,000, and their bodies,
// at most 8 MiB; else gateway.ErrNotFound.
func (s *reads) Delivery(tenant, id string) (*gateway.Delivery, []gateway.Attempt, error) {
	return s.ReadDelivery(tenant, id, mostAttempts)
}

// AttemptedAt tells when the n-th attempt of a delivery that has not ended was made; else
// gateway.ErrNotFound.
func (s *reads) AttemptedAt(tenant, id string, n int) (at time.Time, err error) {
	if err := s.using.Enter(); err != nil {
		return at, err
	}
	defer s.using.Leave()
	u, ok := gateway.ParseID(gateway.PrefixDelivery, id)
	if !ok || !keyable(tenant) {
		return at, gateway.ErrNotFound
	}
	for _, kind := range [...]byte{kindAttempt, kindKeptAttempt} {
		key := appendAttemptNumber(append(appendPrefix(nil, kind, tenant), u[:]...), n)
		found, err := s.get(key, func(value []byte) error {
			a, err := record.DecodeAttempt(n, value, false)
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
func (s *reads) ReadDelivery(tenant, id string, most gateway.AttemptBounds) (_ *gateway.Delivery, _ []gateway.Attempt, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, nil, err
	}
	defer s.using.Leave()
	u, ok := gateway.ParseID(gateway.PrefixDelivery, id)
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

// finding is a delivery with the kind of its place, and the attempt that its record has
// with it, or nil.
type finding struct {
	d       *gateway.Delivery
	last    *gateway.Attempt
	place   byte
	dropped bool      // it waits there, and was ended by the drop of its lane
	due     time.Time // when it was due there
}

// find looks for a delivery in all places; else gateway.ErrNotFound.
func (s *reads) find(r pebble.Reader, tenant string, u ulid.ULID) (f finding, err error) {
	for _, f.place = range [...]byte{kindDelivery, kindUnfinished, kindRetrying, kindCancelled} {
		f.d, f.last, err = deliveryAt(r, append(appendPrefix(nil, f.place, tenant), u[:]...), tenant, u)
		if err == nil {
			f.due = f.d.NextAttemptAt
			f.dropped = s.cancelDropped(f.d, u)
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
			d, _, err := record.DecodeDelivery(tenant, u[:], it.Value())
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

// tailULID is the ULID that ends a key; every key of a delivery ends so.
func tailULID(key []byte) []byte { return key[max(0, len(key)-ulidAt):] }
