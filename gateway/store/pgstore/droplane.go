package pgstore

import (
	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// A lane that is dropped may have a million deliveries. What it is and that it was dropped,
// up to which delivery, is one promise; then its deliveries end as cancelled, some at a time,
// in the database alone. Whoever is interrupted does it again: a deleted endpoint's lane is
// dropped at each start that finds it. What comes later for the lane, of a publish that was
// under way, finds that it was dropped, and ends too (late).

var (
	dropTable = newTable("drop of a lane", "drops", "tenant bytea, endpoint bytea", "last bytea, at int8")
	dropHolds = &verb{
		name: "remove the holds of a lane", table: "holds", keys: 2, in: columns("tenant bytea, endpoint bytea"),
		sql: "DELETE FROM {s}holds AS t USING {in} WHERE t.tenant = i.tenant AND t.endpoint = i.endpoint",
	}
	// dropSome ends the first of a lane, up to an id.
	dropSome = &verb{
		name: "cancel deliveries of a lane", table: "deliveries", keys: 3, answers: true,
		in: columns("slot int2, tenant bytea, endpoint bytea, last bytea, day int8, state int2, head bytea"),
		sql: "DELETE FROM {s}unfinished AS u USING (SELECT i.o, i.day, i.state, i.head, d.* FROM {in}, LATERAL (SELECT t.tenant, t.id FROM {s}due AS t WHERE t.slot = i.slot AND t.tenant = i.tenant AND t.endpoint = i.endpoint AND t.id <= i.last ORDER BY t.at, t.id LIMIT 2000) AS d) AS i " +
			"WHERE u.tenant = i.tenant AND u.id = i.id RETURNING i.o, " + wasIn + ", u.tenant, u.id, i.day, i.state, u.endpoint, u.type, u.conversation, i.head || u.value AS value",
		then: cancelLate.then,
	}
	// dropped answers whether a delivery came too late for its lane.
	dropped = &verb{
		name: "ask for a drop", table: "asked", keys: 3, answers: true, in: columns("tenant bytea, endpoint bytea, id bytea"),
		sql: "SELECT i.o FROM {in}, {s}drops AS t WHERE t.tenant = i.tenant AND t.endpoint = i.endpoint AND i.id <= t.last",
	}
)

// dropping ends lanes.
type dropping struct{ *writers }

// DropLane removes an endpoint that was deleted: its status and holds, and its unfinished
// deliveries, which end as cancelled. It is durable when it returns. The more there are the
// longer it takes; others are written between.
func (s *dropping) DropLane(lane gateway.LaneKey) error {
	now := s.opts.Now()
	defer s.hand.ForgetLanes(gateway.SlotsOf(lane.Slot()))
	tenant, endpoint := text(lane.Tenant), text(lane.Endpoint)
	p := newPromise()
	p.of(lane.Tenant)
	p.keys("lane", lane.Endpoint)
	last := p.id("delivery", gateway.PrefixDelivery, gateway.NewID(gateway.PrefixDelivery, now)) // above all that were made
	p.put(dropTable, tenant, endpoint, last, number(record.Nanos(now)))
	p.remove(statusTable, tenant, endpoint)
	p.do(dropHolds, tenant, endpoint)
	if err := s.write(p); err != nil {
		return err
	}
	for more := true; more; {
		p := newPromise()
		p.of(lane.Tenant)
		p.alone, more = true, false
		p.do(dropSome, number(int64(lane.Slot())), tenant, endpoint, last, number(dayOf(now)), number(deliveryState(gateway.DeliveryCancelled)), raw(cancelledHead(now))).hit = &more
		if err := s.write(p); err != nil {
			return err
		}
	}
	return nil
}

// lates asks, with a promise that makes deliveries, for each of their lanes whether it was
// dropped since they were decided.
type lates struct {
	hits map[gateway.LaneKey]*bool
}

func (l *lates) ask(p *promise, d *gateway.Delivery) {
	lane := d.Lane()
	if l.hits[lane] != nil {
		return
	}
	if l.hits == nil {
		l.hits = map[gateway.LaneKey]*bool{}
	}
	hit := new(bool)
	l.hits[lane] = hit
	p.do(dropped, text(d.Tenant), text(d.Endpoint), p.id("delivery", gateway.PrefixDelivery, d.ID)).hit = hit
}

// is tells whether a delivery came too late.
func (l *lates) is(d *gateway.Delivery) bool {
	hit := l.hits[d.Lane()]
	return hit != nil && *hit
}

// dropLate ends what came too late.
func (w *writers) dropLate(l *lates, deliveries []gateway.Delivery) error {
	p := newPromise()
	now := w.opts.Now()
	for i := range deliveries {
		if d := &deliveries[i]; l.is(d) {
			p.of(d.Tenant)
			p.do(cancelLate, p.cancelled(d, now)...)
		}
	}
	return w.write(p)
}
