package pgstore

import (
	"bytes"
	"fmt"
	"strings"

	"hookgate/gateway"
)

// Nearly every delivery is made with its one event, beside it, and has the event's type and
// conversation. Such a one follows it: in the indexes of unfinished and ended for type and
// conversation it is not, but found by those of its event. That is four entries less of twelve
// for each event that is delivered, two of which would have been removed again a moment later.
//
// A row that follows no event (0, also what an older node puts) is always found: it is in the
// indexes of its own table. So whoever changes one by hand says 0, and so does the sweep before
// it drops the event of a row that stays (keep).

// follows tells whether lists find a delivery by an event that is put with it.
func follows(d *gateway.Delivery, v *gateway.Event) bool {
	return len(d.EventIDs) == 1 && d.EventIDs[0] == v.ID && d.Tenant == v.Tenant &&
		d.EventType == v.Type && d.ConversationKey == v.ConversationKey && besideEvent(d)
}

// leaders are the events of a publication.
type leaders struct {
	events []gateway.Event
	at     int
}

// lead tells whether a delivery follows one of them. Deliveries come in the order of their
// events, so it is found at once.
func (l *leaders) lead(d *gateway.Delivery) bool {
	for range l.events {
		if v := &l.events[l.at]; len(d.EventIDs) > 0 && v.ID == d.EventIDs[0] {
			return follows(d, v)
		}
		l.at = (l.at + 1) % len(l.events)
	}
	return false
}

// byEvents tells whether a list goes by events too, for a column.
func (l *listing) byEvents(column string) bool {
	return l.followed && (column == "type" || column == "conversation")
}

// followers reads the newest n events of a value of which deliveries may be within.
func (l *listing) followers(p *params, column, place string, n int) string {
	// An event beside which the lowest lies has the same first eight bytes.
	low := append(bytes.Clone(l.low[:8]), make([]byte, 8)...)
	return fmt.Sprintf("(SELECT t.id, 1::int2 AS lead FROM {s}events AS t WHERE t.%s = %s AND t.tenant = %s AND t.id >= %s AND t.id <= %s AND t.day >= %s AND t.day <= %s ORDER BY t.id DESC LIMIT %d)",
		column, place, p.text(l.q.Tenant), p.bytes(low), p.bytes(l.high), p.long(dayOfID(low)), p.long(dayOfID(l.high)), n)
}

// candidate is what a list looks at: the id of a row, or an event with all that lies beside it.
type candidate struct {
	id   []byte
	lead bool
}

// lookedAt are the rows that candidates mean: ids, and events. Where there may be more of them
// (full) all rows from the last on are to be seen: if that is a row's own id, what lies beside
// it may follow an event that is below it, and so no candidate yet. All of that is read.
func lookedAt(found []candidate, full bool) (ids, events [][]byte) {
	for _, c := range found {
		if c.lead {
			events = append(events, c.id)
		} else {
			ids = append(ids, c.id)
		}
	}
	if last := found[len(found)-1]; full && !last.lead {
		events = append(events, last.id)
	}
	return ids, events
}

// rowsBeside reads what lies beside events, within the ids from floor on.
func (l *listing) rowsBeside(p *params, events [][]byte, floor []byte) string {
	if len(events) == 0 {
		return ""
	}
	low := p.many(bytesOf, len(events), func(i int) cell { return raw(events[i]) })
	high := p.many(bytesOf, len(events), func(i int) cell { _, top := besides(events[i]); return raw(top) })
	tenant, from, to := p.text(l.q.Tenant), p.bytes(floor), p.bytes(l.high)
	var parts []string
	for _, table := range l.from {
		day := ""
		if table != placeTables[inUnfinished] {
			day = " AND t.day >= " + p.long(endedFrom(floor))
		}
		parts = append(parts, fmt.Sprintf("(SELECT r.id, r.value FROM unnest(%s, %s) AS i(low, high), LATERAL (SELECT t.id, t.value FROM {s}%s AS t WHERE t.tenant = %s AND t.id >= i.low AND t.id <= i.high AND t.id >= %s AND t.id <= %s%s OFFSET 0) AS r)",
			low, high, table, tenant, from, to, day))
	}
	return strings.Join(parts, " UNION ALL ")
}
