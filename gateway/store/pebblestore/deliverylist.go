package pebblestore

import (
	"encoding/binary"
	"slices"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// Deliveries visits the deliveries that are asked for, newest first, each with as
// many of its attempts, until visit wants no more, or q.Limit were visited. next, where
// it is not "", is where to go on (q.Before): q.Rows were looked at.
func (s *reads) Deliveries(
	q store.Query, most gateway.AttemptBounds, visit func(*gateway.Delivery, []gateway.Attempt) (more bool),
) (next string, err error) {
	if err := s.using.Enter(); err != nil {
		return "", err
	}
	defer s.using.Leave()
	q.Source, q.Kind, q.Outcome, q.Webhook, q.Reason = "", "", "", "", ""
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
	var living stream
	if kinds := s.placesOf(gateway.DeliveryState(l.q.State)); len(kinds) > 0 {
		places, err := l.places(kinds...)
		if err != nil {
			return nil, err
		}
		facets, err := l.deliveryFacets()
		if err != nil {
			return nil, err
		}
		living = l.within(facets, places)
	}
	if state := gateway.DeliveryState(l.q.State); state != "" && state != gateway.DeliveryDead {
		return living, nil
	}
	graves, err := l.graves()
	if living == nil || err != nil {
		return &anyOf{of: graves}, err
	}
	return &besides{dead: anyOf{of: graves}, living: living}, nil
}

// besides is a stream of the living and the dead. A block goes on naming what died
// (blocks.go), and of a dead endpoint that is all: so the living are asked only for what
// is above the newest of the dead.
type besides struct {
	dead   anyOf
	living stream
	top    stream
}

func (b *besides) at() ulid.ULID { return b.top.at() }

func (b *besides) sure() bool { return b.top.sure() }

func (b *besides) value() (kind byte, value []byte) { return b.top.value() }

func (b *besides) seek(u ulid.ULID) bool {
	b.top = nil
	var floor ulid.ULID
	if b.dead.seek(u) {
		b.top, floor = b.dead.top, b.dead.at()
	}
	if all, is := b.living.(*allOf); is {
		all.floor = floor
	}
	if b.living.seek(u) && b.living.at().Compare(floor) >= 0 {
		b.top = b.living
	}
	return b.top != nil
}

// deliveryFacets opens what finds deliveries, as one stream for each facet that is asked
// for: their own postings, and those of the events that they follow.
func (l *list) deliveryFacets() (streams []stream, err error) {
	for _, values := range l.asked() {
		any := &anyOf{of: l.posted(&l.later.deliveries, values)}
		for _, hash := range values.hashes {
			any.of = append(any.of, l.shelfmarked(kindKeptBy, hash))
		}
		if values.of != facetEndpoint {
			followed, err := l.followed(values)
			if err != nil {
				return nil, err
			}
			any.of = append(any.of, followed...)
		}
		streams = append(streams, any)
	}
	return streams, nil
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
	days := cursor{list: l, from: appendDay(slices.Clone(prefix), l.q.Since), to: pastPrefix(prefix)} // it died after it was made
	if !days.open() {
		return nil, l.failed
	}
	defer days.done()
	for more := days.it.First(); more; {
		died, ok := bucketIn(days.it.Key(), prefix)
		if !ok {
			return nil, corrupt(kindDead)
		}
		streams = append(streams, l.grave(died))
		more = days.it.SeekGE(binary.BigEndian.AppendUint32(slices.Clone(prefix), died+1))
	}
	return streams, nil
}

// grave gives what died on a day.
func (l *list) grave(died uint32) stream {
	place := l.shelf(binary.BigEndian.AppendUint32(appendPrefix(nil, kindDead, l.q.Tenant), died))
	var facets []stream
	for _, values := range l.asked() {
		any := &anyOf{}
		for _, hash := range values.hashes {
			any.of = append(any.of, l.shelf(appendPosting(appendPrefix(nil, kindDeadBy, l.q.Tenant), bucket(died), hash)))
		}
		facets = append(facets, any)
	}
	return l.within(facets, place)
}
