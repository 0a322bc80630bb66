package pgstore

import (
	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// A delivery is settled where it is unfinished, and nowhere else: each verb takes it from
// there first, and what follows goes on from what it took. So of two who settle it at once,
// at two nodes even, one does.
const (
	settledIn = ", number int8, made int8, attempt bytea" // an attempt; number 0: none
	// putAttempt puts the attempt.
	putAttempt = "INSERT INTO {s}attempts (tenant, id, number, day, value) SELECT tenant, id, number, made, attempt FROM {this} WHERE number > 0 ON CONFLICT (tenant, id, number, day) DO UPDATE SET value = excluded.value"
	// putEnded puts what was taken. A publish that is made again, for nobody knew what came of it,
	// makes a delivery again that has ended, and so it ends again: the last end counts.
	putEnded    = "INSERT INTO {s}ended (tenant, id, day, state, endpoint, type, conversation, value, follows) SELECT tenant, id, day, state, endpoint, type, conversation, value, follows FROM {this}"
	endedBefore = " ON CONFLICT (tenant, id, day) DO UPDATE SET state = excluded.state, endpoint = excluded.endpoint, type = excluded.type, conversation = excluded.conversation, value = excluded.value, follows = excluded.follows"
	// putAgain and putDueAgain put what was taken, when it has been.
	putAgain    = "INSERT INTO {s}unfinished (" + unfinishedColumns + ") SELECT " + unfinishedColumns + " FROM {this} RETURNING " + toDue
	putDueAgain = "INSERT INTO {s}due (" + dueColumns + ") SELECT " + dueColumns + " FROM {1}, (SELECT count(*) FROM {0}) AS taken"
)

// movedTo returns what a verb that makes a delivery unfinished was given.
const movedTo = "i.tenant, i.id, i.slot, i.endpoint, i.due, i.state, i.type, i.conversation, i.events, i.also, i.lent, i.value, i.follows, i.number, i.made, i.attempt"

var (
	// settleAgain lets a delivery be due again.
	settleAgain = &verb{
		name: "settle a delivery", table: "deliveries", keys: 2, takes: true, in: columns(unfinishedIn + settledIn),
		sql: "DELETE FROM {s}unfinished AS u USING {in} WHERE u.tenant = i.tenant AND u.id = i.id RETURNING " + wasIn +
			", i.tenant, i.id, i.slot, i.endpoint, i.due, i.state, u.type, u.conversation, u.events, i.also, i.lent, i.value, u.follows, i.number, i.made, i.attempt",
		then: []string{takeDue, putAgain, putDueAgain, putAttempt},
	}
	// settleEnded ends one as succeeded or cancelled.
	settleEnded = &verb{
		name: "end a delivery", table: "deliveries", keys: 2, takes: true,
		in:  columns("tenant bytea, id bytea, day int8, state int2, value bytea" + settledIn),
		sql: "DELETE FROM {s}unfinished AS u USING {in} WHERE u.tenant = i.tenant AND u.id = i.id RETURNING " + wasIn + ", i.tenant, i.id, i.day, i.state, u.endpoint, u.type, u.conversation, i.value, u.follows, i.number, i.made, i.attempt",
		then: []string{
			takeDue,
			putEnded + endedBefore,
			putAttempt,
		},
	}
	// settleEndedWell is settleEnded without an attempt beside the record: so ends nearly all,
	// and what would put attempts is not even begun.
	settleEndedWell = &verb{
		name: "end a delivery with its record", table: "deliveries", keys: 2, takes: true,
		in:   columns("tenant bytea, id bytea, day int8, state int2, value bytea"),
		sql:  "DELETE FROM {s}unfinished AS u USING {in} WHERE u.tenant = i.tenant AND u.id = i.id RETURNING " + wasIn + ", i.tenant, i.id, i.day, i.state, u.endpoint, u.type, u.conversation, i.value, u.follows",
		then: settleEnded.then[:2:2],
	}
	// bury ends one as dead. A copy of all that belongs to it goes with it, for it is kept
	// longer than the events and attempts of its time.
	bury = &verb{
		name: "bury a delivery", table: "deliveries", keys: 2, takes: true, in: columns("tenant bytea, id bytea, day int8, value bytea, number int8, attempt bytea"),
		sql: "DELETE FROM {s}unfinished AS u USING {in} WHERE u.tenant = i.tenant AND u.id = i.id RETURNING " + wasIn + ", i.tenant, i.id, i.day, u.endpoint, u.type, u.conversation, u.events, i.value, i.number, i.attempt",
		then: []string{
			takeDue,
			"INSERT INTO {s}dead (tenant, id, day, endpoint, type, conversation, value) SELECT tenant, id, day, endpoint, type, conversation, value FROM {this} ON CONFLICT (tenant, id, day) DO UPDATE SET endpoint = excluded.endpoint, type = excluded.type, conversation = excluded.conversation, value = excluded.value",
			`INSERT INTO {s}dead_attempts (tenant, id, number, day, value)
				SELECT g.tenant, g.id, a.number, g.day, a.value FROM {this} AS g, LATERAL (
					SELECT DISTINCT ON (number) number, value FROM (
						(SELECT g.number, g.attempt AS value WHERE g.number > 0)
						UNION ALL (SELECT t.number, t.value FROM {s}attempts AS t WHERE t.tenant = g.tenant AND t.id = g.id ORDER BY t.number DESC LIMIT 1000)
						UNION ALL (SELECT t.number, t.value FROM {s}kept_attempts AS t WHERE t.tenant = g.tenant AND t.id = g.id ORDER BY t.number DESC LIMIT 1000)
					) AS x ORDER BY number DESC LIMIT 1000) AS a
				ON CONFLICT (tenant, id, number, day) DO UPDATE SET value = excluded.value`,
			`INSERT INTO {s}dead_events (tenant, id, day, value)
				SELECT g.tenant, e.id, g.day, e.value FROM {this} AS g, {s}ids(g.events) AS n(event), LATERAL (
					(SELECT t.id, t.value FROM {s}events AS t WHERE t.tenant = g.tenant AND t.id = n.event AND t.day = {s}day_of(n.event))
					UNION ALL (SELECT t.id, t.value FROM {s}kept_events AS t WHERE t.tenant = g.tenant AND t.id = n.event)
					LIMIT 1) AS e
				ON CONFLICT DO NOTHING`,
		},
	}
)

// attempt gives the values of settledIn.
func attempt(a *gateway.Attempt) []cell {
	if a == nil {
		return []cell{number(0), number(0), raw(nil)}
	}
	var e record.Encoder
	e.Attempt(a)
	return []cell{number(int64(a.Number)), number(dayOf(a.At)), raw(e.B)}
}

// maxEmbedded is the largest answer of a last attempt that is kept in the record of its
// delivery: most deliveries have one attempt with a short answer, and are one row.
const maxEmbedded = 1 << 10

func embeddable(a *gateway.Attempt) bool {
	return a != nil && len(a.ResponseBody) <= maxEmbedded && a.Said() <= 2*maxEmbedded
}

// Settle writes down an attempt (nil: none was made) and how the delivery stands after it:
// ended, or due again at d.NextAttemptAt. A crash of the database may lose that it succeeded,
// or is due again, and then the attempt is repeated; what ends it otherwise is a promise. Of a
// delivery that is not unfinished any more (its tenant was deleted, it was cancelled) nothing
// is written. Its place in the window is that of its row: it may have been moved since it was
// taken from there.
func (s *queue) Settle(d *gateway.Delivery, a *gateway.Attempt) error {
	p := newPromise()
	p.settle(d, a)
	return s.write(p)
}

func (p *promise) settle(d *gateway.Delivery, a *gateway.Attempt) {
	p.ofLane(d.Lane())
	p.durable = d.State.Ended() && d.State != gateway.DeliverySucceeded
	p.lazy = !p.durable
	id := p.id("delivery", gateway.PrefixDelivery, d.ID)
	var e record.Encoder
	switch {
	case !d.State.Ended():
		p.do(settleAgain, append(p.unfinished(d), attempt(a)...)...)
	case d.State == gateway.DeliveryDead:
		e.Delivery(d, nil)
		made := attempt(a)
		p.do(bury, text(d.Tenant), id, number(dayOf(d.EndedAt)), raw(e.B), made[0], made[2])
	case embeddable(a):
		e.Delivery(d, a)
		p.end(d, id, e.B, nil)
	default:
		e.Delivery(d, nil)
		p.end(d, id, e.B, a)
	}
}

func (p *promise) end(d *gateway.Delivery, id cell, value []byte, a *gateway.Attempt) {
	cells := []cell{text(d.Tenant), id, number(dayOf(d.EndedAt)), number(deliveryState(d.State)), raw(value)}
	if a == nil {
		p.do(settleEndedWell, cells...)
		return
	}
	p.do(settleEnded, append(cells, attempt(a)...)...)
}
