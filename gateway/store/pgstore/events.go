package pgstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

var (
	eventTable   = newTable("event", "events", "tenant bytea, id bytea, day int8", "type bytea, conversation int8, value bytea")
	carriedTable = newTable("delivery of an event", "carried", "tenant bytea, event bytea, delivery bytea, day int8", "")
)

// event puts an event. One that is Lined is its own line in the timeline of its conversation,
// where that finds it in its place: it goes by ids, which begin with the millisecond.
func (p *promise) event(v *gateway.Event) {
	p.of(v.Tenant)
	id := p.id("event", gateway.PrefixEvent, v.ID)
	if v.Lined && (v.ConversationKey == "" || !v.AcceptedAt.Truncate(time.Millisecond).Equal(gateway.IDTime(gateway.PrefixEvent, v.ID))) {
		apart := *v
		if apart.Lined = false; v.ConversationKey != "" {
			line := v.Line()
			p.trace(&line)
		}
		v = &apart
	}
	var e record.Encoder
	e.Event(v)
	p.put(eventTable, text(v.Tenant), id, number(dayOfID(id.b)), text(v.Type), hash(gateway.ConversationHash(v.ConversationKey)), raw(e.B))
}

// carry lets the events of a delivery find it.
func (p *promise) carry(d *gateway.Delivery) {
	tenant, own := text(d.Tenant), p.id("delivery", gateway.PrefixDelivery, d.ID)
	for _, event := range d.EventIDs {
		id := p.id("delivery", gateway.PrefixEvent, event)
		p.put(carriedTable, tenant, id, own, number(dayOfID(id.b)))
	}
}

// eventsSince is from when on the events of a tenant are shown. What is older is shown as long
// as an unfinished delivery carries it.
func (e *engine) eventsSince(tenant string) time.Time {
	return e.opts.Now().Add(-kept(e.opts.Retention(tenant).Events, keepEvents))
}

// lookup is an event as statements ask for it.
type lookup struct{ of, tenant, id, day string }

func (p *params) event(tenant string, id []byte) lookup {
	return lookup{tenant, p.text(tenant), p.bytes(id), p.long(dayOfID(id))}
}

// carriers gives the ids in the index of the event, as c.delivery.
func (l lookup) carriers() string {
	return fmt.Sprintf("(SELECT delivery FROM {s}carried WHERE tenant = %s AND event = %s AND day = %s UNION SELECT delivery FROM {s}kept_carried WHERE tenant = %[1]s AND event = %[2]s) AS c", l.tenant, l.id, l.day)
}

// carrier reads those of them that are in a table, one by one, as r: see rowsOf.
func (l lookup) carrier(table, where string) string {
	return fmt.Sprintf("%s, LATERAL (SELECT t.id, t.value FROM {s}%s AS t WHERE t.tenant = %s AND t.id = c.delivery%s OFFSET 0) AS r", l.carriers(), table, l.tenant, where)
}

// beside is a condition on deliveries t: they have ids beside the event's.
func (l lookup) beside(p *params, event []byte) string {
	low, high := besides(event)
	return fmt.Sprintf("t.tenant = %s AND t.id > %s AND t.id <= %s", l.tenant, p.bytes(low), p.bytes(high))
}

// shownEvent is where an event is: as where in kept_events, as where and shown in events.
func (s *reads) shownEvent(p *params, l lookup, id []byte) (where, shown string) {
	shown = " AND day = " + l.day
	if gateway.IDTime(gateway.PrefixEvent, record.FormatID(gateway.PrefixEvent, id)).Before(s.eventsSince(l.of)) {
		shown += " AND (EXISTS (SELECT FROM {s}unfinished AS t WHERE " + l.beside(p, id) + " AND t.events = " + l.id + ") OR EXISTS (SELECT FROM " + l.carrier("unfinished", "") + "))"
	}
	return fmt.Sprintf(" WHERE tenant = %s AND id = %s", l.tenant, l.id), shown
}

