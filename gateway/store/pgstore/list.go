package pgstore

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// rowsAtOnce is how many rows a list looks at where its query says nothing. One statement reads
// firstRows of them, then more, up to pageRows; of what is larger than pageBytes together the
// rest is read again.
const (
	rowsAtOnce = 4096
	firstRows  = 64
	pageRows   = 512
	pageBytes  = 1 << 20
)

// listing is what a query asks for, page by page, the newest first. Each table that it reads
// from has the columns tenant, id and value, and an index over (tenant, c, id) for each column
// c that it is asked by.
//
// Asked by one such column, it reads the ids that have the value. Asked by several, it reads
// ids by each of them and goes on with those of the column that has the fewest, or comes
// furthest with as many; what the others say is seen in the records. So it costs what the
// rarest value has.
type listing struct {
	*engine
	q         store.Query
	prefix    string // of its ids
	from      []string
	parted    bool   // by the day of the id
	followed  bool   // what is listed may follow events: see follows.go
	low, high []byte // ids are within
	empty     bool   // there can be nothing
	facets    []facet
}

// facet is one column with values of which any will do. names, where it is not "", is a
// table (tenant, name, id) that has more of them.
type facet struct {
	column string
	sort   sort
	values []cell
	names  string
}

// lastYear is the last of which a list knows: an id has room for no more.
const lastYear = 9999

func (e *engine) newListing(q store.Query, prefix string) *listing {
	l := &listing{engine: e, q: q, prefix: prefix, low: make([]byte, 16), high: bytes.Repeat([]byte{0xff}, 16)}
	l.empty = !keyable(q.Tenant) || !q.Until.IsZero() && q.Until.Unix() < 0 || q.Since.Year() > lastYear
	if q.Since.Unix() > 0 {
		l.low = floorID(q.Since)
	}
	if !q.Until.IsZero() && q.Until.Year() <= lastYear && !l.empty {
		// The last millisecond may hold some that are younger than Until, and some that are older.
		l.high = below(floorID(q.Until.Add(time.Millisecond)))
	}
	if q.Before != "" {
		u, is := gateway.ParseID(prefix, q.Before)
		l.empty = l.empty || !is
		if b := below(u[:]); bytes.Compare(b, l.high) < 0 {
			l.high = b
		}
	}
	return l
}

// facet asks by a column.
func (l *listing) facet(column string, s sort, values ...cell) {
	l.facets = append(l.facets, facet{column: column, sort: s, values: values})
}

// text asks by a column of text, if there is anything to ask for.
func (l *listing) text(column, value string) {
	if value != "" {
		l.facet(column, bytesOf, text(value))
	}
}

// conversation asks by the names of conversations, if there are any; names is the table with
// further names of things, "" for none.
func (l *listing) conversation(names string) {
	if len(l.q.Conversation) == 0 {
		return
	}
	f := facet{column: "conversation", sort: longOf, names: names}
	for _, name := range l.q.Conversation {
		f.values = append(f.values, hash(gateway.ConversationHash(name)))
	}
	l.facets = append(l.facets, f)
}

// below is the id before one; of the first that one itself.
func below(id []byte) []byte {
	b := slices.Clone(id)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i]--; b[i] != 0xff {
			return b
		}
	}
	return slices.Clone(id)
}

// run visits what is asked for until visit wants no more. It gives where to go on when it
// looked at as many rows as it may. No connection is in use meanwhile: who visits may read,
// and may take his time.
func (l *listing) run(visit func(id, value []byte) (more bool, err error)) (next string, err error) {
	left := l.q.Rows
	if left <= 0 {
		left = rowsAtOnce
	}
	for most := firstRows; !l.empty && bytes.Compare(l.low, l.high) <= 0; {
		n := min(left, most)
		if l.q.Limit > 0 {
			n = min(n, max(16, l.q.Limit+1))
		}
		g, err := l.page(n)
		if err != nil {
			return "", err
		}
		for _, row := range g.rows {
			if more, err := visit(row[0], row[1]); err != nil || !more {
				return "", err
			}
		}
		if !g.cut && g.looked < n {
			return "", nil
		}
		if left -= g.looked; left <= 0 {
			return record.FormatID(l.prefix, g.last), nil
		}
		if l.high = below(g.last); bytes.Equal(l.high, g.last) {
			break
		}
		if most = min(2*most, pageRows); g.cut {
			most = max(g.looked, 1)
		}
	}
	return "", nil
}

// gathered is what was read at once.
type gathered struct {
	rows   [][2][]byte // id, value
	bytes  int
	looked int    // rows that were looked at, of which rows are those that are there
	last   []byte // the last that was looked at
	cut    bool   // there may be more: these are as large as may be
}

// add keeps a row, and says whether there is room for another.
func (g *gathered) add(id, value []byte) (more bool) {
	if n := len(g.rows); n > 0 && bytes.Equal(g.rows[n-1][0], id) {
		return true
	}
	g.rows = append(g.rows, [2][]byte{bytes.Clone(id), bytes.Clone(value)})
	g.bytes += len(value)
	g.cut = g.bytes >= pageBytes
	return !g.cut
}

