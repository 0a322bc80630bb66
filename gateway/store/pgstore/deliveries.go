package pgstore

import (
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// reads show deliveries and events, wherever they are.
type reads struct{ *writers }

// site is where a delivery lies.
type site int16

const (
	inUnfinished site = iota
	inEnded
	inGrave
)

// placeTables are their tables.
var placeTables = [...]string{"unfinished", "ended", "dead"}

// finding is a delivery that was found.
type finding struct {
	d     *gateway.Delivery
	last  *gateway.Attempt // that its record has with it, or nil
	place site
	day   int64  // of its part, where it is not unfinished
	value []byte // its record
}

// asFound reads what lies in a place.
func asFound(tenant string, in site, day int64, id, value []byte) (f finding, err error) {
	f = finding{place: in, day: day, value: slices.Clone(value)}
	f.d, f.last, err = decodeEnded(tenant, id, f.value)
	return f, err
}

// outlived says whether a delivery ended too long ago to be shown.
func (e *engine) outlived(d *gateway.Delivery) bool {
	if !d.State.Ended() {
		return false
	}
	of := e.opts.Retention(d.Tenant)
	keep := kept(of.Deliveries, keepDeliveries)
	if d.State == gateway.DeliveryDead {
		keep = kept(of.Dead, keepDead)
	}
	return e.opts.Now().Sub(d.EndedAt) >= keep
}

// endedFrom is the first part in which a delivery may lie that ended: a clock may have been
// set back between.
func endedFrom(id []byte) int64 { return dayOfID(id) - int64(ahead/day) }

// find looks for a delivery in all places; else gateway.ErrNotFound.
func (e *engine) find(tenant, id string) (f finding, err error) {
	u, is := gateway.ParseID(gateway.PrefixDelivery, id)
	if !is || !keyable(tenant) {
		return f, gateway.ErrNotFound
	}
	p := &params{}
	where := " AS t WHERE t.tenant = " + p.text(tenant) + " AND t.id = " + p.bytes(u[:])
	from := " AND t.day >= " + p.long(endedFrom(u[:]))
	err = e.read("SELECT 0::int2 AS place, 0::int8 AS day, t.value FROM {s}unfinished"+where+
		" UNION ALL SELECT 1::int2, t.day, t.value FROM {s}ended"+where+from+
		" UNION ALL SELECT 2::int2, t.day, t.value FROM {s}dead"+where+from, p, func(row [][]byte) (bool, error) {
		one, err := asFound(tenant, site(shortAt(row[0])), longAt(row[1]), u[:], row[2])
		if err == nil && !e.outlived(one.d) && (f.d == nil || one.place < f.place) {
			f = one
		}
		return true, err
	})
	if err == nil && f.d == nil {
		err = gateway.ErrNotFound
	}
	return f, err
}

// mostAttempts is how much of a delivery's attempts is read, or buried with it, at once.
// A tenant chooses how often its deliveries are tried: all of a million attempts, of 16
// KiB each, would be more than there is (SPEC 16).
var mostAttempts = gateway.AttemptBounds{Most: 1000, Bodies: 8 << 20}

// Delivery gives a delivery with its last attempts, at most 1,000, and their bodies,
// at most 8 MiB; else gateway.ErrNotFound.
func (s *reads) Delivery(tenant, id string) (*gateway.Delivery, []gateway.Attempt, error) {
	return s.ReadDelivery(tenant, id, mostAttempts)
}

// ReadDelivery is Delivery with no more of its attempts than so many; the last count.
func (s *reads) ReadDelivery(tenant, id string, most gateway.AttemptBounds) (*gateway.Delivery, []gateway.Attempt, error) {
	f, err := s.find(tenant, id)
	if err != nil {
		return nil, nil, err
	}
	attempts, err := s.attempts(&f, most)
	return f.d, attempts, err
}

// attempts gives the attempts of a delivery that was found, in order, from wherever they are.
func (e *engine) attempts(f *finding, most gateway.AttemptBounds) (list []gateway.Attempt, err error) {
	if most.Most <= 0 {
		return nil, nil
	}
	if f.last != nil {
		if most.Bodies < f.last.Said() {
			f.last.Unsay()
		}
		most.Bodies -= f.last.Said()
		list = append(list, *f.last)
	}
	if f.d.Attempts == len(list) {
		return list, nil
	}
	u, _ := gateway.ParseID(gateway.PrefixDelivery, f.d.ID)
	p := &params{}
	limit := " ORDER BY t.number DESC LIMIT " + p.long(int64(most.Most)) + ")"
	where := " AS t WHERE t.tenant = " + p.text(f.d.Tenant) + " AND t.id = " + p.bytes(u[:])
	sql := "(SELECT t.number, t.value FROM {s}attempts" + where + " AND t.day >= " + p.long(endedFrom(u[:])) + limit +
		" UNION ALL (SELECT t.number, t.value FROM {s}kept_attempts" + where + limit
	if f.place == inGrave {
		sql = "(SELECT t.number, t.value FROM {s}dead_attempts" + where + " AND t.day = " + p.long(f.day) + limit
	}
	err = e.read("SELECT DISTINCT ON (number) number, value FROM ("+sql+") AS x ORDER BY number DESC", p, func(row [][]byte) (bool, error) {
		if n := int(longAt(row[0])); f.last == nil || n != f.last.Number {
			// The record is what was said and a few words beside.
			a, err := record.DecodeAttempt(n, row[1], len(row[1]) <= most.Bodies)
			if err != nil {
				return false, err
			}
			list = append(list, a)
			most.Bodies -= a.Said()
		}
		return len(list) < most.Most, nil
	})
	slices.Reverse(list)
	return list, err
}

// AttemptedAt tells when the n-th attempt of a delivery that has not ended was made; else
// gateway.ErrNotFound.
func (s *reads) AttemptedAt(tenant, id string, n int) (at time.Time, err error) {
	u, is := gateway.ParseID(gateway.PrefixDelivery, id)
	if !is || !keyable(tenant) {
		return at, gateway.ErrNotFound
	}
	p := &params{}
	where := " WHERE tenant = " + p.text(tenant) + " AND id = " + p.bytes(u[:]) + " AND number = " + p.long(int64(n))
	found, err := s.one("SELECT value FROM {s}attempts"+where+" AND day >= "+p.long(endedFrom(u[:]))+" UNION ALL SELECT value FROM {s}kept_attempts"+where, p, func(row [][]byte) error {
		a, err := record.DecodeAttempt(n, row[0], false)
		at = a.At
		return err
	})
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return at, err
}