// EventAlone gives an event; else gateway.ErrNotFound.
func (s *reads) EventAlone(tenant, id string) (*gateway.Event, error) {
	u, is := gateway.ParseID(gateway.PrefixEvent, id)
	if !is || !keyable(tenant) {
		return nil, gateway.ErrNotFound
	}
	var v gateway.Event
	p := &params{}
	l := p.event(tenant, u[:])
	where, shown := s.shownEvent(p, l, u[:])
	found, err := s.one("SELECT value FROM {s}events"+where+shown+" UNION ALL (SELECT value FROM {s}kept_events"+where+") LIMIT 1", p, func(row [][]byte) (err error) {
		v, err = record.DecodeEvent(tenant, u[:], row[0])
		return err
	})
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
func (s *reads) EventDeliveries(tenant, id string, visit func(gateway.EventDelivery) (more bool)) error {
	u, is := gateway.ParseID(gateway.PrefixEvent, id)
	if !is || !keyable(tenant) {
		return nil
	}
	p := &params{}
	l := p.event(tenant, u[:])
	event, shown := s.shownEvent(p, l, u[:])
	from := p.long(endedFrom(u[:]))
	var parts []string
	for n, table := range placeTables {
		where := " AND t.day >= " + from
		if site(n) == inUnfinished {
			where = ""
		}
		parts = append(parts, "SELECT t.id, t.value FROM {s}"+table+" AS t WHERE "+l.beside(p, u[:])+where, "SELECT r.id, r.value FROM "+l.carrier(table, where))
	}
	var before string
	there := "EXISTS (SELECT FROM {s}events" + event + shown + ") OR EXISTS (SELECT FROM {s}kept_events" + event + ")"
	return s.read("SELECT id, value FROM ("+strings.Join(parts, " UNION ALL ")+") AS x WHERE "+there+" ORDER BY id", p, func(row [][]byte) (bool, error) {
		d, _, err := decodeEnded(tenant, row[0], row[1])
		if err != nil || d.ID == before || s.outlived(d) || !slices.Contains(d.EventIDs, id) {
			return err == nil, err // an id may be beside the event's by chance
		}
		before = d.ID
		return visit(gateway.EventDelivery{ID: d.ID, Endpoint: d.Endpoint, State: d.State}), nil
	})
}

// eventsOf gives the events of an unfinished delivery that are there.
func (e *engine) eventsOf(d *gateway.Delivery) ([]gateway.Event, error) {
	ids, days := eventKeys(d)
	p := &params{}
	where, in := " WHERE tenant = "+p.text(d.Tenant), ""
	if len(ids) == 1 { // nearly all
		where, in = where+" AND id = "+p.bytes(ids[0]), " AND day = "+p.long(days[0])
	} else {
		where, in = where+" AND id = ANY("+p.many(bytesOf, len(ids), func(i int) cell { return raw(ids[i]) })+")", " AND day = ANY("+p.longs(days)+")"
	}
	found := make(map[string]gateway.Event, len(ids))
	err := e.read("SELECT id, value FROM {s}events"+where+in+" UNION ALL SELECT id, value FROM {s}kept_events"+where, p, func(row [][]byte) (bool, error) {
		v, err := record.DecodeEvent(d.Tenant, row[0], row[1])
		found[v.ID] = v
		return true, err
	})
	if err != nil {
		return nil, err
	}
	events := make([]gateway.Event, 0, len(ids))
	for _, id := range d.EventIDs {
		if v, is := found[id]; is {
			events = append(events, v)
		}
	}
	return events, nil
}

// eventKeys gives the ids of what a delivery carries, and their days.
func eventKeys(d *gateway.Delivery) (ids [][]byte, days []int64) {
	for _, id := range d.EventIDs {
		u, _ := gateway.ParseID(gateway.PrefixEvent, id)
		ids = append(ids, u[:])
		if n := dayOfID(u[:]); !slices.Contains(days, n) {
			days = append(days, n)
		}
	}
	return ids, days
}

// eventsThere tells whether all events of a delivery that ended are shown still.
func (s *byHand) eventsThere(d *gateway.Delivery) (bool, error) {
	for _, id := range d.EventIDs {
		if _, err := (&reads{s.writers}).EventAlone(d.Tenant, id); err != nil {
			if errors.Is(err, gateway.ErrNotFound) {
				err = nil
			}
			return false, err
		}
	}
	return true, nil
}

// Events visits the events that are asked for, newest first, until visit wants no more,
// or q.Limit were visited. next, where it is not "", is where to go on (q.Before): q.Rows
// were looked at.
func (s *reads) Events(q store.Query, visit func(*gateway.Event) (more bool)) (next string, err error) {
	q = store.Query{
		Tenant: q.Tenant, Conversation: q.Conversation, Type: q.Type, Kind: q.Kind,
		Since: q.Since, Until: q.Until, Before: q.Before, Limit: q.Limit, Rows: q.Rows,
	}
	return s.events(q, counted(q.Limit, visit))
}

func (e *engine) events(q store.Query, visit func(*gateway.Event) (more bool)) (next string, err error) {
	l := e.newListing(q, gateway.PrefixEvent)
	l.from, l.parted = []string{"events"}, true
	l.since(e.eventsSince(q.Tenant))
	l.text("type", q.Type)
	l.conversation("")
	return l.run(func(id, value []byte) (more bool, err error) {
		v, err := record.DecodeEvent(q.Tenant, id, value)
		return err == nil && (!q.Event(&v) || visit(&v)), err
	})
}

// since leaves out what is older.
func (l *listing) since(at time.Time) {
	if floor := floorID(at); at.Unix() > 0 && slices.Compare(floor, l.low) > 0 {
		l.low = floor
	}
}

// eventLines gives the lines of a conversation's events that are asked for, the newest first.
// As callbacks they are found by milliseconds: of the last one all are looked at.
func (s *timelines) eventLines(q *store.Timeline) (lines []gateway.Trace, err error) {
	ask := store.Query{Tenant: q.Tenant, Conversation: named(q.Names), Since: q.Since}
	if len(ask.Conversation) == 0 {
		return nil, nil
	}
	if q.Before != (store.Line{}) {
		ask.Until = q.Before.At.Add(1)
	}
	for {
		next, err := s.events(ask, func(v *gateway.Event) (more bool) {
			at := store.Line{At: v.AcceptedAt, ID: v.ID}
			if !v.Lined || q.Before != (store.Line{}) && !at.Less(q.Before) {
				return true
			}
			if q.Limit > 0 && len(lines) >= q.Limit && v.AcceptedAt.Before(lines[len(lines)-1].At.Truncate(time.Millisecond)) {
				return false
			}
			lines = append(lines, v.Line())
			return true
		})
		if err != nil || next == "" {
			return lines, err
		}
		ask.Before = next
	}
}
