package pgstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// byHand is what somebody does to deliveries beside their lane.
type byHand struct{ *writers }

const replacedIn = unfinishedIn + settledIn + ", was bytea"

var (
	// replace puts an unfinished delivery in place of itself, as it was read.
	replace = &verb{
		name: "replace a delivery", table: "deliveries", keys: 2, takes: true, answers: true, must: true, in: columns(replacedIn),
		sql:  "DELETE FROM {s}unfinished AS u USING {in} WHERE u.tenant = i.tenant AND u.id = i.id AND u.value = i.was RETURNING i.o, u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, " + movedTo,
		then: []string{takeDue, putAgain, putDueAgain},
	}
	// remove an unfinished delivery, as it was read.
	giveUp = &verb{
		name: "remove a delivery", table: "deliveries", keys: 2, takes: true, answers: true, must: true, in: columns("tenant bytea, id bytea, was bytea"),
		sql:  "DELETE FROM {s}unfinished AS u USING {in} WHERE u.tenant = i.tenant AND u.id = i.id AND u.value = i.was RETURNING i.o, u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, i.tenant, i.id",
		then: []string{takeDue},
	}
	// cancel ends one, whatever became of it meanwhile, if it is unfinished: its record stays,
	// with how it ended before it (cancelled).
	cancel     = cancelVerb(true)
	cancelLate = cancelVerb(false)
	// reopen and exhume let one be unfinished that ended, or died. One that ended must find its
	// events, and keeps a copy of those that may be about to go: a sweep may be under way.
	reopen = &verb{
		name: "reopen a delivery", table: "deliveries", keys: 2, answers: true, must: true, in: columns(unfinishedIn + settledIn + ", ended int8, going int8, today int8"),
		sql: `DELETE FROM {s}ended AS u USING {in} WHERE u.tenant = i.tenant AND u.id = i.id AND u.day = i.ended
			AND NOT EXISTS (SELECT FROM {s}ids(i.events) AS n(event) WHERE NOT EXISTS (SELECT FROM {s}events AS e WHERE e.tenant = i.tenant AND e.id = n.event AND e.day = {s}day_of(n.event))
				AND NOT EXISTS (SELECT FROM {s}kept_events AS e WHERE e.tenant = i.tenant AND e.id = n.event))
			RETURNING i.o, ` + movedTo + ", i.going, i.today",
		then: []string{
			putAgain, "INSERT INTO {s}due (" + dueColumns + ") SELECT " + dueColumns + " FROM {0}", putAttempt,
			`INSERT INTO {s}kept_events (tenant, id, since, value)
				SELECT DISTINCT ON (t.tenant, t.id) t.tenant, t.id, g.today, t.value FROM {this} AS g, {s}ids(g.events) AS n(event), LATERAL (
					SELECT e.tenant, e.id, e.value FROM {s}events AS e WHERE e.tenant = g.tenant AND e.id = n.event AND e.day = {s}day_of(n.event) AND e.day <= g.going
					UNION ALL SELECT e.tenant, e.id, e.value FROM {s}kept_events AS e WHERE e.tenant = g.tenant AND e.id = n.event LIMIT 1) AS t
				ON CONFLICT (tenant, id) DO UPDATE SET since = excluded.since`,
		},
	}
	// What belongs to a dead letter stays in its grave, for others that died on that day may
	// have its events too; a copy is where it is kept for unfinished ones.
	exhume = &verb{
		name: "exhume a delivery", table: "deliveries", keys: 2, answers: true, must: true, in: columns(unfinishedIn + settledIn + ", ended int8, today int8"),
		sql: "DELETE FROM {s}dead AS u USING {in} WHERE u.tenant = i.tenant AND u.id = i.id AND u.day = i.ended RETURNING i.o, " + movedTo + ", i.ended, i.today",
		then: []string{
			putAgain, "INSERT INTO {s}due (" + dueColumns + ") SELECT " + dueColumns + " FROM {0}",
			`INSERT INTO {s}kept_events (tenant, id, since, value)
				SELECT DISTINCT ON (t.tenant, t.id) t.tenant, t.id, g.today, t.value FROM {this} AS g, {s}ids(g.events) AS n(event), {s}dead_events AS t
					WHERE t.tenant = g.tenant AND t.id = n.event AND t.day = g.ended
				ON CONFLICT (tenant, id) DO UPDATE SET since = excluded.since`,
			`INSERT INTO {s}kept_carried (tenant, event, delivery, since)
				SELECT DISTINCT g.tenant, n.event, g.id, g.today FROM {this} AS g, {s}ids(g.events) AS n(event)
				ON CONFLICT (tenant, event, delivery) DO UPDATE SET since = excluded.since`,
			`INSERT INTO {s}kept_attempts (tenant, id, number, since, value)
				SELECT t.tenant, t.id, t.number, g.today, t.value FROM {this} AS g, {s}dead_attempts AS t WHERE t.tenant = g.tenant AND t.id = g.id AND t.day = g.ended
				ON CONFLICT (tenant, id, number) DO UPDATE SET since = excluded.since, value = excluded.value`,
		},
	}
)

