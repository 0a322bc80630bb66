package pebblestore

import (
	"bytes"
	"encoding/binary"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// copies are all records as they go to another store, or come from one (store/copying).
// Nobody else uses the store meanwhile. What is found by others (postings, ends of waits,
// places in windows) is made anew where they come in; fan-outs were finished by Open.
type copies struct {
	*engine
	*dropping
	*timelines
}

// laid is a kind of keys, and how a row is read out of what follows the tenant there.
type laid struct {
	kind byte
	read func(r *store.Row, rest, value []byte) bool
}

// lying says where rows of each kind lie.
var lying = map[store.Kind][]laid{
	store.KindResources:    {{kindResource, resourceRow}},
	store.KindWaits:        {{kindWait, idRow}},
	store.KindEndedWaits:   {{kindResumed, idRow}, {kindTimedOut, idRow}, {kindGivenUp, idRow}},
	store.KindMarks:        {{kindMark, markRow}},
	store.KindNames:        {{kindNames, periodRow}},
	store.KindOwn:          {{kindOwn, periodRow}},
	store.KindTraces:       {{kindTrace, traceRow}},
	store.KindParked:       {{kindParked, idRow}},
	store.KindCallbacks:    {{kindCallback, idRow}},
	store.KindCalls:        {{kindCall, idRow}},
	store.KindPending:      {{kindPending, idRow}},
	store.KindJobs:         {{kindJob, idRow}},
	store.KindJobParts:     {{kindJobPart, idNumberRow}},
	store.KindAudit:        {{kindAudit, idRow}},
	store.KindAuditOf:      {{kindAuditOf, idRow}},
	store.KindChanges:      {{kindChange, idRow}},
	store.KindChangesOf:    {{kindChangeOf, idRow}},
	store.KindMinutes:      {{kindMinute, minutes.row}},
	store.KindHours:        {{kindHour, hours.row}},
	store.KindEvents:       {{kindEvent, idRow}},
	store.KindCarried:      {{kindIndex, twoIDsRow}},
	store.KindUnfinished:   {{kindUnfinished, idRow}, {kindRetrying, idRow}},
	store.KindEnded:        {{kindDelivery, idRow}, {kindCancelled, idRow}},
	store.KindAttempts:     {{kindAttempt, idNumberRow}},
	store.KindDead:         {{kindDead, dayed(idRow)}},
	store.KindDeadEvents:   {{kindDeadEvent, dayed(idRow)}},
	store.KindDeadAttempts: {{kindDeadAttempt, dayed(idNumberRow)}},
	store.KindKeptEvents:   {{kindKeptEvent, idRow}},
	store.KindKeptCarried:  {{kindKeptIndex, twoIDsRow}},
	store.KindKeptAttempts: {{kindKeptAttempt, idNumberRow}},
	store.KindHolds:        {{kindHold, holdRow}},
	store.KindStatuses:     {{kindStatus, statusRow}},
}

// Rows visits all rows of a kind. What was begun and not done of lanes that were dropped is
// done before.
func (s *copies) Rows(kind store.Kind, visit func(*store.Row) error) error {
	if err := s.awaitSwept(); err != nil {
		return err
	}
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if kind == store.KindTraces {
		t := &toldTraces{timelines: s.timelines, visit: visit}
		if err := s.rows(kind, t.row); err != nil {
			return err
		}
		return t.flush()
	}
	return s.rows(kind, visit)
}

func (s *copies) rows(kind store.Kind, visit func(*store.Row) error) error {
	for _, at := range lying[kind] {
		if err := s.rowsIn(at, visit); err != nil {
			return err
		}
	}
	return nil
}

func (s *copies) rowsIn(at laid, visit func(*store.Row) error) (err error) {
	it, err := s.iter([]byte{at.kind}, []byte{at.kind + 1})
	if err != nil {
		return err
	}
	defer closeIter(it, &err)
	var r store.Row
	for more := it.First(); more; more = it.Next() {
		tenant, rest, ok := tenantOf(it.Key())
		r = store.Row{Tenant: tenant, Value: it.Value()}
		if !ok || !at.read(&r, rest, it.Value()) {
			return corrupt(at.kind)
		}
		if err := visit(&r); err != nil {
			return err
		}
	}
	return nil
}

// awaitSwept waits until all deliveries of lanes that were dropped have ended.
func (s *copies) awaitSwept() error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(s.drops.unswept()) > 0 {
		select {
		case <-tick.C:
		case <-s.failed:
			return s.refuse()
		case <-s.done:
			return errClosed
		}
	}
	return nil
}

// resourceRow is of a key in which the kind of the resource stands where others have their
// tenant.
func resourceRow(r *store.Row, rest, _ []byte) bool {
	tenant, id, ok := cutText(rest)
	r.Name, r.Tenant, r.Key = r.Tenant, tenant, string(id)
	return ok
}

