package pebblestore

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// Nearly every delivery is made with its one event, in the same millisecond, and has the
// event's type and conversation. Such a one has no postings of those: it is found by the
// event's, and by the index of the event's deliveries, which is there anyway. That is two
// keys less of six for each event that is accepted.

// follows tells whether a delivery is found by the postings of an event.
func follows(d *gateway.Delivery, v *gateway.Event) bool {
	return len(d.EventIDs) == 1 && d.EventIDs[0] == v.ID && d.Tenant == v.Tenant &&
		d.EventType == v.Type && d.ConversationKey == v.ConversationKey && sameMoment(d.ID, v.ID)
}

// sameMoment tells whether the ids of a delivery and an event are of one millisecond: a
// ULID begins with it.
func sameMoment(delivery, event string) bool {
	const digits = 10
	d, e := len(gateway.PrefixDelivery), len(gateway.PrefixEvent)
	return len(delivery) >= d+digits && len(event) >= e+digits && delivery[d:d+digits] == event[e:e+digits]
}

// followed is a stream of the deliveries that follow events of one stream.
type followed struct {
	events stream
	index  *pebble.Iterator // of the deliveries of events
	prefix []byte
	look   *look
	found  []span // of the millisecond that was read last, rising: ids that its deliveries may have
	now    ulid.ULID
	next   ulid.ULID // events above were read
	key    []byte
	unsure bool
}

func (f *followed) at() ulid.ULID { return f.now }

func (f *followed) sure() bool { return !f.unsure }

func (f *followed) value() (kind byte, value []byte) { return f.prefix[0], nil }

// seek reads whole milliseconds of events, for the order of deliveries within one is
// another. After many that have no deliveries it is not sure.
func (f *followed) seek(u ulid.ULID) bool {
	if f.unsure {
		return true
	}
	for !f.has(u) {
		if !f.nextEvent(u) {
			return false
		}
		f.read(f.events.at())
		if !f.look.another() && !f.has(u) {
			f.now, f.unsure = f.next, true
			return true
		}
	}
	f.now = f.top(u)
	return true
}

// top gives the highest at u or below that was found.
func (f *followed) top(u ulid.ULID) ulid.ULID {
	if high := f.found[len(f.found)-1].high; high.Compare(u) < 0 {
		return high
	}
	return u
}

// roof gives the end of the millisecond of the next event, and reads nothing of it.
func (f *followed) roof(u ulid.ULID) (at ulid.ULID, found bool) {
	if f.unsure {
		return f.now, true
	}
	if f.has(u) {
		return f.top(u), true
	}
	if !f.nextEvent(u) {
		return u, false
	}
	if at = padded(f.events.at(), 0xff); at.Compare(u) > 0 {
		at = u
	}
	return at, true
}

// nextEvent goes to the next event of which deliveries may lie at u or below.
func (f *followed) nextEvent(u ulid.ULID) bool {
	if moment := padded(u, 0xff); f.next.Compare(moment) > 0 {
		f.next = moment
	}
	return f.events.seek(f.next)
}

// has tells whether some that were found are at u or below.
func (f *followed) has(u ulid.ULID) bool {
	for len(f.found) > 0 && f.found[len(f.found)-1].low.Compare(u) > 0 {
		f.found = f.found[:len(f.found)-1]
	}
	return len(f.found) > 0
}

// read finds the deliveries of all events of a millisecond.
func (f *followed) read(event ulid.ULID) {
	floor := padded(event, 0)
	f.next = below(floor)
	for event.Compare(floor) >= 0 {
		f.deliveries(event)
		if !f.events.seek(below(event)) {
			break
		}
		event = f.events.at()
	}
	gateway.Sort(f.found, func(a, b span) int { return a.high.Compare(b.high) })
}

// deliveries finds those of one event that follow it.
func (f *followed) deliveries(event ulid.ULID) {
	f.found = append(f.found, spanBeside(event))
	f.key = append(append(f.key[:0], f.prefix...), event[:]...)
	for more := f.index.SeekGE(f.key); more; more = f.index.Next() {
		rest := f.index.Key()[len(f.prefix):]
		if len(rest) != 2*ulidAt || record.AsULID(rest) != event {
			break
		}
		if u := record.AsULID(rest[ulidAt:]); u.Time() == event.Time() {
			f.found = append(f.found, span{u, u})
		}
	}
}

// padded gives a ULID with all but its time set.
func padded(u ulid.ULID, to byte) ulid.ULID {
	for i := 6; i < len(u); i++ {
		u[i] = to
	}
	return u
}

// followed opens what follows events of which one of some values is posted.
func (l *list) followed(values asking) (streams []stream, err error) {
	events := l.posted(&l.later.events, values)
	prefix := appendPrefix(nil, kindIndex, l.q.Tenant)
	index, err := l.iter(prefix, pastPrefix(prefix)) // it is moved for each event: all can use it
	if err != nil {
		return nil, err
	}
	for _, one := range events {
		streams = append(streams, &followed{events: one, index: index, prefix: prefix, look: &l.look, next: lastULID})
	}
	return streams, nil
}

// leaders are the events of a publication.
type leaders struct {
	events []gateway.Event
	at     int
}

// lead tells whether a delivery follows one of them. Deliveries come in the order of
// their events, so it is found at once.
func (l *leaders) lead(d *gateway.Delivery) bool {
	for range l.events {
		if v := &l.events[l.at]; len(d.EventIDs) > 0 && v.ID == d.EventIDs[0] {
			return follows(d, v)
		}
		l.at = (l.at + 1) % len(l.events)
	}
	return false
}
