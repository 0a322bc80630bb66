package pebblestore

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// lag is how far apart an event and its delivery may be made. Those that are wider
// apart, as batches of what waited long may be, have an index of their own
// (kindWide): there are few.
const lag = time.Minute

// keepBatch is how many bytes of copies go in one commit.
const keepBatch = 1 << 20

// wide says whether a delivery carries an event that was made long before or after.
func wide(d *gateway.Delivery) bool {
	id, _ := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	own := ulid.ULID(id).Time()
	const most = uint64(lag / time.Millisecond)
	for _, id := range d.EventIDs {
		id, _ := gateway.ParseID(gateway.PrefixEvent, id)
		if at := ulid.ULID(id).Time(); at > own+most || own > at+most {
			return true
		}
	}
	return false
}

// keepUnfinished copies events and attempts that are about to expire, but belong
// to an unfinished delivery: an endpoint may have been paused for longer. Each is
// copied once, for what expired already is looked past. It gives the lowest ULID
// that unfinished deliveries of each tenant may need.
func (s *janitor) keepUnfinished(events, deliveries ulidLimit) (oldest map[string][]byte, err error) {
	r := s.snapshot() // in which no delivery hands its events over to another
	defer closeSnapshot(r, &err)
	k := &keeper{s: s.engine, r: r, b: s.newBatch(keepBatch), oldest: make(map[string][]byte)}
	defer func() { k.b.free() }()
	for _, place := range unfinishedPlaces {
		if err := k.keepOf(place, events, deliveries); err != nil {
			return nil, err
		}
	}
	if err := k.keepWide(events, deliveries); err != nil {
		return nil, err
	}
	return k.oldest, s.commit(k.b, false)
}

// keepOf copies for the deliveries of a place.
func (k *keeper) keepOf(place byte, events, deliveries ulidLimit) error {
	return eachTenantOf(k.r, place, func(t *tenantScan) error {
		first := t.it.Key()[len(t.prefix):]
		if len(first) != ulidAt {
			return corrupt(place)
		}
		if oldest := shift(first, -lag); k.oldest[t.tenant] == nil || bytes.Compare(oldest, k.oldest[t.tenant]) < 0 {
			k.oldest[t.tenant] = oldest
		}
		k.events, k.attempts = events(t.tenant), deliveries(t.tenant)
		start, err := firstExpiring(k.r, t.tenant)
		if err != nil || start == nil {
			return err
		}
		end := append(slices.Clone(t.prefix), shift(maxBytes(k.events, k.attempts), lag)...)
		for more := t.it.SeekGE(append(slices.Clone(t.prefix), shift(start, -lag)...)); more && bytes.Compare(t.it.Key(), end) < 0; more = t.it.Next() {
			d, _, err := record.DecodeDelivery(t.tenant, tailULID(t.it.Key()), t.it.Value())
			if err != nil {
				return err
			}
			if err := k.keep(d); err != nil {
				return err
			}
		}
		return nil
	})
}

