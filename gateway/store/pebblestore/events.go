package pebblestore

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// EventAlone gives an event; else gateway.ErrNotFound.
func (s *reads) EventAlone(tenant, id string) (*gateway.Event, error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	u, ok := gateway.ParseID(gateway.PrefixEvent, id)
	if !ok || !keyable(tenant) {
		return nil, gateway.ErrNotFound
	}
	v, found, err := eventAt(s.db, tenant, u)
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// EventDeliveries visits the deliveries of an event, oldest first, until visit wants
// no more. Those that expired before it are not shown; an event that is not there
// has none.
func (s *reads) EventDeliveries(tenant, id string, visit func(gateway.EventDelivery) (more bool)) (err error) {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	u, ok := gateway.ParseID(gateway.PrefixEvent, id)
	if !ok || !keyable(tenant) {
		return nil
	}
	r := s.snapshot()
	defer closeSnapshot(r, &err)
	if there, err := eventThere(r, tenant, u); err != nil || !there {
		return err
	}
	ids, err := deliveriesOf(r, tenant, u)
	if err != nil {
		return err
	}
	for _, of := range ids {
		f, err := s.find(r, tenant, of)
		if errors.Is(err, gateway.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if !slices.Contains(f.d.EventIDs, id) {
			continue // its id is beside the event's by chance
		}
		if !visit(gateway.EventDelivery{ID: f.d.ID, Endpoint: f.d.Endpoint, State: f.d.State}) {
			break
		}
	}
	return nil
}

// eventAt reads an event: where events are, or where the janitor kept it for an
// unfinished delivery when the others of its time expired.
func eventAt(r pebble.Reader, tenant string, u ulid.ULID) (v gateway.Event, found bool, err error) {
	for _, kind := range [...]byte{kindEvent, kindKeptEvent} {
		found, err = getFrom(r, append(appendPrefix(nil, kind, tenant), u[:]...), func(value []byte) (err error) {
			v, err = record.DecodeEvent(tenant, u[:], value)
			return err
		})
		if found || err != nil {
			break
		}
	}
	return v, found, err
}

// eventThere says whether an event is there: its index may outlive it.
func eventThere(r pebble.Reader, tenant string, u ulid.ULID) (there bool, err error) {
	for _, kind := range [...]byte{kindEvent, kindKeptEvent} {
		there, err = getFrom(r, append(appendPrefix(nil, kind, tenant), u[:]...), func([]byte) error { return nil })
		if there || err != nil {
			break
		}
	}
	return there, err
}

// eventsOf gives the events of an unfinished delivery.
func (s *endings) eventsOf(d *gateway.Delivery) ([]gateway.Event, error) {
	events := make([]gateway.Event, 0, len(d.EventIDs))
	for _, id := range d.EventIDs {
		u, _ := gateway.ParseID(gateway.PrefixEvent, id)
		v, found, err := eventAt(s.db, d.Tenant, u)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, fmt.Errorf("delivery %s: its event %s is not in the store", d.ID, id)
		}
		events = append(events, v)
	}
	return events, nil
}

// deliveriesOf gives the deliveries that carry or carried an event, in the order they
// were made: those of its index, and those that have ids beside its own. One iterator goes
// to all of the places: a page of events opens a hundred and not seven hundred.
func deliveriesOf(r pebble.Reader, tenant string, event ulid.ULID) (list []ulid.ULID, err error) {
	it, err := iterOf(r, nil, nil)
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	for _, kind := range [...]byte{kindIndex, kindKeptIndex} {
		prefix := append(appendPrefix(nil, kind, tenant), event[:]...)
		if list, err = appendTails(list, it, prefix, append(slices.Clone(prefix), bytes.Repeat([]byte{0xff}, ulidAt)...)); err != nil {
			return nil, err
		}
	}
	if list, err = appendBesides(list, it, tenant, event); err != nil {
		return nil, err
	}
	slices.SortFunc(list, ulid.ULID.Compare)
	return slices.Compact(list), nil
}

// appendTails appends the ULIDs at the ends of all keys from one to another.
func appendTails(list []ulid.ULID, it *pebble.Iterator, from, to []byte) ([]ulid.ULID, error) {
	it.SetBounds(from, to)
	for more := it.First(); more; more = it.Next() {
		list = append(list, record.AsULID(tailULID(it.Key())))
	}
	return list, readError(it) // the next bounds forget it
}

// Events visits the events that are asked for, newest first, until visit wants no more,
// or q.Limit were visited. next, where it is not "", is where to go on (q.Before): q.Rows
// were looked at.
func (s *reads) Events(q store.Query, visit func(*gateway.Event) (more bool)) (next string, err error) {
	q.Endpoint, q.Source, q.State, q.Outcome, q.Webhook, q.Reason = "", "", "", "", "", ""
	wanted := counted(q.Limit, visit)
	return s.show(q, gateway.PrefixEvent, func(l *list) (string, error) {
		place, err := l.places(kindEvent)
		if err != nil {
			return "", err
		}
		return l.run(l.within(l.facets(&s.later.events), place), func(_ byte, u ulid.ULID, value []byte) (bool, error) {
			v, err := record.DecodeEvent(q.Tenant, u[:], value)
			return err == nil && (!q.Event(&v) || wanted(&v)), err
		})
	})
}
