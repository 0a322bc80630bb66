package pgstore

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// audits are the lines of who changed what, which come with what they tell of, in its
// statement, and those of what changed by itself.
type audits struct{ *writers }

// book is where lines of one sort lie.
type book struct {
	all *table // each where all lie
	of  *table // found for each who is shown it
	id  string // prefix of their ids
}

var (
	auditBook = book{
		newTable("line of the audit", "audit", "id bytea, day int8", "value bytea"),
		newTable("line of the audit", "audit_of", "tenant bytea, id bytea, day int8", ""), gateway.PrefixAudit,
	}
	changesBook = book{
		newTable("line of what changed", "changes", "id bytea, day int8", "value bytea"),
		newTable("line of what changed", "changes_of", "tenant bytea, id bytea, day int8", ""), gateway.PrefixChange,
	}
)

// lines puts lines, each where all lie and for each who is shown it.
func (p *promise) lines(in book, lines []gateway.AuditLine) {
	for i := range lines {
		id := p.id(in.all.word, in.id, lines[i].ID)
		at := number(dayOfID(id.b))
		p.put(in.all, id, at, raw(lines[i].Value))
		for n, tenant := range lines[i].Tenants {
			if slices.Contains(lines[i].Tenants[:n], tenant) {
				continue
			}
			if tenant == "" || !keyable(tenant) {
				p.fail(in.of.word, "a tenant that it is shown to")
			}
			p.put(in.of, text(tenant), id, at)
		}
	}
}

// PutChanges makes lines of what changed by itself durable, all of them or none.
func (s *audits) PutChanges(lines []gateway.AuditLine) error {
	p := newPromise()
	p.lines(changesBook, lines)
	return s.write(p)
}

// AuditLines visits the lines that a tenant is shown, all where q.Tenant is "", newest
// first, until visit wants no more. After q.Rows it stops, and next is where to go on.
// Of q it looks at Tenant, Since, Until, Before and Rows.
func (s *audits) AuditLines(q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error) {
	return s.linesOf(auditBook, q, visit)
}

// Changes is AuditLines of what changed by itself.
func (s *audits) Changes(q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error) {
	return s.linesOf(changesBook, q, visit)
}

func (s *audits) linesOf(in book, q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error) {
	low, high, is := in.within(&q)
	if !is || !keyable(q.Tenant) {
		return "", nil
	}
	left := q.Rows
	if left <= 0 {
		left = rowsAtOnce
	}
	for bytes.Compare(low, high) < 0 {
		n := min(left, pageRows)
		more, looked := true, 0
		err := s.read(in.page(&q, low, high, n), in.params(&q, low, high), func(row [][]byte) (bool, error) {
			looked++
			high = slices.Clone(row[0])
			more = visit(gateway.AuditLine{ID: record.FormatID(in.id, row[0]), Value: slices.Clone(row[1])})
			return more, nil
		})
		if err != nil || !more || looked < n {
			return "", err
		}
		if left -= looked; left <= 0 {
			return record.FormatID(in.id, high), nil
		}
	}
	return "", nil
}

// page reads the newest n lines from low on and below high.
func (k book) page(q *store.Query, low, high []byte, n int) string {
	within := "id >= $1 AND id < $2 AND day >= $3 AND day <= $4"
	if q.Tenant == "" {
		return fmt.Sprintf("SELECT id, value FROM {s}%s WHERE %s ORDER BY id DESC LIMIT %d", k.all.name, within, n)
	}
	return fmt.Sprintf("SELECT o.id, t.value FROM (SELECT id, day FROM {s}%s WHERE %s AND tenant = $5 ORDER BY id DESC LIMIT %d) AS o JOIN {s}%s AS t ON t.id = o.id AND t.day = o.day ORDER BY o.id DESC",
		k.of.name, within, n, k.all.name)
}

func (k book) params(q *store.Query, low, high []byte) *params {
	p := &params{}
	p.bytes(low)
	p.bytes(high)
	p.long(dayOfID(low))
	p.long(dayOfID(high))
	if q.Tenant != "" {
		p.text(q.Tenant)
	}
	return p
}

// within gives the ids that a query is about: from low on, below high.
func (k book) within(q *store.Query) (low, high []byte, is bool) {
	low, high = make([]byte, 16), bytes.Repeat([]byte{0xff}, 16)
	if q.Since.Unix() > 0 {
		low = floorID(q.Since.Add(time.Millisecond - 1)) // a line's moment is whole milliseconds
	}
	if !q.Until.IsZero() && q.Until.Year() <= lastYear {
		high = floorID(time.UnixMilli(max(0, q.Until.Add(time.Millisecond-1).UnixMilli())))
	}
	if q.Before != "" {
		u, is := gateway.ParseID(k.id, q.Before)
		if !is {
			return nil, nil, false
		}
		if bytes.Compare(u[:], high) < 0 {
			high = u[:]
		}
	}
	return low, high, true
}
