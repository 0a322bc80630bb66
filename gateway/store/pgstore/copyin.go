package pgstore

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// copyName is the name under which the schema has the note of a copy that is not whole.
const copyName = "copy"

// Tables that rows come into as they are; others do by verbs that look first.
var (
	endedDeliveryTable = newTable("delivery that ended", "ended", "tenant bytea, id bytea, day int8", "state int2, endpoint bytea, type bytea, conversation int8, value bytea")
	attemptTable       = newTable("attempt", "attempts", "tenant bytea, id bytea, number int8, day int8", "value bytea")
	deadTable          = newTable("dead letter", "dead", "tenant bytea, id bytea, day int8", "endpoint bytea, type bytea, conversation int8, value bytea")
	deadEventTable     = newTable("event of a dead letter", "dead_events", "tenant bytea, id bytea, day int8", "value bytea")
	deadAttemptTable   = newTable("attempt of a dead letter", "dead_attempts", "tenant bytea, id bytea, number int8, day int8", "value bytea")
	keptEventTable     = newTable("kept event", "kept_events", "tenant bytea, id bytea", "since int8, value bytea")
	keptCarriedTable   = newTable("kept delivery of an event", "kept_carried", "tenant bytea, event bytea, delivery bytea", "since int8")
	keptAttemptTable   = newTable("kept attempt", "kept_attempts", "tenant bytea, id bytea, number int8", "since int8, value bytea")
	turnedTable        = newTable("mark", "marks", "tenant bytea, key bytea, day int8", "turn int8, value bytea")
)

// PutRows puts rows of a kind, and a note, in one statement. It is as durable as what is settled:
// EndRows makes it so.
func (s *copies) PutRows(kind store.Kind, rows []store.Row, note []byte) error {
	put := puts[kind]
	if put == nil {
		return fmt.Errorf("nothing is known of %s", kind)
	}
	p := &incoming{promise: newPromise(), today: s.today()}
	p.durable, p.alone = false, true
	for i := range rows {
		if rows[i].Tenant != "" {
			p.of(rows[i].Tenant)
		}
		if err := put(p, &rows[i]); err != nil {
			return err
		}
	}
	p.promise.put(metaTable, text(copyName), raw(note))
	if err := s.makePartsFor(p.ops); err != nil {
		return err
	}
	return s.write(p.promise)
}

// Note gives the note that was put last; nil: there is none.
func (s *copies) Note() (note []byte, err error) {
	p := &params{}
	_, err = s.one("SELECT value FROM {s}meta WHERE name = "+p.text(copyName), p, func(row [][]byte) error {
		note = slices.Clone(row[0])
		return nil
	})
	return note, err
}

// EndRows makes all rows durable, and ends the copy: turns go on above those that came.
func (s *copies) EndRows() error {
	// Who owns nothing of the schema may use sequences, and not set them: it needs that only
	// where marks came of a store that was opened very often.
	const turns = "SELECT CASE WHEN m.turn > s.last_value THEN setval('{s}turns', m.turn) END FROM (SELECT coalesce(max(turn), 0) AS turn FROM {s}marks) AS m, {s}turns AS s"
	if err := s.readFor(whole, turns, nil, func([][]byte) (bool, error) { return true, nil }); err != nil {
		return fmt.Errorf("setting the sequence of turns: %w", err)
	}
	p := newPromise()
	p.remove(metaTable, text(copyName))
	return s.write(p)
}

// incoming is rows on their way into a promise.
type incoming struct {
	*promise
	today int64
}

