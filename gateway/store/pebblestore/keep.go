package pebblestore

import (
	"bytes"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

// lag is how much older than its delivery an event may be.
const lag = time.Minute

// keepBatch is how many bytes of copies go in one commit.
const keepBatch = 1 << 20

// keepUnfinished copies events and attempts that are about to expire, but belong
// to an unfinished delivery: an endpoint may have been paused for longer. Each is
// copied once, for what expired already is looked past. It gives the lowest ULID
// that unfinished deliveries of each tenant may need.
func (s *Store) keepUnfinished(events, deliveries ulidLimit) (oldest map[string][]byte, err error) {
	oldest = make(map[string][]byte)
	k := &keeper{s: s, b: s.newBatch(keepBatch)}
	defer func() { k.b.free() }()
	err = s.eachTenant(kindUnfinished, func(t *tenantScan) error {
		first := t.it.Key()[len(t.prefix):]
		if len(first) != ulidAt {
			return corrupt(kindUnfinished)
		}
		oldest[t.tenant] = shift(first, -lag)
		k.events, k.attempts = events(t.tenant), deliveries(t.tenant)
		start, err := s.firstExpiring(t.tenant)
		if err != nil || start == nil {
			return err
		}
		end := append(slices.Clone(t.prefix), shift(maxBytes(k.events, k.attempts), lag)...)
		for more := t.it.SeekGE(append(slices.Clone(t.prefix), shift(start, -lag)...)); more && bytes.Compare(t.it.Key(), end) < 0; more = t.it.Next() {
			d, err := decodeDelivery(t.tenant, tailULID(t.it.Key()), t.it.Value())
			if err != nil {
				return err
			}
			if err := k.keep(d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return oldest, s.commit(k.b, false)
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
func (s *Store) firstExpiring(tenant string) (lowest []byte, err error) {
	for _, kind := range [...]byte{kindEvent, kindAttempt} {
		prefix := appendPrefix(nil, kind, tenant)
		it, err := s.iter(prefix, pastPrefix(prefix))
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
	return lowest, nil
}

// keeper copies what one tenant's deliveries need.
type keeper struct {
	s                *Store
	b                *batch
	events, attempts []byte // what is below expires
}

func (k *keeper) keep(d *gateway.Delivery) error {
	for _, id := range d.EventIDs {
		u, ok := parseID(gateway.PrefixEvent, id)
		if !ok || bytes.Compare(u[:], k.events) >= 0 {
			continue
		}
		if err := k.copy(kindEvent, kindKeptEvent, d.Tenant, u[:]); err != nil {
			return err
		}
	}
	u, ok := parseID(gateway.PrefixDelivery, d.ID)
	if !ok || bytes.Compare(u[:], k.attempts) >= 0 {
		return nil
	}
	return k.copyAttempts(d.Tenant, u)
}

func (k *keeper) copyAttempts(tenant string, u ulid.ULID) (err error) {
	prefix := append(appendPrefix(nil, kindAttempt, tenant), u[:]...)
	it, err := k.s.iter(prefix, appendAttemptNumber(slices.Clone(prefix), -1))
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

func (k *keeper) copy(from, to byte, tenant string, rest []byte) error {
	_, err := k.s.get(append(appendPrefix(nil, from, tenant), rest...), func(value []byte) error {
		return k.put(to, tenant, rest, value)
	})
	return err
}

func (k *keeper) put(kind byte, tenant string, rest, value []byte) error {
	k.b.begin(kind, tenant)
	k.b.key = append(k.b.key, rest...)
	k.b.enc.b = append(k.b.enc.b, value...)
	k.b.put()
	if k.b.Len() < keepBatch {
		return nil
	}
	err := k.s.commit(k.b, false)
	k.b.free()
	k.b = k.s.newBatch(keepBatch)
	return err
}
