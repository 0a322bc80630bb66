package pebblestore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// metaCopy is the note of a copy that is not whole.
const metaCopy = "copy"

func copyKey() []byte { return append([]byte{kindMeta}, metaCopy...) }

// PutRows puts rows of a kind, and a note, in one commit, which is durable after EndRows.
func (s *copies) PutRows(kind store.Kind, rows []store.Row, note []byte) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.awaitRoom(); err != nil {
		return err
	}
	in := &incoming{batch: s.newBatch(1 << 20), store: s.engine, ended: map[string]gateway.Ended{}}
	defer in.free()
	put := puts[kind]
	if put == nil {
		return fmt.Errorf("nothing is known of %s", kind)
	}
	for i := range rows {
		if err := put(in, &rows[i]); err != nil {
			return err
		}
	}
	in.key = append(in.key[:0], copyKey()...)
	in.enc.B = append(in.enc.B[:0], note...)
	in.put()
	return s.commit(in.batch, false)
}

// awaitRoom waits until Pebble takes more. A disk that is full refuses.
func (s *copies) awaitRoom() error {
	for s.backlog.admit() != nil {
		if err := s.refuse(); err != nil {
			return err
		}
	}
	return s.admitSettle()
}

// Note gives the note that was put last.
func (s *copies) Note() (note []byte, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	_, err = s.get(copyKey(), func(value []byte) error {
		note = bytes.Clone(value)
		return nil
	})
	return note, err
}

// EndRows makes all rows durable, and ends the copy: turns go on above those that came.
func (s *copies) EndRows() error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	highest := s.turns.last.Load()
	err := s.rows(store.KindMarks, func(r *store.Row) error {
		highest = max(highest, uint64(r.Number))
		return nil
	})
	if err != nil {
		return err
	}
	b := s.newBatch(64)
	defer b.free()
	b.key = append(append(b.key[:0], kindMeta), metaOpenings...)
	b.enc.B = b.enc.B[:0]
	b.enc.Version()
	b.enc.Number(highest >> turnBits) // that of the last opening: the next is above
	b.put()
	b.key = append(b.key[:0], copyKey()...)
	b.remove()
	return s.commit(b, true)
}

// incoming is rows on their way into a batch, with all that finds them.
type incoming struct {
	*batch
	store *engine
	ended map[string]gateway.Ended // of this batch, by key
}

var puts = map[store.Kind]func(*incoming, *store.Row) error{
	store.KindResources: func(in *incoming, r *store.Row) error {
		if !keyable(r.Name, r.Tenant, r.Key) {
			in.fail(kindResource)
		}
		in.key = resourceKey(r.Name, r.Tenant, r.Key)
		in.enc.B = append(in.enc.B[:0], r.Value...)
		in.put()
		return nil
	},
	store.KindWaits:        (*incoming).wait,
	store.KindEndedWaits:   (*incoming).wait,
	store.KindMarks:        (*incoming).mark,
	store.KindNames:        (*incoming).names,
	store.KindOwn:          func(in *incoming, r *store.Row) error { return in.value(kindOwn, r, in.period(r)) },
	store.KindTraces:       (*incoming).trace,
	store.KindParked:       byID(kindParked),
	store.KindCallbacks:    (*incoming).callback,
	store.KindCalls:        (*incoming).call,
	store.KindPending:      byID(kindPending),
	store.KindJobs:         byID(kindJob),
	store.KindJobParts:     numbered(kindJobPart),
	store.KindAudit:        untenanted(kindAudit),
	store.KindAuditOf:      byID(kindAuditOf),
	store.KindChanges:      untenanted(kindChange),
	store.KindChangesOf:    byID(kindChangeOf),
	store.KindMinutes:      minutes.put,
	store.KindHours:        hours.put,
	store.KindEvents:       (*incoming).event,
	store.KindCarried:      twoIDs(kindIndex),
	store.KindUnfinished:   (*incoming).delivery,
	store.KindEnded:        (*incoming).delivery,
	store.KindAttempts:     numbered(kindAttempt),
	store.KindDead:         (*incoming).deadLetter,
	store.KindDeadEvents:   ofDay(kindDeadEvent),
	store.KindDeadAttempts: ofDay(kindDeadAttempt),
	store.KindKeptEvents:   byID(kindKeptEvent),
	store.KindKeptCarried:  twoIDs(kindKeptIndex),
	store.KindKeptAttempts: numbered(kindKeptAttempt),
	store.KindHolds: func(in *incoming, r *store.Row) error {
		if !keyable(r.Name) {
			in.fail(kindHold)
		}
		return in.value(kindHold, r, binary.BigEndian.AppendUint64(append([]byte(r.Name), 0), uint64(r.Number)))
	},
	store.KindStatuses: func(in *incoming, r *store.Row) error { return in.value(kindStatus, r, []byte(r.Name)) },
}

// value puts a record as it came, under a key of its tenant.
func (in *incoming) value(kind byte, r *store.Row, rest []byte) error {
	in.begin(kind, r.Tenant)
	in.key = append(in.key, rest...)
	in.enc.B = append(in.enc.B, r.Value...)
	in.put()
	return nil
}

// found puts what lists find a thing by, each on its own: see arrange.go.
func (in *incoming) found(kind byte, note func()) {
	in.later = in.later[:0]
	note()
	in.postNoted(kind)
	in.later = in.later[:0]
}

