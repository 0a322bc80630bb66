package pebblestore

import (
	"bytes"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// told are the callbacks that lists show and the calls that were made. A callback takes the
// place that its line had in the timeline of its conversation, so that its commit has no key
// more than it had; the timeline finds it by its posting (timelines.Traces).
type told struct{ *engine }

// putCallbacks puts callbacks, each in place of the one with its id.
func (s *publications) putCallbacks(b *batch, list []gateway.Callback) {
	for i := range list {
		c := &list[i]
		b.begin(kindCallback, c.Tenant)
		b.id(kindCallback, gateway.PrefixCallback, c.ID)
		b.enc.Callback(c)
		b.put()
	}
	s.later.postCallbacks(b, list)
}

// putCall puts a call, in place of the one with its id.
func (s *publications) putCall(b *batch, c *gateway.Call) {
	b.begin(kindCall, c.Tenant)
	b.id(kindCall, gateway.PrefixCall, c.ID)
	b.enc.Call(c)
	b.put()
	s.later.postCall(b, c)
}

// Callback gives a callback; else gateway.ErrNotFound.
func (s *told) Callback(tenant, id string) (c gateway.Callback, err error) {
	err = s.one(kindCallback, tenant, gateway.PrefixCallback, id, func(u, value []byte) (err error) {
		c, err = record.DecodeCallback(tenant, u, value)
		return err
	})
	return c, err
}

// Call gives a call whole; else gateway.ErrNotFound.
func (s *told) Call(tenant, id string) (c *gateway.Call, err error) {
	err = s.one(kindCall, tenant, gateway.PrefixCall, id, func(u, value []byte) (err error) {
		c, err = record.DecodeCall(tenant, u, value, false)
		return err
	})
	return c, err
}

func (s *told) one(kind byte, tenant, prefix, id string, read func(u, value []byte) error) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	u, ok := gateway.ParseID(prefix, id)
	if !ok || !keyable(tenant) {
		return gateway.ErrNotFound
	}
	found, err := s.get(append(appendPrefix(nil, kind, tenant), u[:]...), func(value []byte) error { return read(u[:], value) })
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.overtake()
}

// Callbacks visits the callbacks that are asked for, newest first, until visit wants no
// more, or q.Limit were visited. next, where it is not "", is where to go on (q.Before):
// q.Rows were looked at.
func (s *told) Callbacks(q store.Query, visit func(*gateway.Callback) (more bool)) (next string, err error) {
	q = store.Query{
		Tenant: q.Tenant, Conversation: q.Conversation, Source: q.Source, Outcome: q.Outcome,
		Since: q.Since, Until: q.Until, Before: q.Before, Limit: q.Limit, Rows: q.Rows,
	}
	wanted := counted(q.Limit, visit)
	return s.show(q, gateway.PrefixCallback, func(l *list) (string, error) { return l.callbacks(wanted) })
}

// callbacks visits those that the list asks for.
func (l *list) callbacks(visit func(*gateway.Callback) (more bool)) (next string, err error) {
	return l.kept(kindCallback, &l.later.callbacks, func(u ulid.ULID, value []byte) (more bool, err error) {
		c, err := record.DecodeCallback(l.q.Tenant, u[:], value)
		return err == nil && (!l.q.Callback(&c) || visit(&c)), err
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
	return s.show(q, gateway.PrefixCall, func(l *list) (string, error) {
		return l.kept(kindCall, &l.later.calls, func(u ulid.ULID, value []byte) (more bool, err error) {
			c, err := record.DecodeCall(q.Tenant, u[:], value, !bodies)
			return err == nil && (!q.Call(c) || wanted(c)), err
		})
	})
}

// kept runs the list over one place.
func (l *list) kept(kind byte, of *later, visit func(u ulid.ULID, value []byte) (more bool, err error)) (next string, err error) {
	place, err := l.places(kind)
	if err != nil {
		return "", err
	}
	return l.run(l.within(l.facets(of), place), func(_ byte, u ulid.ULID, value []byte) (bool, error) { return visit(u, value) })
}

// callbackLines gives the lines of a conversation's callbacks that are asked for, the newest
// first. They are found by the moments of their ids, milliseconds: of the last one all are
// looked at.
func (s *timelines) callbackLines(q *store.Timeline) (lines []gateway.Trace, err error) {
	ask := store.Query{Tenant: q.Tenant, Conversation: slices.DeleteFunc(slices.Clone(q.Names), func(name string) bool { return name == "" }), Since: q.Since}
	if q.Before != (store.Line{}) {
		ask.Until = q.Before.At.Add(1)
	}
	err = s.eachCallback(ask, func(c *gateway.Callback) (more bool) {
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
	return lines, err
}

// eachCallback visits all callbacks of conversations that are asked for, the newest first.
func (s *timelines) eachCallback(ask store.Query, visit func(*gateway.Callback) (more bool)) error {
	for len(ask.Conversation) > 0 {
		next, err := s.look(ask, gateway.PrefixCallback, func(l *list) (string, error) { return l.callbacks(visit) })
		if err != nil || next == "" {
			return err
		}
		ask.Before = next
	}
	return nil
}

// tellEnds has lines of waits tell of the end that only a callback tells of: of each that
// says that the wait is open, the callback is looked for where gateway.Callback.Ends
// promises it. All are found in one walk over what was received beside the lines.
func (s *timelines) tellEnds(tenant string, lines []gateway.Trace) error {
	open := map[string]*gateway.Trace{}
	ask := store.Query{Tenant: tenant}
	for i := range lines {
		if line := &lines[i]; line.Kind == "wait" && line.Key != "" && bytes.Contains(line.Data, saysWaiting) {
			open[line.ID] = line
			if since := line.At.Add(-2 * gateway.EndSlack); ask.Since.IsZero() || since.Before(ask.Since) {
				ask.Since = since
			}
			if until := line.At.Add(gateway.MaxWaitSeconds*time.Second + 2*gateway.EndSlack); until.After(ask.Until) {
				ask.Until = until
			}
			if !slices.Contains(ask.Conversation, line.Key) {
				ask.Conversation = append(ask.Conversation, line.Key)
			}
		}
	}
	return s.eachCallback(ask, func(c *gateway.Callback) (more bool) {
		if line := open[c.WaitID]; line != nil && !c.End.CreatedAt.IsZero() {
			*line = c.WaitLine()
			delete(open, c.WaitID)
		}
		return len(open) > 0
	})
}

var saysWaiting = []byte(`"state":"waiting"`)