var puts = map[store.Kind]func(*incoming, *store.Row) error{
	store.KindResources: func(p *incoming, r *store.Row) error {
		p.keys("resource", r.Name, r.Tenant, r.Key)
		p.do(putResource, text(r.Name), text(r.Tenant), text(r.Key), raw(r.Value))
		return nil
	},
	store.KindWaits:      (*incoming).wait,
	store.KindEndedWaits: (*incoming).wait,
	store.KindMarks: func(p *incoming, r *store.Row) error {
		return p.row(turnedTable, text(r.Tenant), text(r.Key), number(r.At), number(r.Number), raw(r.Value))
	},
	store.KindNames: func(p *incoming, r *store.Row) error {
		return p.row(namesTable, text(r.Tenant), text(r.Key), number(r.At), raw(r.Value))
	},
	store.KindOwn: func(p *incoming, r *store.Row) error {
		return p.row(ownTable, text(r.Tenant), text(r.Key), number(r.At))
	},
	store.KindTraces: func(p *incoming, r *store.Row) error {
		return p.row(traceTable, text(r.Tenant), text(r.Key), number(r.At), text(r.Name), number(dayOf(record.FromNanos(r.At))), raw(r.Value))
	},
	store.KindParked:    (*incoming).parked,
	store.KindCallbacks: (*incoming).callback,
	store.KindCalls:     (*incoming).call,
	store.KindPending: func(p *incoming, r *store.Row) error {
		return p.row(pendingTable, text(r.Tenant), raw(r.ID), slotCell(r.Tenant), raw(r.Value))
	},
	store.KindJobs: (*incoming).job,
	store.KindJobParts: func(p *incoming, r *store.Row) error {
		return p.row(jobPartTable, text(r.Tenant), raw(r.ID), number(r.Number), raw(r.Value))
	},
	store.KindAudit:     lineOf(auditBook),
	store.KindAuditOf:   shownOf(auditBook),
	store.KindChanges:   lineOf(changesBook),
	store.KindChangesOf: shownOf(changesBook),
	store.KindMinutes:   figureOf(minuteTable),
	store.KindHours:     figureOf(hourTable),
	store.KindEvents:    (*incoming).event,
	store.KindCarried: func(p *incoming, r *store.Row) error {
		return p.row(carriedTable, text(r.Tenant), raw(r.ID), raw(r.Other), number(dayOfID(r.ID)))
	},
	store.KindUnfinished: (*incoming).delivery,
	store.KindEnded:      (*incoming).delivery,
	store.KindAttempts:   (*incoming).attempt,
	store.KindDead:       (*incoming).deadLetter,
	store.KindDeadEvents: func(p *incoming, r *store.Row) error {
		return p.row(deadEventTable, text(r.Tenant), raw(r.ID), number(r.At), raw(r.Value))
	},
	store.KindDeadAttempts: func(p *incoming, r *store.Row) error {
		return p.row(deadAttemptTable, text(r.Tenant), raw(r.ID), number(r.Number), number(r.At), raw(r.Value))
	},
	store.KindKeptEvents: func(p *incoming, r *store.Row) error {
		return p.row(keptEventTable, text(r.Tenant), raw(r.ID), number(p.today), raw(r.Value))
	},
	store.KindKeptCarried: func(p *incoming, r *store.Row) error {
		return p.row(keptCarriedTable, text(r.Tenant), raw(r.ID), raw(r.Other), number(p.today))
	},
	store.KindKeptAttempts: func(p *incoming, r *store.Row) error {
		return p.row(keptAttemptTable, text(r.Tenant), raw(r.ID), number(r.Number), number(p.today), raw(r.Value))
	},
	store.KindHolds: func(p *incoming, r *store.Row) error {
		return p.row(holdTable, text(r.Tenant), text(r.Name), number(r.Number), raw(r.Value))
	},
	store.KindStatuses: func(p *incoming, r *store.Row) error {
		return p.row(statusTable, text(r.Tenant), text(r.Name), raw(r.Value))
	},
}

func (p *incoming) row(t *table, cells ...cell) error {
	p.put(t, cells...)
	return nil
}

func lineOf(in book) func(*incoming, *store.Row) error {
	return func(p *incoming, r *store.Row) error {
		return p.row(in.all, raw(r.ID), number(dayOfID(r.ID)), raw(r.Value))
	}
}

func shownOf(in book) func(*incoming, *store.Row) error {
	return func(p *incoming, r *store.Row) error {
		return p.row(in.of, text(r.Tenant), raw(r.ID), number(dayOfID(r.ID)))
	}
}

func figureOf(t *table) func(*incoming, *store.Row) error {
	return func(p *incoming, r *store.Row) error {
		const daySeconds = int64(day / time.Second)
		return p.row(t, text(r.Tenant), text(r.Name), number(r.At), number(max(0, r.At/daySeconds)), raw(r.Value))
	}
}