func cancelVerb(must bool) *verb {
	return &verb{
		name: "cancel a delivery", table: "deliveries", keys: 2, takes: true, answers: true, must: must, in: columns("tenant bytea, id bytea, day int8, state int2, head bytea"),
		sql: "DELETE FROM {s}unfinished AS u USING {in} WHERE u.tenant = i.tenant AND u.id = i.id RETURNING i.o, " + wasIn +
			", i.tenant, i.id, i.day, i.state, u.endpoint, u.type, u.conversation, i.head || u.value AS value",
		then: []string{
			takeDue,
			"INSERT INTO {s}ended (tenant, id, day, state, endpoint, type, conversation, value) SELECT tenant, id, day, state, endpoint, type, conversation, value FROM {this}" + endedBefore,
		},
	}
}

// cancelledMark begins what stands before the record of a delivery that was ended without a
// look at it: then comes when that was. No version of a record is so high.
const cancelledMark = 0xff

func cancelledHead(at time.Time) []byte {
	return binary.BigEndian.AppendUint64([]byte{cancelledMark}, uint64(record.Nanos(at)))
}

// decodeEnded reads a delivery that ended, and the attempt that its record has with it, or nil.
func decodeEnded(tenant string, id, value []byte) (d *gateway.Delivery, last *gateway.Attempt, err error) {
	if len(value) < 9 || value[0] != cancelledMark {
		return record.DecodeDelivery(tenant, id, value)
	}
	if d, last, err = record.DecodeDelivery(tenant, id, value[9:]); err != nil {
		return nil, nil, err
	}
	d.State, d.NextAttemptAt, d.EndedAt, d.Lent = gateway.DeliveryCancelled, time.Time{}, record.FromNanos(longAt(value[1:])), nil
	return d, last, nil
}

// mostTries is how often something is tried that was changed between the look at it and the
// promise.
const mostTries = 50

// errBusyDelivery: it was changed again and again.
var errBusyDelivery = errors.New("somebody else goes on changing the delivery")

// Requeue makes deliveries wait again, as their State, Base and NextAttemptAt say:
// ended ones, wherever they are, and waiting ones. Their events and attempts are
// those that the store knows. It is durable when it returns; each is requeued whole,
// though not all in one commit. Those that cannot be, because they or their events
// have expired, are named by a *gateway.GoneError; all others were requeued. Where there
// are lines of the audit that tell of it, all are in one commit, which has no lines where
// one was gone.
func (s *byHand) Requeue(told []gateway.AuditLine, deliveries ...*gateway.Delivery) error {
	var gone []string
	seen := make(map[string]bool, len(deliveries))
	var list []*gateway.Delivery
	for _, d := range deliveries {
		if d.State.Ended() {
			return fmt.Errorf("requeue %s: %s is no state to wait in", d.ID, d.State)
		}
		if !seen[d.ID] {
			seen[d.ID], list = true, append(list, d)
		}
	}
	step := len(list)
	if len(told) == 0 {
		step = requeueAtOnce
	}
	for first := true; len(list) > 0 || first && len(told) > 0; first = false {
		part := list[:min(step, len(list))]
		list = list[len(part):]
		lost, err := s.requeue(told, part)
		if err != nil {
			return err
		}
		gone = append(gone, lost...)
	}
	if len(gone) > 0 {
		return &gateway.GoneError{Deliveries: gone}
	}
	return nil
}

// requeueAtOnce is how many are requeued by one promise that nobody told of.
const requeueAtOnce = 64

// requeue is one promise, tried again where one of them was moved meanwhile.
func (s *byHand) requeue(told []gateway.AuditLine, list []*gateway.Delivery) (gone []string, err error) {
	for range mostTries {
		p := newPromise()
		gone = gone[:0]
		for _, d := range list {
			done, err := s.putBack(p, d)
			if err != nil {
				return nil, err
			}
			if !done {
				gone = append(gone, d.ID)
			}
		}
		if len(gone) == 0 {
			p.lines(auditBook, told)
		}
		if err := s.write(p); !notMet(err) {
			return gone, err
		}
	}
	return nil, unavailable(errBusyDelivery)
}

