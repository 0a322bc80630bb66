package pgstore

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// partsAhead is for how many days after today parts are made. What is of later days, or
// earlier ones, is in the default part.
const partsAhead = 7

// parted is a table that lies in parts of so many days.
type parted struct {
	table string
	span  int64
}

// partedTables are all of them.
var partedTables = []parted{
	{"ended_waits", 1}, {"marks", 1}, {"names", int64(period / day)}, {"own", int64(period / day)}, {"callbacks", 1}, {"calls", 1}, {"traces", 1},
	{"audit", 1}, {"audit_of", 1}, {"changes", 1}, {"changes_of", 1}, {"minutes", 1}, {"hours", 1},
	{"events", 1}, {"carried", 1}, {"ended", 1}, {"dead", 1}, {"dead_events", 1}, {"dead_attempts", 1}, {"attempts", 1},
}

// errLater: somebody reads or writes there, and goes first.
var errLater = errors.New("somebody else is at the table: tried again later")

// part asks a function of the schema that makes or drops parts.
func (s *janitor) part(sql string, p *params) error {
	err := s.readFor(whole, sql, p, func([][]byte) (bool, error) { return true, nil })
	var e *pgconn.PgError
	if errors.As(err, &e) && (e.Code == "55P03" || e.Code == "40P01") { // lock_not_available, deadlock_detected
		return errLater
	}
	return err
}

// makeParts makes the parts of today and the days after it that are not there.
func (s *janitor) makeParts(now time.Time) error {
	if s.opts.noParts {
		return nil
	}
	there, err := s.partsThere()
	for _, t := range partedTables {
		today := dayOf(now) / t.span * t.span
		for low := today; low <= dayOf(now)+partsAhead && err == nil; low += t.span {
			if there[t.table+"_"+strconv.FormatInt(low, 10)] {
				continue
			}
			p := &params{}
			if err = s.part(fmt.Sprintf("SELECT {s}make_part(%s, %s, %s)", p.word(t.table), p.long(low), p.long(low+t.span)), p); err == errLater {
				err = nil
				break // the others of that table would wait as long for nothing
			}
		}
	}
	return err
}

// partsThere gives the names of all parts.
func (s *janitor) partsThere() (there map[string]bool, err error) {
	there = map[string]bool{}
	p := &params{}
	err = s.read("SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE c.relnamespace = "+p.word(s.opts.Schema)+"::text::regnamespace AND c.relkind = 'r'", p, func(row [][]byte) (bool, error) {
		there[string(row[0])] = true
		return true, nil
	})
	return there, err
}

// dropParts drops the parts of a table whose days all lie below one. Parts that are not
// dropped yet do no harm: what reads them leaves out what is too old.
func (s *janitor) dropParts(below int64, tables ...string) error {
	var errs []error
	for _, t := range partedTables {
		for _, table := range tables {
			if table == t.table {
				p := &params{}
				errs = append(errs, s.part(fmt.Sprintf("SELECT {s}drop_parts(%s, %s, %s)", p.word(table), p.long(t.span), p.long(below)), p))
			}
		}
	}
	return errors.Join(errs...)
}

// dropOld drops the parts of tables whose retention is nobody's own.
func (s *janitor) dropOld(now time.Time) error {
	ago := func(d time.Duration) int64 { return dayOf(now.Add(-d)) }
	return errors.Join(
		s.dropParts(ago(gateway.OutcomeKept), "ended_waits"), s.dropParts(dayOf(now), "marks"),
		s.dropParts(periodOf(now.Add(-gateway.AliasKept)), "names", "own"),
		s.dropParts(ago(s.opts.AuditKept), "audit", "audit_of"), s.dropParts(ago(changesKept), "changes", "changes_of"),
		s.dropParts(dayOf(now.Add(-store.MinutesKept).Truncate(time.Hour)), "minutes"), s.dropParts(ago(store.HoursKept), "hours"),
	)
}