func (p *incoming) wait(r *store.Row) error {
	w, err := record.DecodeWaitWithoutBody(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	tenant, id, ended := text(r.Tenant), raw(r.ID), int64(0)
	conversation := hash(gateway.ConversationHash(w.ConversationKey))
	if w.State == gateway.StateWaiting {
		p.put(openTable, tenant, id, slotCell(r.Tenant), text(w.Source), conversation, raw(r.Value))
	} else {
		ended = dayOf(w.EndedAt)
		p.put(endedTable, tenant, id, number(ended), number(waitState(w.State)), text(w.Source), conversation, number(record.Nanos(w.EndedAt)), raw(r.Value))
	}
	for _, alias := range w.Aliases {
		p.put(aliasTable, tenant, hash(gateway.ConversationHash(alias)), id, number(ended))
	}
	return nil
}

func (p *incoming) parked(r *store.Row) error {
	c, err := record.DecodeParked(r.Tenant, r.ID, r.Value, true)
	if err != nil {
		return err
	}
	return p.row(parkedTable, text(r.Tenant), raw(r.ID), slotCell(r.Tenant), number(record.Nanos(c.Expires)), raw(r.Value))
}

func (p *incoming) callback(r *store.Row) error {
	c, err := record.DecodeCallback(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	return p.row(callbackTable, text(r.Tenant), raw(r.ID), number(dayOfID(r.ID)), text(c.Source), text(string(c.Outcome)), hash(gateway.ConversationHash(c.ConversationKey)), raw(r.Value))
}

func (p *incoming) call(r *store.Row) error {
	c, err := record.DecodeCall(r.Tenant, r.ID, r.Value, true)
	if err != nil {
		return err
	}
	return p.row(callTable, text(r.Tenant), raw(r.ID), number(dayOfID(r.ID)), text(c.Webhook), text(string(c.Outcome)), text(c.Reason), hash(gateway.ConversationHash(c.ConversationKey)), raw(r.Value))
}

func (p *incoming) job(r *store.Row) error {
	j, err := record.DecodeJob(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	ended := int64(0)
	if j.State != gateway.JobRunning {
		ended = max(1, record.Nanos(j.EndedAt))
	}
	return p.row(jobTable, text(r.Tenant), raw(r.ID), number(ended), raw(r.Value))
}

func (p *incoming) event(r *store.Row) error {
	v, err := record.DecodeEvent(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	return p.row(eventTable, text(r.Tenant), raw(r.ID), number(dayOfID(r.ID)), text(v.Type), hash(gateway.ConversationHash(v.ConversationKey)), raw(r.Value))
}

// delivery puts one that is not dead, with its place in the window of its lane.
func (p *incoming) delivery(r *store.Row) error {
	d, _, err := record.DecodeDelivery(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	if !d.State.Ended() {
		cells := p.unfinished(d)
		cells[len(cells)-1] = raw(r.Value) // as it came, whatever version of the record
		p.do(putDelivery, cells...)
		return nil
	}
	return p.row(endedDeliveryTable, text(r.Tenant), raw(r.ID), number(dayOf(d.EndedAt)), number(deliveryState(d.State)), text(d.Endpoint), text(d.EventType), hash(gateway.ConversationHash(d.ConversationKey)), raw(r.Value))
}

func (p *incoming) deadLetter(r *store.Row) error {
	d, _, err := record.DecodeDelivery(r.Tenant, r.ID, r.Value)
	if err != nil {
		return err
	}
	return p.row(deadTable, text(r.Tenant), raw(r.ID), number(r.At), text(d.Endpoint), text(d.EventType), hash(gateway.ConversationHash(d.ConversationKey)), raw(r.Value))
}

func (p *incoming) attempt(r *store.Row) error {
	a, err := record.DecodeAttempt(int(r.Number), r.Value, false)
	if err != nil {
		return err
	}
	return p.row(attemptTable, text(r.Tenant), raw(r.ID), number(r.Number), number(dayOf(a.At)), raw(r.Value))
}

// partsBehind is for how many days before today parts are made for what comes. What is older
// is in the default part.
const partsBehind = 400

// makePartsFor makes the parts that rows are to lie in: else all that is older than today would
// be in the default parts, and be removed row by row.
func (s *copies) makePartsFor(ops []op) (err error) {
	if s.opts.noParts {
		return nil
	}
	if s.there == nil {
		if s.there, err = s.parts.partsThere(); err != nil {
			return err
		}
	}
	for i := range ops {
		v := ops[i].verb
		at := slices.IndexFunc(partedTables, func(t parted) bool { return t.table == v.table })
		of := slices.IndexFunc(v.in, func(c column) bool { return c.name == "day" })
		if at < 0 || of < 0 {
			continue
		}
		if err := s.makePart(partedTables[at], ops[i].cells[of].n); err != nil {
			return err
		}
	}
	return nil
}

func (s *copies) makePart(t parted, on int64) error {
	low := on / t.span * t.span
	name := t.table + "_" + strconv.FormatInt(low, 10)
	if s.there[name] || low+t.span <= s.today()-partsBehind || low > s.today()+partsAhead {
		return nil
	}
	s.there[name] = true
	p := &params{}
	err := s.parts.part(fmt.Sprintf("SELECT {s}make_part(%s, %s, %s)", p.word(t.table), p.long(low), p.long(low+t.span)), p)
	if errors.Is(err, errLater) {
		return nil // somebody looks at it: it is in the default part, as any that could not be made
	}
	return err
}