func byID(kind byte) func(*incoming, *store.Row) error {
	return func(in *incoming, r *store.Row) error { return in.value(kind, r, r.ID) }
}

func numbered(kind byte) func(*incoming, *store.Row) error {
	return func(in *incoming, r *store.Row) error {
		return in.value(kind, r, appendAttemptNumber(bytes.Clone(r.ID), int(r.Number)))
	}
}

func twoIDs(kind byte) func(*incoming, *store.Row) error {
	return func(in *incoming, r *store.Row) error {
		return in.value(kind, r, append(bytes.Clone(r.ID), r.Other...))
	}
}

// untenanted is of lines, which lie where no tenant is.
func untenanted(kind byte) func(*incoming, *store.Row) error {
	return func(in *incoming, r *store.Row) error {
		in.key = append(appendPrefix(in.key[:0], kind, ""), r.ID...)
		in.enc.B = append(in.enc.B[:0], r.Value...)
		in.put()
		return nil
	}
}

// ofDay is of what belongs to dead letters.
func ofDay(kind byte) func(*incoming, *store.Row) error {
	return func(in *incoming, r *store.Row) error {
		rest := append(binary.BigEndian.AppendUint32(nil, uint32(r.At)), r.ID...)
		if kind == kindDeadAttempt {
			rest = appendAttemptNumber(rest, int(r.Number))
		}
		return in.value(kind, r, rest)
	}
}

func (in *incoming) wait(r *store.Row) error {
	w, err := record.DecodeWaitWithoutBody(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	if w.State != gateway.StateWaiting {
		if err := in.end(w); err != nil {
			return err
		}
	}
	in.found(kindByWait, func() { in.noteWait(w) })
	return in.value(waitPlace(w.State), r, r.ID)
}

// end puts how a wait ended, unless another of its source and key ended later that day.
func (in *incoming) end(w *gateway.Wait) error {
	in.begin(kindEnded, w.Tenant)
	in.key = appendDay(in.key, w.EndedAt)
	in.key = append(append(append(in.key, w.Source...), 0), w.ConversationKey...)
	last, there := in.ended[string(in.key)]
	if !there {
		_, err := in.store.get(in.key, func(value []byte) (err error) {
			last, err = record.DecodeEnded(value)
			return err
		})
		if err != nil {
			return err
		}
	}
	if c := w.EndedAt.Compare(last.EndedAt); c < 0 || c == 0 && w.ID < last.WaitID {
		return nil
	}
	in.ended[string(in.key)] = gateway.Ended{WaitID: w.ID, EndedAt: w.EndedAt}
	putEnded(in.batch, w)
	return nil
}

func (in *incoming) mark(r *store.Row) error {
	var key gateway.MarkKey
	if copy(key[:], r.Key) != len(r.Key) {
		return corrupt(kindMark)
	}
	m, _, err := record.DecodeMark(r.Tenant, key, r.Value)
	if err == nil {
		putMark(in.batch, &m, uint64(r.Number))
	}
	return err
}

// period gives what a key has of a row that lies in a period.
func (in *incoming) period(r *store.Row) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(r.At/periodDays)), r.Key...)
}

func (in *incoming) names(r *store.Row) error {
	err := in.value(kindNames, r, in.period(r))
	in.sieves.names.add(uint32(r.At/periodDays), in.sieves.sum(in.key))
	return err
}

func (in *incoming) trace(r *store.Row) error {
	if !keyable(r.Key) {
		in.fail(kindTrace)
	}
	at := record.FromNanos(r.At)
	rest := record.AppendMoment(appendTraceKey(nil, dayOf(at), r.Key), at)
	return in.value(kindTrace, r, append(rest, r.Name...))
}

func (in *incoming) callback(r *store.Row) error {
	c, err := record.DecodeCallback(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	in.found(kindByCallback, func() { noteCallback(in.batch, &c) })
	return in.value(kindCallback, r, r.ID)
}

func (in *incoming) call(r *store.Row) error {
	c, err := record.DecodeCall(r.Tenant, r.ID, r.Value, true)
	if err != nil {
		return err
	}
	in.found(kindByCall, func() { noteCall(in.batch, c) })
	return in.value(kindCall, r, r.ID)
}

func (in *incoming) event(r *store.Row) error {
	v, err := record.DecodeEvent(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	in.found(kindByEvent, func() { in.noteEvent(&v) })
	return in.value(kindEvent, r, r.ID)
}

// delivery puts one that is not dead.
func (in *incoming) delivery(r *store.Row) error {
	d, _, err := record.DecodeDelivery(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	if err := in.value(deliveryPlace(d.State), r, r.ID); err != nil {
		return err
	}
	if !d.State.Ended() {
		putWaiting(in.batch, d)
	}
	postDelivery(in.batch, kindByDelivery, d)
	return nil
}

func (in *incoming) deadLetter(r *store.Row) error {
	d, _, err := record.DecodeDelivery(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	postGrave(in.batch, d, false)
	return in.value(kindDead, r, append(binary.BigEndian.AppendUint32(nil, uint32(r.At)), r.ID...))
}

func (g grain) put(in *incoming, r *store.Row) error {
	if !keyable(r.Name) {
		in.fail(g.kind)
	}
	at := time.Unix(r.At, 0)
	return in.value(g.kind, r, binary.BigEndian.AppendUint32(g.appendSeries(nil, at, r.Name), bucketOf(at, g.step)))
}