// page reads the next n rows, or what there is of them, or as much as is held at once.
func (l *listing) page(n int) (g gathered, err error) {
	p, sql := &params{}, ""
	if len(l.facets) == 0 {
		sql = l.rows(p, n)
	} else {
		found, err := l.driving(n)
		if err != nil || len(found) == 0 {
			return g, err
		}
		g.looked, g.last = len(found), found[len(found)-1].id
		sql = l.rowsOf(p, found, g.looked == n)
	}
	err = l.read(sql, p, func(row [][]byte) (bool, error) { return g.add(row[0], row[1]), nil })
	if got := len(g.rows); got > 0 && (len(l.facets) == 0 || g.cut) {
		g.looked, g.last = got, g.rows[got-1][0]
	}
	return g, err
}

// within is the condition on the ids of a table.
func (l *listing) within(p *params, alias string) string {
	sql := fmt.Sprintf("%s.tenant = %s AND %[1]s.id >= %[3]s AND %[1]s.id <= %[4]s", alias, p.text(l.q.Tenant), p.bytes(l.low), p.bytes(l.high))
	if l.parted && alias == "t" {
		sql += fmt.Sprintf(" AND t.day >= %s AND t.day <= %s", p.long(dayOfID(l.low)), p.long(dayOfID(l.high)))
	}
	return sql
}

// rows reads the newest n rows.
func (l *listing) rows(p *params, n int) string {
	var parts []string
	for _, table := range l.from {
		parts = append(parts, fmt.Sprintf("(SELECT t.id, t.value FROM {s}%s AS t WHERE %s ORDER BY t.id DESC LIMIT %d)", table, l.within(p, "t"), n))
	}
	return fmt.Sprintf("SELECT id, value FROM (%s) AS u ORDER BY id DESC LIMIT %d", strings.Join(parts, " UNION ALL "), n)
}

// rowsOf reads the rows that have one of some ids, one by one: where the planner takes a
// table for small it would rather read all rows of the tenant.
func (l *listing) rowsOf(p *params, found []candidate, full bool) string {
	ids, events := lookedAt(found, full && l.followed)
	all, tenant, day := p.many(bytesOf, len(ids), func(i int) cell { return raw(ids[i]) }), p.text(l.q.Tenant), ""
	if l.parted {
		day = " AND t.day = {s}day_of(i.id)"
	}
	var parts []string
	for _, table := range l.from {
		parts = append(parts, fmt.Sprintf("(SELECT r.id, r.value FROM unnest(%s) AS i(id), LATERAL (SELECT t.id, t.value FROM {s}%s AS t WHERE t.tenant = %s AND t.id = i.id%s OFFSET 0) AS r)", all, table, tenant, day))
	}
	if len(events) > 0 {
		floor := l.low
		if full {
			floor = found[len(found)-1].id
		}
		parts = append(parts, l.rowsBeside(p, events, floor))
	}
	return fmt.Sprintf("SELECT id, value FROM (%s) AS u ORDER BY id DESC", strings.Join(parts, " UNION ALL "))
}

// driving gives the newest n candidates, or all that there are, of the facet that has the fewest.
func (l *listing) driving(n int) (best []candidate, err error) {
	p := &params{}
	var parts []string
	for i := range l.facets {
		parts = append(parts, fmt.Sprintf("(SELECT %d::int2 AS k, id, max(lead) AS lead FROM (%s) AS u GROUP BY id ORDER BY id DESC LIMIT %d)", i, strings.Join(l.branches(p, &l.facets[i], n), " UNION ALL "), n))
	}
	lists := make([][]candidate, len(l.facets))
	err = l.read("SELECT k, id, lead FROM ("+strings.Join(parts, " UNION ALL ")+") AS v ORDER BY k, id DESC", p, func(row [][]byte) (bool, error) {
		k := shortAt(row[0])
		lists[k] = append(lists[k], candidate{slices.Clone(row[1]), shortAt(row[2]) != 0})
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	best = lists[0]
	for _, other := range lists[1:] {
		if len(other) < len(best) || len(other) == len(best) && len(other) == n && bytes.Compare(other[n-1].id, best[n-1].id) < 0 {
			best = other
		}
	}
	return best, nil
}

// branches read the newest n ids of each value that will do.
func (l *listing) branches(p *params, f *facet, n int) (all []string) {
	for _, value := range f.values {
		place := p.one(f.sort, value)
		byEvents := l.byEvents(f.column)
		for _, table := range l.from {
			where := l.within(p, "t")
			if byEvents && table != placeTables[inGrave] {
				where += " AND t.follows = 0"
			}
			all = append(all, fmt.Sprintf("(SELECT t.id, 0::int2 AS lead FROM {s}%s AS t WHERE t.%s = %s AND %s ORDER BY t.id DESC LIMIT %d)", table, f.column, place, where, n))
		}
		if byEvents {
			all = append(all, l.followers(p, f.column, place, n))
		}
		if f.names != "" {
			all = append(all, fmt.Sprintf("(SELECT a.id, 0::int2 AS lead FROM {s}%s AS a WHERE a.name = %s AND %s ORDER BY a.id DESC LIMIT %d)", f.names, place, l.within(p, "a"), n))
		}
	}
	return all
}

// counted is a visit that ends the list when as many were visited as are wanted.
func counted[T any](most int, visit func(T) (more bool)) func(T) (more bool) {
	found := 0
	return func(one T) bool {
		found++
		return visit(one) && found != most
	}
}
