package pgstore

import (
	"fmt"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// copies are all rows as they go to another store, or come from one (store/copying). Nobody
// else uses the schema meanwhile.
type copies struct {
	*writers
	making *making
	parts  *janitor
	there  map[string]bool // parts of tables, as far as they are known
}

// lying is where the rows of a kind lie: the columns of the table's primary key, which they
// are read by, and the others. A column is a member of a row by its name, or by what stands
// behind it; - is none of its.
type lying struct {
	table, key, rest string
	where            string
	whole            func(*store.Row) error // what else is to be done of a row; nil: nothing
}

var lies = map[store.Kind]lying{
	store.KindResources:    {table: "resources", key: "kind=name tenant id=key", rest: "value", where: "gone = 0"},
	store.KindWaits:        {table: "waits", key: "tenant id", rest: "value"},
	store.KindEndedWaits:   {table: "ended_waits", key: "tenant id day", rest: "value"},
	store.KindMarks:        {table: "marks", key: "tenant key day=at", rest: "turn=number value"},
	store.KindNames:        {table: "names", key: "tenant name=key day=at", rest: "value"},
	store.KindOwn:          {table: "own", key: "tenant key day=at"},
	store.KindTraces:       {table: "traces", key: "tenant name=key at id=name day", rest: "value"},
	store.KindParked:       {table: "parked", key: "tenant id", rest: "value"},
	store.KindCallbacks:    {table: "callbacks", key: "tenant id day", rest: "value"},
	store.KindCalls:        {table: "calls", key: "tenant id day", rest: "value"},
	store.KindPending:      {table: "pending", key: "tenant id", rest: "value"},
	store.KindJobs:         {table: "jobs", key: "tenant id", rest: "value"},
	store.KindJobParts:     {table: "job_parts", key: "tenant id part=number", rest: "value"},
	store.KindAudit:        {table: "audit", key: "id day", rest: "value"},
	store.KindAuditOf:      {table: "audit_of", key: "tenant id day"},
	store.KindChanges:      {table: "changes", key: "id day", rest: "value"},
	store.KindChangesOf:    {table: "changes_of", key: "tenant id day"},
	store.KindMinutes:      {table: "minutes", key: "tenant series=name at day", rest: "value"},
	store.KindHours:        {table: "hours", key: "tenant series=name at day", rest: "value"},
	store.KindEvents:       {table: "events", key: "tenant id day", rest: "value"},
	store.KindCarried:      {table: "carried", key: "tenant event=id delivery=other day"},
	store.KindUnfinished:   {table: "unfinished", key: "tenant id", rest: "value"},
	store.KindEnded:        {table: "ended", key: "tenant id day", rest: "value", whole: endedRow},
	store.KindAttempts:     {table: "attempts", key: "tenant id number day", rest: "value"},
	store.KindDead:         {table: "dead", key: "tenant id day=at", rest: "value"},
	store.KindDeadEvents:   {table: "dead_events", key: "tenant id day=at", rest: "value"},
	store.KindDeadAttempts: {table: "dead_attempts", key: "tenant id number day=at", rest: "value"},
	store.KindKeptEvents:   {table: "kept_events", key: "tenant id", rest: "value"},
	store.KindKeptCarried:  {table: "kept_carried", key: "tenant event=id delivery=other"},
	store.KindKeptAttempts: {table: "kept_attempts", key: "tenant id number", rest: "value"},
	store.KindHolds:        {table: "holds", key: "tenant endpoint=name conversation=number", rest: "value"},
	store.KindStatuses:     {table: "statuses", key: "tenant endpoint=name", rest: "value"},
}

// memberOf puts the value of a column into a row, by the member's name.
var memberOf = map[string]func(*store.Row, []byte){
	"tenant": func(r *store.Row, v []byte) { r.Tenant = string(v) },
	"name":   func(r *store.Row, v []byte) { r.Name = string(v) },
	"key":    func(r *store.Row, v []byte) { r.Key = string(v) },
	"id":     func(r *store.Row, v []byte) { r.ID = v },
	"other":  func(r *store.Row, v []byte) { r.Other = v },
	"at":     func(r *store.Row, v []byte) { r.At = longAt(v) },
	"number": func(r *store.Row, v []byte) { r.Number = longAt(v) },
	"value":  func(r *store.Row, v []byte) { r.Value = v },
	"day":    func(*store.Row, []byte) {}, // it follows from the others
}

// longColumns are those that are numbers.
const longColumns = " day at number turn part conversation "

// reading is how the columns of a table are read.
type reading struct {
	columns []string
	sorts   []sort
	members []func(*store.Row, []byte)
}

func (l *lying) columns(text string) (c reading) {
	for field := range strings.FieldsSeq(text) {
		name, member, renamed := strings.Cut(field, "=")
		if !renamed {
			member = name
		}
		kind := bytesOf
		if strings.Contains(longColumns, " "+name+" ") {
			kind = longOf
		}
		c.columns, c.sorts, c.members = append(c.columns, name), append(c.sorts, kind), append(c.members, memberOf[member])
	}
	return c
}

// copiedAtOnce is how many rows one statement reads: none lasts long.
const copiedAtOnce = 2000

// Rows visits all rows of a kind, in the order of their keys. What was promised and not made
// yet (fan-outs) is made before.
func (s *copies) Rows(kind store.Kind, visit func(*store.Row) error) error {
	if err := s.making.finish(gateway.AllSlots()); err != nil {
		return err
	}
	l, known := lies[kind]
	if !known {
		return fmt.Errorf("nothing is known of %s", kind)
	}
	key, rest := l.columns(l.key), l.columns(l.rest)
	var after [][]byte
	for {
		n := 0
		err := s.readFor(whole, l.page(&key, &rest, after), l.params(&key, after), func(row [][]byte) (bool, error) {
			n++
			after = after[:0]
			var r store.Row
			for i, member := range key.members {
				after = append(after, append([]byte{}, row[i]...))
				member(&r, row[i])
			}
			for i, member := range rest.members {
				member(&r, row[len(key.members)+i])
			}
			if !keyable(r.Tenant) {
				return true, nil // ballast
			}
			if l.whole != nil {
				if err := l.whole(&r); err != nil {
					return false, err
				}
			}
			return true, visit(&r)
		})
		if err != nil || n < copiedAtOnce {
			return err
		}
	}
}

// page reads the rows after a key.
func (l *lying) page(key, rest *reading, after [][]byte) string {
	where, keys := "", strings.Join(key.columns, ", ")
	if l.where != "" {
		where = " WHERE " + l.where
	}
	if after != nil {
		var places []string
		for i := range after {
			places = append(places, fmt.Sprintf("$%d", i+1))
		}
		where = strings.Replace(" WHERE "+l.where+" AND ", "WHERE  AND", "WHERE", 1) + fmt.Sprintf("(%s) > (%s)", keys, strings.Join(places, ", "))
	}
	all := append(key.columns[:len(key.columns):len(key.columns)], rest.columns...)
	return fmt.Sprintf("SELECT %s FROM {s}%s%s ORDER BY %s LIMIT %d", strings.Join(all, ", "), l.table, where, keys, copiedAtOnce)
}

func (l *lying) params(key *reading, after [][]byte) *params {
	p := &params{}
	for i, value := range after {
		p.add(key.sorts[i].oid, value)
	}
	return p
}

// endedRow writes a delivery that ended without a look at it as any other (cancelledHead).
func endedRow(r *store.Row) error {
	if len(r.Value) == 0 || r.Value[0] != cancelledMark {
		return nil
	}
	d, last, err := decodeEnded(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	var e record.Encoder
	e.Delivery(d, last)
	r.Value = e.B
	return nil
}
