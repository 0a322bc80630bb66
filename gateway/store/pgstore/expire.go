package pgstore

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// janitor removes what is too old.
type janitor struct {
	*writers
	sweeping sync.Mutex
	swept    int64 // the day of the last sweep
}

// run expires what is too old, every now and then.
func (s *janitor) run() {
	if err := s.makeParts(s.opts.Now()); err != nil && !errors.Is(err, errClosed) {
		s.opts.Logger.Warn("the parts of the next days could not be made, and are tried again", "error", err)
	}
	ticker := time.NewTicker(s.opts.ExpireEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := s.Expire(s.opts.Now()); err != nil {
				s.opts.Logger.Error("what is too old could not be removed", "error", err)
			}
		case <-s.done:
			return
		}
	}
}

// Expire removes what is too old at now. The janitor does so by itself; this is
// for who cannot wait.
func (s *janitor) Expire(now time.Time) error {
	since := func(ago time.Duration) int64 { return dayOf(now.Add(-ago)) }
	below := func(table, column string, least int64) error {
		return s.expire(table, "t."+column+" < %s", func(p *params) string { return p.long(least) })
	}
	return errors.Join(
		s.makeParts(now),
		s.sweep(now),
		below("ended_waits", "ended", record.Nanos(now.Add(-gateway.OutcomeKept))),
		s.expire("wait_names", "t.day > 0 AND t.day < %s", func(p *params) string { return p.long(since(gateway.OutcomeKept)) }),
		below("marks", "day", dayOf(now)),
		below("names", "day", periodOf(now.Add(-gateway.AliasKept))),
		below("own", "day", periodOf(now.Add(-gateway.AliasKept))),
		below("parked", "expires", record.Nanos(now.Add(-parkedKept))),
		s.expire("jobs", "t.ended > 0 AND t.ended <= %s", func(p *params) string { return p.long(record.Nanos(now.Add(-gateway.JobKept))) }),
		below("minutes", "at", now.Add(-store.MinutesKept).Truncate(time.Hour).Unix()),
		below("hours", "day", since(store.HoursKept)),
		s.expireIDs("audit", now.Add(-s.opts.AuditKept)), s.expireIDs("audit_of", now.Add(-s.opts.AuditKept)),
		s.expireIDs("changes", now.Add(-changesKept)), s.expireIDs("changes_of", now.Add(-changesKept)),
		s.expire("resources", "t.gone > 0 AND t.gone < %s", func(p *params) string { return p.long(dayOf(now) - 1) }),
		s.expireAsEvents(now),
	)
}

// parkedKept is how long what was parked stays for who took it in time.
const parkedKept = 10 * time.Minute

// expireAsEvents removes what is kept as long as a tenant's events.
func (s *janitor) expireAsEvents(now time.Time) (err error) {
	return s.expireOf([]string{"traces", "callbacks", "calls"}, func(tenant string) time.Time {
		return now.Add(-kept(s.opts.Retention(tenant).Events, keepEvents))
	})
}

// expireOf removes, of tables whose retention is a tenant's, what is of a day before its
// limit; where rows have an id, what has a lower one.
func (s *janitor) expireOf(tables []string, limit func(tenant string) time.Time) error {
	var errs []error
	for _, table := range tables {
		tenants, err := s.tenantsOf(table)
		errs = append(errs, err)
		for _, tenant := range tenants {
			at := limit(tenant)
			errs = append(errs, s.expire(table, "t.tenant = %s", func(p *params) string {
				sql := p.text(tenant)
				if table == "traces" {
					return sql + " AND t.day < " + p.long(dayOf(at))
				}
				return sql + " AND t.id < " + p.bytes(floorID(at)) + " AND t.day <= " + p.long(dayOf(at))
			}))
		}
	}
	return errors.Join(errs...)
}

// tenantsOf gives the tenants that have rows in a table, leaping from one to the next.
func (s *janitor) tenantsOf(table string) (tenants []string, err error) {
	sql := fmt.Sprintf("WITH RECURSIVE r AS ((SELECT tenant FROM {s}%s ORDER BY tenant LIMIT 1) UNION ALL SELECT (SELECT t.tenant FROM {s}%[1]s AS t WHERE t.tenant > r.tenant ORDER BY t.tenant LIMIT 1) FROM r WHERE r.tenant IS NOT NULL) SELECT tenant FROM r WHERE tenant IS NOT NULL", table)
	err = s.readFor(whole, sql, nil, func(row [][]byte) (bool, error) {
		tenants = append(tenants, string(row[0]))
		return true, nil
	})
	return tenants, err
}

// expireIDs removes what has an id below that of a moment.
func (s *janitor) expireIDs(table string, at time.Time) error {
	return s.expire(table, "t.id < %s", func(p *params) string { return p.bytes(floorID(at)) + " AND t.day <= " + p.long(dayOf(at)) })
}

// expireAtOnce is how many rows one statement removes, at most.
const expireAtOnce = 5000

// expire removes the rows of a table that meet a condition. Rows that somebody has locked are
// left for the next time: who waits for nobody is in no circle of those who wait.
func (s *janitor) expire(table, where string, values func(*params) string) error {
	for {
		p := &params{}
		sql := fmt.Sprintf("WITH d AS (SELECT t.tableoid, t.ctid FROM {s}%s AS t WHERE %s LIMIT %d FOR UPDATE SKIP LOCKED), g AS (DELETE FROM {s}%[1]s AS t USING d WHERE t.ctid = d.ctid AND t.tableoid = d.tableoid RETURNING 1) SELECT count(*) FROM g",
			table, fmt.Sprintf(where, values(p)), expireAtOnce)
		gone := int64(0)
		err := s.readFor(whole, sql, p, func(row [][]byte) (bool, error) {
			gone = longAt(row[0])
			return true, nil
		})
		if err != nil || gone < expireAtOnce {
			return err
		}
	}
}