func idRow(r *store.Row, rest, _ []byte) bool {
	r.ID = rest
	return len(rest) == ulidAt
}

func idNumberRow(r *store.Row, rest, _ []byte) bool {
	if len(rest) != ulidAt+4 {
		return false
	}
	r.ID, r.Number = rest[:ulidAt], int64(binary.BigEndian.Uint32(rest[ulidAt:]))
	return true
}

func twoIDsRow(r *store.Row, rest, _ []byte) bool {
	if len(rest) != 2*ulidAt {
		return false
	}
	r.ID, r.Other = rest[:ulidAt], rest[ulidAt:]
	return true
}

// dayed is of keys that have a day before what read reads.
func dayed(read func(*store.Row, []byte, []byte) bool) func(*store.Row, []byte, []byte) bool {
	return func(r *store.Row, rest, value []byte) bool {
		if len(rest) < 4 {
			return false
		}
		r.At = int64(binary.BigEndian.Uint32(rest))
		return read(r, rest[4:], value)
	}
}

// markRow takes the turn out of the value.
func markRow(r *store.Row, rest, value []byte) bool {
	var key gateway.MarkKey
	if len(rest) != 4+len(key) {
		return false
	}
	r.At, r.Key = int64(binary.BigEndian.Uint32(rest)), string(rest[4:])
	copy(key[:], rest[4:])
	m, turn, err := record.DecodeMark(r.Tenant, key, value)
	if err != nil {
		return false
	}
	var e record.Encoder
	e.Mark(&m, 0)
	r.Number, r.Value = int64(turn), e.B
	return true
}

const periodDays = int64(period / day)

func periodRow(r *store.Row, rest, _ []byte) bool {
	if len(rest) < 4 {
		return false
	}
	r.At, r.Key = int64(binary.BigEndian.Uint32(rest))*periodDays, string(rest[4:])
	return true
}

func traceRow(r *store.Row, rest, _ []byte) bool {
	if len(rest) < 4 {
		return false
	}
	key, at, ok := cutText(rest[4:])
	if !ok || len(at) < 8 {
		return false
	}
	r.Key, r.At, r.Name = key, record.Nanos(record.MomentAt(at)), string(at[8:])
	return true
}

func (g grain) row(r *store.Row, rest, _ []byte) bool {
	if len(rest) < 4 {
		return false
	}
	series, at, ok := cutText(rest[4:])
	if !ok || len(at) != 4 {
		return false
	}
	r.Name, r.At = series, int64(binary.BigEndian.Uint32(at))*int64(g.step/time.Second)
	return true
}

func holdRow(r *store.Row, rest, _ []byte) bool {
	endpoint, conversation, ok := cutText(rest)
	if !ok || len(conversation) != 8 {
		return false
	}
	r.Name, r.Number = endpoint, int64(binary.BigEndian.Uint64(conversation))
	return true
}

func statusRow(r *store.Row, rest, _ []byte) bool {
	r.Name = string(rest)
	return true
}

// toldTraces visits lines of timelines as they are shown: the line of a wait may say that it
// is open, where a callback alone tells of its end (timelines.tellEnds). Some are looked up
// at once.
type toldTraces struct {
	*timelines
	visit func(*store.Row) error
	rows  []store.Row
	lines []gateway.Trace
}

const tracesAtOnce = 128

func (t *toldTraces) row(r *store.Row) error {
	if !bytes.Contains(r.Value, saysWaiting) {
		return t.visit(r)
	}
	line, err := record.DecodeTrace(r.Tenant, r.Key, record.FromNanos(r.At), r.Name, r.Value)
	if err != nil {
		return err
	}
	if n := len(t.rows); n == tracesAtOnce || n > 0 && t.rows[0].Tenant != r.Tenant || t.has(line.ID) {
		if err := t.flush(); err != nil {
			return err
		}
	}
	line.Data = bytes.Clone(line.Data)
	kept := *r
	kept.Value = bytes.Clone(r.Value)
	t.rows, t.lines = append(t.rows, kept), append(t.lines, line)
	return nil
}

func (t *toldTraces) has(id string) bool {
	for i := range t.lines {
		if t.lines[i].ID == id {
			return true
		}
	}
	return false
}

// flush visits what was put off.
func (t *toldTraces) flush() error {
	if len(t.rows) == 0 {
		return nil
	}
	if err := t.tellEnds(t.rows[0].Tenant, t.lines); err != nil {
		return err
	}
	for i := range t.rows {
		if !bytes.Contains(t.lines[i].Data, saysWaiting) {
			var e record.Encoder
			e.Trace(&t.lines[i])
			t.rows[i].Value = e.B
		}
		if err := t.visit(&t.rows[i]); err != nil {
			return err
		}
	}
	t.rows, t.lines = t.rows[:0], t.lines[:0]
	return nil
}