// putBack puts one back; false when it, or an event of it, is not there any more.
func (s *byHand) putBack(p *promise, d *gateway.Delivery) (done bool, err error) {
	f, err := s.find(d.Tenant, d.ID)
	if errors.Is(err, gateway.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	next := *f.d
	next.State, next.Base, next.NextAttemptAt, next.EndedAt = d.State, d.Base, d.NextAttemptAt, time.Time{}
	p.of(d.Tenant)
	cells := p.unfinished(&next)
	switch f.place {
	case inUnfinished:
		p.do(replace, slices.Concat(cells, attempt(nil), []cell{raw(f.value)})...)
	case inGrave:
		p.do(exhume, slices.Concat(cells, attempt(nil), []cell{number(f.day), number(s.today())})...)
	default:
		if there, err := s.eventsThere(f.d); err != nil || !there {
			return false, err
		}
		going := dayOf(s.eventsSince(d.Tenant)) + 1 // the parts that a sweep of today or tomorrow drops
		p.do(reopen, slices.Concat(cells, attempt(f.last), []cell{number(f.day), number(going), number(s.today())})...)
	}
	return true, nil
}

// Merge lets an unfinished delivery carry the events of others of its lane, in the
// order of into.EventIDs; the others are no more, and their events show into in
// their place. It is durable: into is sent under its own id, which must hold the
// same events after a crash. When one of them is not unfinished any more:
// gateway.ErrNotFound, and nothing is written.
func (s *byHand) Merge(into *gateway.Delivery, gone []gateway.Due) error {
	for range mostTries {
		p, err := s.merging(into, gone)
		if err != nil {
			return err
		}
		if err := s.write(p); !notMet(err) {
			return err
		}
	}
	return unavailable(errBusyDelivery)
}

func (s *byHand) merging(into *gateway.Delivery, gone []gateway.Due) (*promise, error) {
	was, value, err := s.waiting(into.Tenant, into.ID)
	if err != nil {
		return nil, err
	}
	p := newPromise()
	p.ofLane(into.Lane())
	carried := slices.Clone(was.EventIDs)
	for _, due := range gone {
		d, value, err := s.waiting(into.Tenant, due.ID)
		if err != nil {
			return nil, err
		}
		if d.ID == into.ID || d.Endpoint != into.Endpoint {
			return nil, fmt.Errorf("merge %s into %s: not another of its lane", d.ID, into.ID)
		}
		p.do(giveUp, text(into.Tenant), p.id("delivery", gateway.PrefixDelivery, d.ID), raw(value))
		carried = append(carried, d.EventIDs...)
	}
	if !sameSet(carried, into.EventIDs) {
		return nil, fmt.Errorf("merge into %s: it does not carry the very events of all", into.ID)
	}
	p.do(replace, slices.Concat(p.unfinished(into), attempt(nil), []cell{raw(value)})...)
	p.carry(into) // what the others leave behind finds nothing
	return p, nil
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// Cancel ends an unfinished delivery, durably; gateway.ErrNotFound when it has ended
// meanwhile. Its events and attempts are those that the store knows.
func (s *byHand) Cancel(d *gateway.Delivery, told ...gateway.AuditLine) error {
	if d.State != gateway.DeliveryCancelled {
		return fmt.Errorf("cancel %s: %s is no state of what was cancelled", d.ID, d.State)
	}
	p := newPromise()
	p.ofLane(d.Lane())
	p.do(cancel, p.cancelled(d, d.EndedAt)...)
	p.lines(auditBook, told)
	err := s.write(p)
	if notMet(err) {
		return gateway.ErrNotFound
	}
	return err
}

// cancelled gives the values of a cancel.
func (p *promise) cancelled(d *gateway.Delivery, at time.Time) []cell {
	return []cell{text(d.Tenant), p.id("delivery", gateway.PrefixDelivery, d.ID), number(dayOf(at)), number(deliveryState(gateway.DeliveryCancelled)), raw(cancelledHead(at))}
}

// besideEvent tells whether the event of a delivery finds it by its own id.
func besideEvent(d *gateway.Delivery) bool {
	if len(d.EventIDs) != 1 {
		return false
	}
	event, is := gateway.ParseID(gateway.PrefixEvent, d.EventIDs[0])
	own, also := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	return is && also && gateway.IsBeside(event, own)
}

// besides are the lowest and highest id that a delivery beside an event may have.
func besides(event []byte) (low, high []byte) {
	high = bytes.Clone(event)
	n := binary.BigEndian.Uint64(event[8:])
	binary.BigEndian.PutUint64(high[8:], n+min(gateway.DeliveriesBeside, ^uint64(0)-n))
	return event, high
}
