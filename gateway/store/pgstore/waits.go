package pgstore

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// waits are waiting sessions. Those that are open lie apart from those that have ended, of
// which there are many more: an end removes a row here and puts one there.
type waits struct{ *writers }

var (
	openTable  = newTable("wait", "waits", "tenant bytea, id bytea", "slot int2, source bytea, conversation int8, value bytea")
	endedTable = newTable("wait", "ended_waits", "tenant bytea, id bytea, day int8", "state int2, source bytea, conversation int8, ended int8, value bytea")
	// aliasTable has the other names of a wait; day is 0 while it is open.
	aliasTable = newTable("name of a wait", "wait_names", "tenant bytea, name int8, id bytea", "day int8")
)

// states are to be added to at the end, and never changed.
var waitStates = [...]gateway.WaitState{gateway.StateWaiting, gateway.StateResumed, gateway.StateTimedOut, gateway.StateCancelled}

func waitState(state gateway.WaitState) (n int64) {
	for i, s := range waitStates {
		if s == state {
			n = int64(i)
		}
	}
	return n
}

func (p *promise) wait(w *gateway.Wait) {
	p.of(w.Tenant)
	p.keys("wait", w.Source, w.ConversationKey)
	var e record.Encoder
	e.Wait(w)
	tenant, id, ended := text(w.Tenant), p.id("wait", gateway.PrefixWait, w.ID), int64(0)
	conversation := hash(gateway.ConversationHash(w.ConversationKey))
	if w.State == gateway.StateWaiting {
		p.looks = p.looks || len(w.Aliases) > 0 // as a rule it has been opened without them
		p.put(openTable, tenant, id, slotCell(w.Tenant), text(w.Source), conversation, raw(e.B))
	} else {
		ended = dayOf(w.EndedAt)
		p.remove(openTable, tenant, id)
		p.put(endedTable, tenant, id, number(ended), number(waitState(w.State)), text(w.Source), conversation, number(record.Nanos(w.EndedAt)), raw(e.B))
	}
	for _, alias := range w.Aliases {
		p.put(aliasTable, tenant, hash(gateway.ConversationHash(alias)), id, number(ended))
	}
}

// slotCell is the slot of a tenant.
func slotCell(tenant string) cell { return number(int64(gateway.SlotOf(tenant))) }

// Wait gives a wait that is open or ended less than gateway.OutcomeKept ago; else
// gateway.ErrNotFound.
func (s *waits) Wait(tenant, id string) (w *gateway.Wait, err error) {
	u, is := gateway.ParseID(gateway.PrefixWait, id)
	if !is {
		return nil, gateway.ErrNotFound
	}
	if err := s.steadyFor(tenant); err != nil {
		return nil, err
	}
	p := &params{}
	t, i := p.text(tenant), p.bytes(u[:])
	_, err = s.one("SELECT value FROM {s}waits WHERE tenant = "+t+" AND id = "+i+
		" UNION ALL (SELECT value FROM {s}ended_waits WHERE tenant = "+t+" AND id = "+i+" ORDER BY ended DESC LIMIT 1)", p, func(row [][]byte) error {
		if w == nil { // an open one comes first
			w, err = record.DecodeWait(tenant, u[:], row[0])
		}
		return err
	})
	if err == nil && (w == nil || s.forgotten(w)) {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return w, nil
}

// forgotten says whether a wait ended too long ago to be shown.
func (s *waits) forgotten(w *gateway.Wait) bool {
	return w.State != gateway.StateWaiting && s.opts.Now().Sub(w.EndedAt) >= gateway.OutcomeKept
}

// Waits visits the waits that are asked for, newest first, until visit wants no more, or
// q.Limit were visited. Without q.Bodies those of their callbacks are not read. next,
// where it is not "", is where to go on (q.Before): q.Rows were looked at.
func (s *waits) Waits(q store.Query, visit func(*gateway.Wait) (more bool)) (next string, err error) {
	q.Endpoint, q.Type, q.Kind, q.Outcome, q.Webhook, q.Reason = "", "", "", "", "", ""
	wanted, decode := counted(q.Limit, visit), record.DecodeWaitWithoutBody
	if q.Bodies {
		decode = record.DecodeWait
	}
	l := s.newListing(q, gateway.PrefixWait)
	switch state := waitState(gateway.WaitState(q.State)); {
	case q.State == "":
		l.from = []string{"waits", "ended_waits"}
	case state == 0:
		l.from = []string{"waits"}
	default:
		l.from = []string{"ended_waits"}
		l.facet("state", shortOf, number(state))
	}
	l.text("source", q.Source)
	l.conversation("wait_names")
	return l.run(func(id, value []byte) (more bool, err error) {
		w, err := decode(q.Tenant, id, value)
		return err == nil && (!q.Wait(w) || s.forgotten(w) || wanted(w)), err
	})
}

// Recover gives every open wait of the slots' tenants, and every parked callback that has
// not expired without its body and document, in no set order. It waits until it is known
// what was written.
func (s *waits) Recover(slots gateway.SlotSet, wait func(*gateway.Wait) error, parked func(*gateway.Parked) error) error {
	if err := s.firm(slots, gateway.SlotSet{}); err != nil {
		return err
	}
	p := &params{}
	err := s.readFor(whole, "SELECT tenant, id, value FROM {s}waits WHERE slot = ANY("+p.slots(slots)+")", p, func(row [][]byte) (bool, error) {
		w, err := record.DecodeWait(string(row[0]), row[1], row[2])
		if err == nil {
			err = wait(w)
		}
		return true, err
	})
	if err != nil {
		return err
	}
	return s.recoverParked(slots, parked)
}

// ReleaseBefore says that waits have ended. Here those that are open lie apart from all
// others, each of which goes by its own end: so there is nothing to remember.
func (s *waits) ReleaseBefore(gateway.SlotSet, time.Time) {}
