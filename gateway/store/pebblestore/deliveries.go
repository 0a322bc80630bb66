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

// finding is a delivery with the kind of its place, and the attempt that its record has
// with it, or nil.
type finding struct {
	d       *gateway.Delivery
	last    *gateway.Attempt
	place   byte
	dropped bool // it waits there, and was ended by the drop of its lane
}

// find looks for a delivery in all places; else gateway.ErrNotFound.
func (s *reads) find(r pebble.Reader, tenant string, u ulid.ULID) (f finding, err error) {
	for _, f.place = range [...]byte{kindDelivery, kindUnfinished, kindRetrying, kindCancelled} {
		f.d, f.last, err = deliveryAt(r, append(appendPrefix(nil, f.place, tenant), u[:]...), tenant, u)
		f.dropped = err == nil && s.cancelDropped(f.d, u)
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

// Deliveries visits the deliveries that are asked for, newest first, each with as
// many of its attempts, until visit wants no more, or q.Limit were visited. next, where
// it is not "", is where to go on (q.Before): q.Rows were looked at.
func (s *reads) Deliveries(
	q store.Query, most gateway.AttemptBounds, visit func(*gateway.Delivery, []gateway.Attempt) (more bool),
) (next string, err error) {
	if err := s.using.enter(); err != nil {
		return "", err
	}
	defer s.using.leave()
	q.Source, q.Kind = "", ""
	found := 0
	return s.look(q, gateway.PrefixDelivery, func(l *list) (string, error) {
		all, err := s.asked(l)
		if err != nil {
			return "", err
		}
		return l.run(all, func(kind byte, u ulid.ULID, value []byte) (bool, error) {
			f := finding{place: kind}
			if f.d, f.last, err = record.DecodeDelivery(q.Tenant, u[:], value); err != nil {
				return false, err
			}
			if s.cancelDropped(f.d, u); !q.Delivery(f.d) {
				return true, nil
			}
			attempts, err := f.attempts(l.snapshot, most)
			found++
			return err == nil && visit(f.d, attempts) && found != q.Limit, err
		})
	})
}

// asked gives what may be asked for, of all places that may have it.
func (s *reads) asked(l *list) (stream, error) {
	any := &anyOf{}
	if kinds := s.placesOf(gateway.DeliveryState(l.q.State)); len(kinds) > 0 {
		places, err := l.places(kinds...)
		if err != nil {
			return nil, err
		}
		facets, err := l.facets(kindByDelivery, kindKeptBy)
		if err != nil {
			return nil, err
		}
		any.of = append(any.of, l.within(facets, places))
	}
	if state := gateway.DeliveryState(l.q.State); state != "" && state != gateway.DeliveryDead {
		return any, nil
	}
	graves, err := l.graves()
	any.of = append(any.of, graves...)
	return any, err
}

// placesOf gives the places, but for graves, of a state; "" is all states. What a drop
// cancelled waits where it did until it is swept.
func (s *reads) placesOf(state gateway.DeliveryState) []byte {
	switch {
	case state == "":
		return []byte{kindDelivery, kindUnfinished, kindRetrying, kindCancelled}
	case state == gateway.DeliveryDead:
		return nil
	case state == gateway.DeliveryCancelled && len(s.drops.unswept()) > 0:
		return []byte{kindCancelled, kindUnfinished, kindRetrying}
	}
	return []byte{deliveryPlace(state)}
}

// graves gives a stream for every day on which something died that is asked for.
func (l *list) graves() (streams []stream, err error) {
	prefix := appendPrefix(nil, kindDead, l.q.Tenant)
	days, err := l.iter(appendDay(slices.Clone(prefix), l.q.Since), pastPrefix(prefix)) // it died after it was made
	if err != nil {
		return nil, err
	}
	for more := days.First(); more; {
		died, ok := bucketIn(days.Key(), prefix)
		if !ok {
			return nil, corrupt(kindDead)
		}
		grave, err := l.grave(died)
		if err != nil {
			return nil, err
		}
		streams = append(streams, grave)
		more = days.SeekGE(binary.BigEndian.AppendUint32(slices.Clone(prefix), died+1))
	}
	return streams, nil
}

// grave gives what died on a day.
func (l *list) grave(died uint32) (stream, error) {
	place, err := l.shelf(binary.BigEndian.AppendUint32(appendPrefix(nil, kindDead, l.q.Tenant), died))
	if err != nil {
		return nil, err
	}
	var facets []stream
	for _, values := range l.asked() {
		any := &anyOf{}
		for _, hash := range values {
			one, err := l.shelf(appendPosting(appendPrefix(nil, kindDeadBy, l.q.Tenant), bucket(died), hash))
			if err != nil {
				return nil, err
			}
			any.of = append(any.of, one)
		}
		facets = append(facets, any)
	}
	return l.within(facets, place), nil
}

// tailULID is the ULID that ends a key; every key of a delivery ends so.
func tailULID(key []byte) []byte { return key[max(0, len(key)-ulidAt):] }
