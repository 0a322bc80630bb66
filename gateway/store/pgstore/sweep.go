package pgstore

import (
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
)

// What ended is not shown any more when its time is over (outlived, eventsSince); once a day
// the sweep removes it: whole parts, as far as no tenant keeps them longer, and of the others
// what is too old of each tenant. Before that it copies what is still needed: the events of
// deliveries that are unfinished, and the attempts of those and of deliveries that ended later.
// Nothing that is not shown can come to be needed between, for nobody can ask for it, and what
// comes back brings its own copy along.

// limits are the first days that are kept.
type limits struct{ events, deliveries, dead int64 }

func (s *janitor) limitsOf(of gateway.Retention, now time.Time) limits {
	ago := func(d *gateway.Duration, otherwise time.Duration) int64 { return dayOf(now.Add(-kept(d, otherwise))) }
	return limits{ago(of.Events, keepEvents), ago(of.Deliveries, keepDeliveries), ago(of.Dead, keepDead)}
}

// sweep removes what is too old of what was published, if it has not been done today.
func (s *janitor) sweep(now time.Time) error {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	if s.swept == dayOf(now) {
		return nil
	}
	err := s.sweepAll(now)
	switch {
	case err == nil:
		s.swept = dayOf(now)
	case allLater(err):
		s.opts.Logger.Debug("what is too old is dropped later", "error", err)
		err = nil
	}
	return err
}

// allLater tells whether all errors of a join are errLater.
func allLater(err error) bool {
	if joined, is := err.(interface{ Unwrap() []error }); is {
		return !slices.ContainsFunc(joined.Unwrap(), func(one error) bool { return !allLater(one) })
	}
	return err == errLater
}

func (s *janitor) sweepAll(now time.Time) error {
	tenants, err := s.tenantsWithEvents()
	if err != nil {
		return err
	}
	least := s.limitsOf(gateway.Retention{}, now)
	for _, tenant := range tenants {
		of := s.limitsOf(s.opts.Retention(tenant), now)
		if err := s.keep(tenant, of, now); err != nil {
			return err // nothing is dropped of which something may be needed
		}
		least = limits{min(least.events, of.events), min(least.deliveries, of.deliveries), min(least.dead, of.dead)}
	}
	later := errors.Join(
		s.dropOld(now), s.dropParts(least.events, "events", "carried", "traces", "callbacks", "calls"),
		s.dropParts(least.deliveries, "ended", "attempts"), s.dropParts(least.dead, "dead", "dead_events", "dead_attempts"),
	)
	if later != nil && !allLater(later) {
		return later
	}
	for _, tenant := range tenants {
		of := s.limitsOf(s.opts.Retention(tenant), now)
		for table, below := range map[string]int64{
			"events": of.events, "carried": of.events, "ended": of.deliveries, "attempts": of.deliveries,
			"dead": of.dead, "dead_events": of.dead, "dead_attempts": of.dead,
		} {
			if err := s.expire(table, "t.tenant = %s", func(p *params) string { return p.text(tenant) + " AND t.day < " + p.long(below) }); err != nil {
				return err
			}
		}
	}
	return errors.Join(later, s.clean(now))
}

// tenantsWithEvents gives the tenants that have anything that was published.
func (s *janitor) tenantsWithEvents() (all []string, err error) {
	for _, table := range []string{"events", "unfinished", "ended", "attempts", "dead", "callbacks", "calls", "traces"} {
		some, err := s.tenantsOf(table)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(tenant string) bool { return !keyable(tenant) }), nil // but for ballast
}

// carriedSQL is what unfinished deliveries carry.
const carriedSQL = "SELECT u.tenant, n.event, u.id AS delivery FROM {s}unfinished AS u, {s}ids(u.events) AS n(event)"

