package pebblestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// A delivery lies in the place of its state: pending and retrying ones with an entry in
// the due index; succeeded and cancelled ones where they expire by their age; dead ones
// in the bucket of the day they died, with a copy of their events and attempts, because
// dead letters outlive the events of their time.

// queue is what is unfinished, by lane.
type queue struct {
	*engine
	*dropping
}

// deliveryPlace is where a delivery lies that is not dead.
func deliveryPlace(state gateway.DeliveryState) byte {
	switch state {
	case gateway.DeliveryRetrying:
		return kindRetrying
	case gateway.DeliverySucceeded:
		return kindDelivery
	case gateway.DeliveryCancelled:
		return kindCancelled
	}
	return kindUnfinished
}

// unfinishedPlaces are those of deliveries that wait.
var unfinishedPlaces = [...]byte{kindUnfinished, kindRetrying}

// putUnfinished puts a delivery where the unfinished are, and its place in the window.
// It takes it from the place where it was, if that is another; 0: it is new.
func putUnfinished(b *batch, d *gateway.Delivery, from byte) {
	place := deliveryPlace(d.State)
	if from != 0 {
		b.moves(d)
	}
	if from != 0 && from != place {
		removeFrom(b, from, d)
	}
	b.begin(place, d.Tenant)
	b.id(place, gateway.PrefixDelivery, d.ID)
	if from != place {
		b.placed.put(place, record.AsULID(tailULID(b.key)))
	} else if place == kindUnfinished {
		b.remove() // once.go
	}
	b.enc.Delivery(d, nil)
	b.put()
	putWaiting(b, d)
}

// putWaiting puts what finds an unfinished delivery: its place in the window.
func putWaiting(b *batch, d *gateway.Delivery) {
	b.due(d, d.NextAttemptAt)
	b.enc.B = binary.BigEndian.AppendUint64(b.enc.B, gateway.ConversationHash(d.ConversationKey))
	b.enc.Also(d.Also)
	if d.Lent != nil {
		b.enc.B = append(b.enc.B, isLent)
	}
	b.put()
	if wide(d) {
		b.begin(kindWide, d.Tenant)
		b.id(kindWide, gateway.PrefixDelivery, d.ID)
		b.put()
	}
}

// removeFrom takes a delivery from a place.
func removeFrom(b *batch, place byte, d *gateway.Delivery) {
	b.begin(place, d.Tenant)
	b.id(place, gateway.PrefixDelivery, d.ID)
	if place == kindUnfinished {
		b.removeOnce()
	} else {
		b.remove()
	}
}

// removeUnfinished takes a delivery from where it waits, but for its place in the window.
func removeUnfinished(b *batch, place byte, d *gateway.Delivery) {
	b.moves(d)
	removeFrom(b, place, d)
	if wide(d) {
		b.begin(kindWide, d.Tenant)
		b.id(kindWide, gateway.PrefixDelivery, d.ID)
		b.remove()
	}
}

// removeDue takes a place in the window away.
func removeDue(b *batch, d *gateway.Delivery, at time.Time) {
	b.due(d, at)
	b.removeOnce()
}

// due starts the key of a place in the window.
func (b *batch) due(d *gateway.Delivery, at time.Time) {
	b.lane(kindDue, gateway.LaneKey{Tenant: d.Tenant, Endpoint: d.Endpoint})
	b.key = record.AppendMoment(b.key, at)
	b.id(kindDue, gateway.PrefixDelivery, d.ID)
}

// lane starts a key of what a lane has several of.
func (b *batch) lane(kind byte, lane gateway.LaneKey) {
	if !keyable(lane.Endpoint) {
		b.fail(kind)
	}
	b.begin(kind, lane.Tenant)
	b.key = append(append(b.key, lane.Endpoint...), 0)
}

// appendLane appends what all keys begin with of what a lane has several of.
func appendLane(dst []byte, kind byte, lane gateway.LaneKey) []byte {
	return append(append(appendPrefix(dst, kind, lane.Tenant), lane.Endpoint...), 0)
}

// Lanes gives every lane of the slots that has unfinished deliveries. A store that failed
// gives none: it cannot tell which are durable.
func (s *queue) Lanes(slots gateway.SlotSet) (lanes []gateway.LaneKey, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	if err := s.refuse(); err != nil {
		return nil, err
	}
	if lanes, err = s.scanLanes(slots); err == nil {
		err = s.firm()
	}
	if err != nil {
		return nil, err
	}
	return lanes, nil
}

// scanLanes reads the lanes, one seek each.
func (s *queue) scanLanes(slots gateway.SlotSet) (lanes []gateway.LaneKey, err error) {
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
		lane := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
		if slots.Has(lane.Slot()) {
			lanes = append(lanes, lane)
		}
		more = it.SeekGE(pastPrefix(appendLane(nil, kindDue, lane)))
	}
	return lanes, nil
}

