package pgstore

import (
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// told are the callbacks that lists show and the calls that were made. A callback is its
// line in the timeline of its conversation, too.
type told struct{ *writers }

var (
	callbackTable = newTable("callback", "callbacks", "tenant bytea, id bytea, day int8", "source bytea, outcome bytea, conversation int8, value bytea")
	callTable     = newTable("call", "calls", "tenant bytea, id bytea, day int8", "webhook bytea, outcome bytea, reason bytea, conversation int8, value bytea")
)

// callback puts a callback, in place of the one with its id. Where it tells of the end of its
// wait, the wait's line tells of that too.
func (p *promise) callback(c *gateway.Callback) {
	p.of(c.Tenant)
	if !c.End.CreatedAt.IsZero() {
		line := c.WaitLine()
		p.trace(&line)
	}
	var e record.Encoder
	e.Callback(c)
	id := p.id("callback", gateway.PrefixCallback, c.ID)
	p.put(callbackTable, text(c.Tenant), id, number(dayOfID(id.b)), text(c.Source), text(string(c.Outcome)), hash(gateway.ConversationHash(c.ConversationKey)), raw(e.B))
}

// call puts a call, in place of the one with its id.
func (p *promise) call(c *gateway.Call) {
	p.of(c.Tenant)
	var e record.Encoder
	e.Call(c)
	id := p.id("call", gateway.PrefixCall, c.ID)
	p.put(callTable, text(c.Tenant), id, number(dayOfID(id.b)), text(c.Webhook), text(string(c.Outcome)), text(c.Reason), hash(gateway.ConversationHash(c.ConversationKey)), raw(e.B))
}

// Callback gives a callback; else gateway.ErrNotFound.
func (s *told) Callback(tenant, id string) (c gateway.Callback, err error) {
	err = s.byID("callbacks", tenant, gateway.PrefixCallback, id, func(u, value []byte) (err error) {
		c, err = record.DecodeCallback(tenant, u, value)
		return err
	})
	return c, err
}

// Call gives a call whole; else gateway.ErrNotFound.
func (s *told) Call(tenant, id string) (c *gateway.Call, err error) {
	err = s.byID("calls", tenant, gateway.PrefixCall, id, func(u, value []byte) (err error) {
		c, err = record.DecodeCall(tenant, u, value, false)
		return err
	})
	return c, err
}

// byID reads a row of a table that is parted by the day of its ids.
func (e *engine) byID(table, tenant, prefix, id string, read func(u, value []byte) error) error {
	u, is := gateway.ParseID(prefix, id)
	if !is || !keyable(tenant) {
		return gateway.ErrNotFound
	}
	p := &params{}
	sql := "SELECT value FROM {s}" + table + " WHERE tenant = " + p.text(tenant) + " AND id = " + p.bytes(u[:]) + " AND day = " + p.long(dayOfID(u[:]))
	found, err := e.one(sql, p, func(row [][]byte) error { return read(u[:], row[0]) })
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return err
}

// Callbacks visits the callbacks that are asked for, newest first, until visit wants no
// more, or q.Limit were visited. next, where it is not "", is where to go on (q.Before):
// q.Rows were looked at.
func (s *told) Callbacks(q store.Query, visit func(*gateway.Callback) (more bool)) (next string, err error) {
	q = store.Query{
		Tenant: q.Tenant, Conversation: q.Conversation, Source: q.Source, Outcome: q.Outcome,
		Since: q.Since, Until: q.Until, Before: q.Before, Limit: q.Limit, Rows: q.Rows,
	}
	return s.callbacks(q, counted(q.Limit, visit))
}

func (e *engine) callbacks(q store.Query, visit func(*gateway.Callback) (more bool)) (next string, err error) {
	l := e.newListing(q, gateway.PrefixCallback)
	l.from, l.parted = []string{"callbacks"}, true
	l.text("source", q.Source)
	l.text("outcome", q.Outcome)
	l.conversation("")
	return l.run(func(id, value []byte) (more bool, err error) {
		c, err := record.DecodeCallback(q.Tenant, id, value)
		return err == nil && (!q.Callback(&c) || visit(&c)), err
	})
}

// Calls visits the calls that are asked for, newest first, until visit wants no more, or
// q.Limit were visited: without what they gave, unless q.Bodies says so. next, where it is
// not "", is where to go on (q.Before): q.Rows were looked at.
func (s *told) Calls(q store.Query, visit func(*gateway.Call) (more bool)) (next string, err error) {
	bodies := q.Bodies
	q = store.Query{
		Tenant: q.Tenant, Conversation: q.Conversation, Webhook: q.Webhook, Outcome: q.Outcome, Reason: q.Reason,
		Since: q.Since, Until: q.Until, Before: q.Before, Limit: q.Limit, Rows: q.Rows,
	}
	wanted := counted(q.Limit, visit)
	l := s.newListing(q, gateway.PrefixCall)
	l.from, l.parted = []string{"calls"}, true
	l.text("webhook", q.Webhook)
	l.text("outcome", q.Outcome)
	l.text("reason", q.Reason)
	l.conversation("")
	return l.run(func(id, value []byte) (more bool, err error) {
		c, err := record.DecodeCall(q.Tenant, id, value, !bodies)
		return err == nil && (!q.Call(c) || wanted(c)), err
	})
}

// callbackLines gives the lines of a conversation's callbacks that are asked for, the newest
// first. They are found by the moments of their ids, milliseconds: of the last one all are
// looked at.
func (s *timelines) callbackLines(q *store.Timeline) (lines []gateway.Trace, err error) {
	ask := store.Query{Tenant: q.Tenant, Conversation: named(q.Names), Since: q.Since}
	if len(ask.Conversation) == 0 {
		return nil, nil
	}
	if q.Before != (store.Line{}) {
		ask.Until = q.Before.At.Add(1)
	}
	for {
		next, err := s.callbacks(ask, func(c *gateway.Callback) (more bool) {
			at := store.Line{At: c.ReceivedAt, ID: c.ID}
			if q.Before != (store.Line{}) && !at.Less(q.Before) {
				return true
			}
			if q.Limit > 0 && len(lines) >= q.Limit && c.ReceivedAt.Before(lines[len(lines)-1].At.Truncate(time.Millisecond)) {
				return false
			}
			lines = append(lines, c.Line())
			return true
		})
		if err != nil || next == "" {
			return lines, err
		}
		ask.Before = next
	}
}

// named leaves out what is no name.
func named(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" })
}
