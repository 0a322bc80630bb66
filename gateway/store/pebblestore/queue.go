package pebblestore

import (
	"fmt"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

// A delivery lives in one of three places: unfinished, with an entry in the due
// index; ended, where it expires by its age; or dead, in the bucket of the day it
// died, with a copy of its events and attempts, because dead letters outlive the
// events of their time.

func putEvent(b *batch, kind byte, v *gateway.Event) {
	b.begin(kind, v.Tenant)
	b.id(kind, gateway.PrefixEvent, v.ID)
	b.enc.event(v)
	b.put()
}

func putUnfinished(b *batch, d *gateway.Delivery) {
	b.begin(kindUnfinished, d.Tenant)
	b.id(kindUnfinished, gateway.PrefixDelivery, d.ID)
	b.enc.delivery(d)
	b.put()
	b.due(d, gateway.Due{ID: d.ID, At: d.NextAttemptAt})
	b.put()
}

// due starts the key of a place in the window.
func (b *batch) due(d *gateway.Delivery, at gateway.Due) {
	if !keyable(d.Endpoint) {
		b.fail(kindDue)
	}
	b.begin(kindDue, d.Tenant)
	b.key = append(append(b.key, d.Endpoint...), 0)
	b.key = appendMoment(b.key, at.At)
	b.id(kindDue, gateway.PrefixDelivery, at.ID)
}

// Lanes gives every lane that has unfinished deliveries.
func (s *Store) Lanes() (lanes []gateway.LaneKey, err error) {
	if err := s.using.enter(); err != nil {
		return nil, err
	}
	defer s.using.leave()
	it, err := s.iter([]byte{kindDue}, []byte{kindDue + 1})
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	for more := it.First(); more; {
		tenant, rest, ok := tenantOf(it.Key())
		endpoint, _, also := cutText(rest)
		if !ok || !also {
			return nil, corrupt(kindDue)
		}
		lanes = append(lanes, gateway.LaneKey{Tenant: tenant, Endpoint: endpoint})
		more = it.SeekGE(pastPrefix(lanePrefix(lanes[len(lanes)-1])))
	}
	return lanes, nil
}

func lanePrefix(lane gateway.LaneKey) []byte {
	return append(append(appendPrefix(nil, kindDue, lane.Tenant), lane.Endpoint...), 0)
}

// Window gives the unfinished deliveries of a lane after the given one (the zero
// Due: from the start), at most so many, in the order (At, ID).
func (s *Store) Window(lane gateway.LaneKey, after gateway.Due, most int) (due []gateway.Due, err error) {
	if err := s.using.enter(); err != nil {
		return nil, err
	}
	defer s.using.leave()
	if !keyable(lane.Tenant, lane.Endpoint) {
		return nil, nil
	}
	prefix := lanePrefix(lane)
	from := prefix
	if after != (gateway.Due{}) {
		u, ok := parseID(gateway.PrefixDelivery, after.ID)
		if !ok && after.ID != "" {
			return nil, fmt.Errorf("window after %q: not the id of a delivery", after.ID)
		}
		from = append(appendMoment(prefix[:len(prefix):len(prefix)], after.At), u[:]...)
		if ok {
			from = append(from, 0) // not itself
		}
	}
	it, err := s.iter(from, pastPrefix(prefix))
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	for more := it.First(); more && len(due) < most; more = it.Next() {
		rest := it.Key()[len(prefix):]
		if len(rest) != 8+ulidAt {
			return nil, corrupt(kindDue)
		}
		due = append(due, gateway.Due{ID: formatID(gateway.PrefixDelivery, rest[8:]), At: momentAt(rest)})
	}
	if len(due) == 0 {
		return nil, nil
	}
	return due, s.overtake()
}

// Load gives an unfinished delivery with the events that it carries; else
// gateway.ErrNotFound.
func (s *Store) Load(tenant, id string) (*gateway.Delivery, []gateway.Event, error) {
	if err := s.using.enter(); err != nil {
		return nil, nil, err
	}
	defer s.using.leave()
	u, ok := parseID(gateway.PrefixDelivery, id)
	if !ok {
		return nil, nil, gateway.ErrNotFound
	}
	d, err := s.delivery(append(appendPrefix(nil, kindUnfinished, tenant), u[:]...), tenant, u)
	if err != nil {
		return nil, nil, err
	}
	events, err := s.eventsOf(d)
	return d, events, err
}

// delivery reads one from a place; else gateway.ErrNotFound.
func (s *Store) delivery(key []byte, tenant string, u ulid.ULID) (d *gateway.Delivery, err error) {
	found, err := s.get(key, func(value []byte) (err error) {
		d, err = decodeDelivery(tenant, u[:], value)
		return err
	})
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return d, err
}

// eventsOf gives the events of an unfinished delivery: where events are, or where
// the janitor kept them when the others of their time expired.
func (s *Store) eventsOf(d *gateway.Delivery) ([]gateway.Event, error) {
	events := make([]gateway.Event, 0, len(d.EventIDs))
	for _, id := range d.EventIDs {
		u, _ := parseID(gateway.PrefixEvent, id)
		found := false
		for _, kind := range [...]byte{kindEvent, kindKeptEvent} {
			var err error
			found, err = s.get(append(appendPrefix(nil, kind, d.Tenant), u[:]...), func(value []byte) error {
				v, err := decodeEvent(d.Tenant, u[:], value)
				events = append(events, v)
				return err
			})
			if err != nil {
				return nil, err
			}
			if found {
				break
			}
		}
		if !found {
			return nil, fmt.Errorf("delivery %s: its event %s is not in the store", d.ID, id)
		}
	}
	return events, nil
}
