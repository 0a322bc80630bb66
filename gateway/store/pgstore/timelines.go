package pgstore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// timelines are what happened in conversations.
type timelines struct{ *writers }

var traceTable = newTable("trace", "traces", "tenant bytea, name bytea, at int8, id bytea, day int8", "value bytea")

func (p *promise) trace(t *gateway.Trace) {
	p.of(t.Tenant)
	p.keys("trace", t.Key)
	var e record.Encoder
	e.Trace(t)
	p.put(traceTable, text(t.Tenant), text(t.Key), number(record.Nanos(t.At)), text(t.ID), number(dayOf(t.At)), raw(e.B))
}

// Traces gives the lines of a conversation under all its names that are asked for, the
// newest first.
func (s *timelines) Traces(q store.Timeline) (list []gateway.Trace, err error) {
	if !keyable(q.Tenant) {
		return nil, nil
	}
	if list, err = s.kept(&q); err != nil {
		return nil, err
	}
	callbacks, err := s.callbackLines(&q)
	if err != nil {
		return nil, err
	}
	events, err := s.eventLines(&q)
	if err != nil {
		return nil, err
	}
	list = slices.Concat(list, callbacks, events)
	gateway.SortStable(list, newerLine)
	if q.Limit > 0 {
		list = list[:min(len(list), q.Limit)]
	}
	return list, nil
}

// newerLine is the order of a timeline.
func newerLine(a, b gateway.Trace) int {
	return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID))
}

// kept gives those that have rows of their own.
func (s *timelines) kept(q *store.Timeline) (list []gateway.Trace, err error) {
	p := &params{}
	limit := ""
	if q.Limit > 0 {
		limit = fmt.Sprintf(" LIMIT %d", q.Limit)
	}
	where := " FROM {s}traces AS t WHERE t.tenant = " + p.text(q.Tenant)
	if !q.Since.IsZero() {
		where += " AND t.day >= " + p.long(dayOf(q.Since)) + " AND t.at >= " + p.long(record.Nanos(q.Since))
	}
	if q.Before != (store.Line{}) {
		where += " AND t.day <= " + p.long(dayOf(q.Before.At)) + " AND (t.at, t.id) < (" + p.long(record.Nanos(q.Before.At)) + ", " + p.text(q.Before.ID) + ")"
	}
	var parts []string
	for i, name := range q.Names {
		if slices.Contains(q.Names[:i], name) {
			continue
		}
		parts = append(parts, "(SELECT t.name, t.at, t.id, t.value"+where+" AND t.name = "+p.text(name)+" ORDER BY t.at DESC, t.id DESC"+limit+")")
	}
	if len(parts) == 0 {
		return nil, nil
	}
	sql := "SELECT name, at, id, value FROM (" + strings.Join(parts, " UNION ALL ") + ") AS u ORDER BY at DESC, id DESC" + limit
	err = s.read(sql, p, func(row [][]byte) (bool, error) {
		line, err := record.DecodeTrace(q.Tenant, string(row[0]), record.FromNanos(longAt(row[1])), string(row[2]), row[3])
		list = append(list, line)
		return true, err
	})
	return list, err
}