// keepWide copies for the deliveries that the scan by age cannot find.
func (k *keeper) keepWide(events, deliveries ulidLimit) error {
	return eachTenantOf(k.r, kindWide, func(t *tenantScan) error {
		k.events, k.attempts = events(t.tenant), deliveries(t.tenant)
		for more := true; more && t.inside(); more = t.it.Next() {
			u := record.AsULID(tailULID(t.it.Key()))
			d, _, err := unfinishedAt(k.r, t.tenant, u)
			if errors.Is(err, gateway.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			for _, id := range d.EventIDs {
				event, _ := gateway.ParseID(gateway.PrefixEvent, id)
				if bytes.Compare(event[:], k.oldest[t.tenant]) < 0 {
					k.oldest[t.tenant] = event[:]
				}
			}
			if err := k.keep(d); err != nil {
				return err
			}
		}
		return nil
	})
}

// shift moves the time of a ULID and gives the lowest of then.
func shift(u []byte, by time.Duration) []byte {
	moved := floorULID(timeOfULID(u).Add(by))
	return moved[:]
}

func maxBytes(a, b []byte) []byte {
	if bytes.Compare(a, b) > 0 {
		return a
	}
	return b
}

// firstExpiring gives the lowest ULID among a tenant's events and attempts: what
// is older was copied before. It is nil when there are none.
func firstExpiring(r pebble.Reader, tenant string) (lowest []byte, err error) {
	for _, kind := range [...]byte{kindEvent, kindAttempt} {
		prefix := appendPrefix(nil, kind, tenant)
		it, err := iterOf(r, prefix, pastPrefix(prefix))
		if err != nil {
			return nil, err
		}
		if it.First() {
			u := it.Key()[len(prefix):]
			if len(u) < ulidAt {
				return nil, corrupt(kind)
			}
			if lowest == nil || bytes.Compare(u[:ulidAt], lowest) < 0 {
				lowest = slices.Clone(u[:ulidAt])
			}
		}
		if closeIter(it, &err); err != nil {
			return nil, err
		}
	}
	for _, kind := range [...]byte{kindByDelivery, kindDeliveryBlock} {
		if lowest, err = lowerPosting(r, kind, tenant, lowest); err != nil {
			return nil, err
		}
	}
	return lowest, nil
}

// lowerPosting gives the lowest ULID of the first day on which a delivery of the tenant
// is posted, if that is lower.
func lowerPosting(r pebble.Reader, kind byte, tenant string, lowest []byte) (_ []byte, err error) {
	prefix := appendPrefix(nil, kind, tenant)
	it, err := iterOf(r, prefix, pastPrefix(prefix))
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	if !it.First() {
		return lowest, nil
	}
	first, ok := bucketIn(it.Key(), prefix)
	if !ok {
		return nil, corrupt(kind)
	}
	u := floorULID(time.Unix(0, 0).Add(time.Duration(first) * day))
	if lowest == nil || bytes.Compare(u[:], lowest) < 0 {
		return u[:], nil
	}
	return lowest, nil
}

// keeper copies what one tenant's deliveries need.
type keeper struct {
	s                *engine
	r                *pebble.Snapshot
	b                *batch
	oldest           map[string][]byte // by tenant: the lowest ULID that may be needed
	events, attempts []byte            // what is below expires
}

func (k *keeper) keep(d *gateway.Delivery) error {
	for _, id := range d.EventIDs {
		u, ok := gateway.ParseID(gateway.PrefixEvent, id)
		if !ok || bytes.Compare(u[:], k.events) >= 0 {
			continue
		}
		if err := k.copyEvent(d, id, u); err != nil {
			return err
		}
	}
	u, ok := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	if !ok || bytes.Compare(u[:], k.attempts) >= 0 {
		return nil
	}
	postDelivery(k.b, kindKeptBy, d)
	return k.copyAttempts(d.Tenant, u)
}

func (k *keeper) copyAttempts(tenant string, u ulid.ULID) (err error) {
	prefix := append(appendPrefix(nil, kindAttempt, tenant), u[:]...)
	it, err := iterOf(k.r, prefix, appendAttemptNumber(slices.Clone(prefix), -1))
	if err != nil {
		return err
	}
	defer closeIter(it, &err)
	for more := it.First(); more; more = it.Next() {
		if err := k.put(kindKeptAttempt, tenant, it.Key()[len(prefix)-ulidAt:], it.Value()); err != nil {
			return err
		}
	}
	return nil
}

// copyEvent copies an event, which goes on showing the delivery.
func (k *keeper) copyEvent(d *gateway.Delivery, id string, u ulid.ULID) error {
	found, err := getFrom(k.r, append(appendPrefix(nil, kindEvent, d.Tenant), u[:]...), func(value []byte) error {
		return k.put(kindKeptEvent, d.Tenant, u[:], value)
	})
	if err != nil || !found {
		return err
	}
	own, _ := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	return k.put(kindKeptIndex, d.Tenant, append(u[:], own[:]...), nil)
}

func (k *keeper) put(kind byte, tenant string, rest, value []byte) error {
	k.b.begin(kind, tenant)
	k.b.key = append(k.b.key, rest...)
	k.b.enc.B = append(k.b.enc.B, value...)
	k.b.put()
	if k.b.Len() < keepBatch {
		return nil
	}
	err := k.s.commit(k.b, false)
	k.b.free()
	k.b = k.s.newBatch(keepBatch)
	return err
}
