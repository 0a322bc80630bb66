package pebblestore

import (
	"bytes"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// audits are the lines of who changed what, which come with what they tell of, in its batch
// (batch.lines), and those of what changed by itself.
type audits struct{ *engine }

// book is where lines of one sort lie.
type book struct {
	all byte   // each where all lie
	of  byte   // found for each who is shown it
	id  string // prefix of their ids
}

var (
	auditBook   = book{kindAudit, kindAuditOf, gateway.PrefixAudit}
	changesBook = book{kindChange, kindChangeOf, gateway.PrefixChange}
)

// lines puts lines of the audit.
func (b *batch) lines(lines []gateway.AuditLine) { auditBook.put(b, lines) }

// PutChanges makes lines of what changed by itself durable, all of them or none.
func (s *audits) PutChanges(lines []gateway.AuditLine) error {
	return s.settled(true, func(b *batch) { changesBook.put(b, lines) })
}

// put puts lines, each where all lie and for each who is shown it.
func (k book) put(b *batch, lines []gateway.AuditLine) {
	for i := range lines {
		u, ok := gateway.ParseID(k.id, lines[i].ID)
		if !ok {
			b.fail(k.all)
		}
		b.key = append(appendPrefix(b.key[:0], k.all, ""), u[:]...)
		b.enc.B = append(b.enc.B[:0], lines[i].Value...)
		b.put()
		for _, tenant := range lines[i].Tenants {
			b.begin(k.of, tenant)
			b.key = append(b.key, u[:]...)
			b.put()
		}
	}
}

// AuditLines visits the lines that a tenant is shown, all where q.Tenant is "", newest
// first, until visit wants no more. After q.Rows it stops, and next is where to go on.
// Of q it looks at Tenant, Since, Until, Before and Rows.
func (s *audits) AuditLines(q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error) {
	return s.read(auditBook, q, visit)
}

// Changes is AuditLines of what changed by itself.
func (s *audits) Changes(q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error) {
	return s.read(changesBook, q, visit)
}

func (s *audits) read(from book, q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error) {
	if err := s.using.Enter(); err != nil {
		return "", err
	}
	defer s.using.Leave()
	if !keyable(q.Tenant) {
		return "", nil
	}
	if next, err = s.visit(from, &q, visit); err != nil {
		return "", err
	}
	return next, s.overtake()
}

func (s *audits) visit(from book, q *store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error) {
	place := from.all
	if q.Tenant != "" {
		place = from.of
	}
	prefix := appendPrefix(nil, place, q.Tenant)
	low, high := from.within(prefix, q)
	if bytes.Compare(low, high) >= 0 {
		return "", nil
	}
	it, err := s.iter(low, high)
	if err != nil {
		return "", err
	}
	defer closeIter(it, &err)
	left := q.Rows
	if left <= 0 {
		left = rowsAtOnce
	}
	for more := it.Last(); more; more = it.Prev() {
		if len(it.Key()) != len(prefix)+ulidAt {
			return "", corrupt(place)
		}
		id := from.id + record.AsULID(tailULID(it.Key())).String()
		line, found, err := s.lineAt(it, from, place, id)
		if err != nil {
			return "", err
		}
		if found && !visit(line) {
			return "", nil
		}
		if left--; left == 0 {
			return id, nil
		}
	}
	return "", nil
}

// lineAt gives the line that an iterator is on, or leads to; found is false for one that
// has expired meanwhile.
func (s *audits) lineAt(it *pebble.Iterator, from book, place byte, id string) (line gateway.AuditLine, found bool, err error) {
	if place == from.all {
		return gateway.AuditLine{ID: id, Value: bytes.Clone(it.Value())}, true, nil
	}
	key := append(appendPrefix(nil, from.all, ""), tailULID(it.Key())...)
	found, err = s.get(key, func(value []byte) error {
		line = gateway.AuditLine{ID: id, Value: bytes.Clone(value)}
		return nil
	})
	return line, found, err
}

// within gives the keys that a query is about.
func (k book) within(prefix []byte, q *store.Query) (from, to []byte) {
	from, to = prefix, pastPrefix(prefix)
	if q.Since.Unix() > 0 {
		u := floorULID(q.Since.Add(time.Millisecond - 1)) // a line's moment is whole milliseconds
		from = append(bytes.Clone(prefix), u[:]...)
	}
	if !q.Until.IsZero() && q.Until.Year() <= lastYear {
		u := floorULID(time.UnixMilli(max(0, q.Until.Add(time.Millisecond-1).UnixMilli())))
		to = append(bytes.Clone(prefix), u[:]...)
	}
	if q.Before != "" {
		u, ok := gateway.ParseID(k.id, q.Before)
		if !ok {
			return from, from
		}
		if below := append(bytes.Clone(prefix), u[:]...); bytes.Compare(below, to) < 0 {
			to = below
		}
	}
	return from, to
}
