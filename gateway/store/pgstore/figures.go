package pgstore

import (
	"time"

	"hookgate/gateway/store"
)

// figures are what was counted, by the minute and by the hour.
type figures struct{ *writers }

var (
	minuteTable = newTable("figure of a minute", "minutes", "tenant bytea, series bytea, at int8, day int8", "value bytea")
	hourTable   = newTable("figure of an hour", "hours", "tenant bytea, series bytea, at int8, day int8", "value bytea")
)

// grainOf gives the table of figures, and how far they are apart.
func grainOf(hour bool) (*table, time.Duration) {
	if hour {
		return hourTable, time.Hour
	}
	return minuteTable, time.Minute
}

// PutFigures keeps figures, each in place of those that it had; all of them or none. A crash
// of the database may lose the last of them.
func (s *figures) PutFigures(all []store.Figures) error {
	p := newPromise()
	for i := range all {
		f := &all[i]
		t, step := grainOf(f.Hour)
		p.of(f.Tenant)
		p.keys(t.word, f.Series)
		p.put(t, text(f.Tenant), text(f.Series), number(f.At.Truncate(step).Unix()), number(dayOf(f.At)), raw(f.Data))
	}
	return s.write(p)
}

// Figures shows the figures that are asked for, in the order of time. The data is valid
// until visit returns.
func (s *figures) Figures(of store.FiguresOf, visit func(at time.Time, data []byte)) (err error) {
	if of.Tenant == "" || !keyable(of.Tenant, of.Series) {
		return nil
	}
	t, step := grainOf(of.Hour)
	first, end := of.Since.Truncate(step), of.Until.Add(step-1).Truncate(step)
	p := &params{}
	sql := "SELECT at, value FROM {s}" + t.name + " WHERE tenant = " + p.text(of.Tenant) + " AND series = " + p.text(of.Series) +
		" AND at >= " + p.long(first.Unix()) + " AND at < " + p.long(end.Unix()) +
		" AND day >= " + p.long(dayOf(first)) + " AND day <= " + p.long(dayOf(end)) + " ORDER BY at"
	return s.read(sql, p, func(row [][]byte) (bool, error) {
		visit(time.Unix(longAt(row[0]), 0).UTC(), row[1])
		return true, nil
	})
}