// Window gives the unfinished deliveries of a lane after the given one (the zero
// Due: from the start), at most so many, in the order (At, ID). A store that failed gives
// none: it cannot tell which are durable.
func (s *queue) Window(lane gateway.LaneKey, after gateway.Due, most int) (due []gateway.Due, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	if !keyable(lane.Tenant, lane.Endpoint) {
		return nil, nil
	}
	prefix := appendLane(nil, kindDue, lane)
	from := prefix
	if after != (gateway.Due{}) {
		u, ok := gateway.ParseID(gateway.PrefixDelivery, after.ID)
		if !ok && after.ID != "" {
			return nil, fmt.Errorf("window after %q: not the id of a delivery", after.ID)
		}
		from = append(record.AppendMoment(prefix[:len(prefix):len(prefix)], after.At), u[:]...)
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
		d, err := decodeDue(it.Key()[len(prefix):], it.Value())
		if err != nil {
			return nil, err
		}
		due = append(due, d)
	}
	if len(due) == 0 {
		return nil, s.refuse()
	}
	if err := s.firm(); err != nil {
		return nil, err
	}
	return due, nil
}

// isLent ends the value of a place in the window whose delivery is lent; what comes before
// is in groups of eight bytes.
const isLent = 1

func decodeDue(rest, value []byte) (gateway.Due, error) {
	if len(rest) != 8+ulidAt || len(value) < 8 {
		return gateway.Due{}, corrupt(kindDue)
	}
	due := gateway.Due{ID: record.FormatID(gateway.PrefixDelivery, rest[8:]), At: record.MomentAt(rest), Conversation: binary.BigEndian.Uint64(value)}
	if last := len(value) - 1; len(value)%8 == 1 && value[last] == isLent {
		due.Lent, value = true, value[:last]
	}
	if len(value) > 8 {
		also, ok := record.DecodeAlso(string(value[8:]))
		if due.Also = also; !ok {
			return gateway.Due{}, corrupt(kindDue)
		}
	}
	return due, nil
}

// Load gives an unfinished delivery with the events that it carries; else
// gateway.ErrNotFound.
func (s *queue) Load(tenant, id string) (*gateway.Delivery, []gateway.Event, error) {
	if err := s.using.Enter(); err != nil {
		return nil, nil, err
	}
	defer s.using.Leave()
	if one := s.handy.Find(tenant, id); one != nil && !s.isDropped(&one.Delivery) {
		return &one.Delivery, one.Events[:], nil
	}
	d, _, err := s.unfinished(tenant, id)
	if err != nil {
		return nil, nil, err
	}
	events, err := s.eventsOf(d)
	return d, events, err
}

// Unfinished gives an unfinished delivery without its events.
func (s *queue) Unfinished(tenant, id string) (*gateway.Delivery, error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	d, _, err := s.unfinished(tenant, id)
	return d, err
}

// Firm makes durable what was settled before. Since when does not matter: nobody else has this
// store started anew.
func (s *queue) Firm(time.Time) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	return s.firm()
}

// unfinished gives an unfinished delivery and its place; else gateway.ErrNotFound.
func (s *queue) unfinished(tenant, id string) (d *gateway.Delivery, place byte, err error) {
	u, ok := gateway.ParseID(gateway.PrefixDelivery, id)
	if !ok || !keyable(tenant) {
		return nil, 0, gateway.ErrNotFound
	}
	d, place, err = unfinishedAt(s.db, tenant, u)
	if err == nil && s.cancelDropped(d, u) {
		return nil, 0, gateway.ErrNotFound
	}
	return d, place, err
}

// unfinishedAt reads an unfinished delivery from wherever it waits.
func unfinishedAt(r pebble.Reader, tenant string, u ulid.ULID) (d *gateway.Delivery, place byte, err error) {
	for _, place = range unfinishedPlaces {
		d, _, err = deliveryAt(r, append(appendPrefix(nil, place, tenant), u[:]...), tenant, u)
		if !errors.Is(err, gateway.ErrNotFound) {
			break
		}
	}
	return d, place, err
}

// deliveryAt reads one from a place; else gateway.ErrNotFound. last is an attempt
// that it has with it, or nil.
func deliveryAt(r pebble.Reader, key []byte, tenant string, u ulid.ULID) (d *gateway.Delivery, last *gateway.Attempt, err error) {
	found, err := getFrom(r, key, func(value []byte) (err error) {
		d, last, err = record.DecodeDelivery(tenant, u[:], value)
		return err
	})
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return d, last, err
}