// keep copies what is needed of a tenant's parts that may go.
func (s *janitor) keep(tenant string, of limits, now time.Time) error {
	p := &params{}
	t, today, below := p.text(tenant), p.long(dayOf(now)), p.long(of.events)
	events := "WITH needed AS (" + carriedSQL + " WHERE u.tenant = " + t + " AND EXISTS (SELECT FROM {s}events WHERE tenant = " + t + " AND day < " + below + ")), " +
		"k AS (INSERT INTO {s}kept_events (tenant, id, since, value) SELECT DISTINCT ON (e.tenant, e.id) e.tenant, e.id, " + today + ", e.value FROM needed AS n JOIN {s}events AS e ON e.tenant = n.tenant AND e.id = n.event AND e.day < " + below + " ON CONFLICT DO NOTHING) " +
		"INSERT INTO {s}kept_carried (tenant, event, delivery, since) SELECT DISTINCT n.tenant, n.event, n.delivery, " + today + " FROM needed AS n JOIN {s}events AS e ON e.tenant = n.tenant AND e.id = n.event AND e.day < " + below + " ON CONFLICT DO NOTHING"
	if err := s.tell(events, p); err != nil {
		return err
	}
	if err := s.unfollow(tenant, of); err != nil {
		return err
	}
	p = &params{}
	t, today, below = p.text(tenant), p.long(dayOf(now)), p.long(of.deliveries)
	return s.tell("INSERT INTO {s}kept_attempts (tenant, id, number, since, value) SELECT a.tenant, a.id, a.number, "+today+", a.value FROM {s}attempts AS a WHERE a.tenant = "+t+" AND a.day < "+below+
		" AND (EXISTS (SELECT FROM {s}unfinished AS u WHERE u.tenant = a.tenant AND u.id = a.id) OR EXISTS (SELECT FROM {s}ended AS u WHERE u.tenant = a.tenant AND u.id = a.id AND u.day >= "+below+")) ON CONFLICT DO NOTHING", p)
}

// unfollow lets lists find by their own indexes what outlives the events of a tenant.
func (s *janitor) unfollow(tenant string, of limits) error {
	floor := floorID(time.UnixMilli(of.events * day.Milliseconds()))
	for _, table := range placeTables[:inGrave] {
		p := &params{}
		sql := "UPDATE {s}" + table + " SET follows = 0 WHERE tenant = " + p.text(tenant) + " AND id < " + p.bytes(floor) + " AND follows <> 0"
		if table != placeTables[inUnfinished] {
			sql += " AND day >= " + p.long(of.deliveries)
		}
		if err := s.tell(sql, p); err != nil {
			return err
		}
	}
	return nil
}

// clean removes what was kept and is not needed any more: it was put before today, and nobody
// has put it again.
func (s *janitor) clean(now time.Time) error {
	p := &params{}
	// A merge may have handed an event over.
	err := s.tell("INSERT INTO {s}kept_carried (tenant, event, delivery, since) SELECT DISTINCT n.tenant, n.event, n.delivery, "+p.long(dayOf(now))+
		" FROM ("+carriedSQL+" WHERE EXISTS (SELECT FROM {s}kept_events)) AS n JOIN {s}kept_events AS e ON e.tenant = n.tenant AND e.id = n.event ON CONFLICT DO NOTHING", p)
	if err != nil {
		return err
	}
	before := func(table, unless string) error {
		return s.expire(table, "t.since < %s", func(p *params) string { return p.long(dayOf(now)) + " AND NOT EXISTS (" + unless + ")" })
	}
	const lies = " AS u WHERE u.tenant = t.tenant AND u.id = t."
	return errors.Join(
		before("kept_events", "SELECT FROM ("+carriedSQL+") AS n WHERE n.tenant = t.tenant AND n.event = t.id"),
		before("kept_carried", "SELECT FROM {s}unfinished"+lies+"delivery"),
		before("kept_attempts", "SELECT FROM {s}unfinished"+lies+"id UNION ALL SELECT FROM {s}ended"+lies+"id"),
		s.expire("drops", "t.at < %s AND NOT EXISTS (SELECT FROM {s}fanouts AS f WHERE f.tenant = t.tenant)", func(p *params) string { return p.long(now.Add(-dropKept).UnixNano()) }),
	)
}

// dropKept is how long it is remembered that a lane was dropped: a publish that was under way
// comes after.
const dropKept = 10 * time.Minute

// tell does something of which nothing is read.
func (s *janitor) tell(sql string, p *params) error {
	return s.readFor(whole, sql, p, func([][]byte) (bool, error) { return true, nil })
}
