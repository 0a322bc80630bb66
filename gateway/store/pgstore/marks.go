package pgstore

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// marks are what a callback or publish is looked up in: marks, ends, names, own keys,
// and parked callbacks.
type marks struct {
	*writers
	*asker
}

// putMark puts a mark with its turn: of two with one key, in days of their own, the later
// one counts. Turns rise whatever a clock did, for they are a sequence's.
var putMark = &verb{
	name: "put a mark", table: "marks", keys: 3, blind: true, in: columns("tenant bytea, key bytea, day int8, value bytea"),
	sql: insertMark + " ON CONFLICT (tenant, key, day) DO UPDATE SET turn = excluded.turn, value = excluded.value",
}

const insertMark = "INSERT INTO {s}marks (tenant, key, day, value) SELECT i.tenant, i.key, i.day, i.value FROM {in}"

var (
	namesTable = newTable("name", "names", "tenant bytea, name bytea, day int8", "value bytea")
	ownTable   = newTable("own key", "own", "tenant bytea, key bytea, day int8", "")
)

func (p *promise) mark(m *gateway.Mark) {
	p.of(m.Tenant)
	var e record.Encoder
	e.Mark(m, 0) // its turn is a column
	p.do(putMark, text(m.Tenant), raw(m.Key[:]), number(dayOf(m.Expires)), raw(e.B))
}

// asks asks one question about a tenant, when it is known what was written of it.
func (s *marks) asks(of *question, tenant string, cells ...cell) ([][2][]byte, error) {
	if err := s.steadyFor(tenant); err != nil {
		return nil, err
	}
	return s.ask(of, append([]cell{text(tenant)}, cells...)...)
}

// Mark gives a mark that has not expired. Marks made for longer than window from
// now need not be found.
func (s *marks) Mark(tenant string, key gateway.MarkKey, window time.Duration) (m gateway.Mark, found bool, err error) {
	now := s.opts.Now()
	rows, err := s.asks(markQuestion, tenant, raw(key[:]), number(dayOf(now)), number(dayOf(now.Add(window))))
	for _, row := range rows {
		if m, _, err = record.DecodeMark(tenant, key, row[1]); err != nil {
			return gateway.Mark{}, false, err
		}
		found = true
	}
	if err != nil || !found || !m.Expires.After(now) {
		return gateway.Mark{}, false, err
	}
	return m, true, nil
}

// What is asked for again and again: see ask.go.
var (
	markQuestion = &question{
		in:  columns("tenant bytea, key bytea, low int8, high int8"),
		sql: "SELECT i.o, ''::bytea, x.value FROM {in}, LATERAL (SELECT t.value FROM {s}marks AS t WHERE t.tenant = i.tenant AND t.key = i.key AND t.day >= i.low AND t.day <= i.high AND t.day >= {low} AND t.day <= {high} ORDER BY t.turn DESC LIMIT 1) AS x",
	}
	endedQuestion = &question{
		in: columns("tenant bytea, conversation int8, source bytea, low int8, high int8"), choice: true,
		sql: "SELECT i.o, x.id, x.value FROM {in}, LATERAL (SELECT t.id, t.value FROM {s}ended_waits AS t WHERE t.tenant = i.tenant AND t.conversation = i.conversation AND t.source = i.source AND t.day >= i.low AND t.day <= i.high AND t.day >= {low} AND t.day <= {high} ORDER BY t.ended DESC, t.id DESC LIMIT 4) AS x",
	}
	namesQuestion = &question{
		in:  columns("tenant bytea, name bytea, low int8, high int8"),
		sql: "SELECT i.o, ''::bytea, x.value FROM {in}, LATERAL (SELECT t.value FROM {s}names AS t WHERE t.tenant = i.tenant AND t.name = i.name AND t.day >= i.low AND t.day <= i.high AND t.day >= {low} AND t.day <= {high} ORDER BY t.day DESC LIMIT 1) AS x",
	}
	ownQuestion = &question{
		in:  columns("tenant bytea, key bytea, low int8, high int8"),
		sql: "SELECT i.o, ''::bytea, x.key FROM {in}, LATERAL (SELECT t.key FROM {s}own AS t WHERE t.tenant = i.tenant AND t.key = i.key AND t.day >= i.low AND t.day <= i.high AND t.day >= {low} AND t.day <= {high} LIMIT 1) AS x",
	}
)

// ahead is how far a clock that was set back may leave what is looked up before it: it is
// found there too.
const ahead = 48 * time.Hour

// Ended tells of the last wait that ended under this very key, less than
// gateway.OutcomeKept ago.
func (s *marks) Ended(tenant, source, key string) (e gateway.Ended, found bool, err error) {
	now := s.opts.Now()
	rows, err := s.asks(endedQuestion, tenant, hash(gateway.ConversationHash(key)), text(source), number(dayOf(now.Add(-gateway.OutcomeKept))), number(dayOf(now.Add(ahead))))
	for _, row := range rows {
		w, err := record.DecodeWaitWithoutBody(tenant, row[0], row[1])
		if err != nil {
			return e, false, err
		}
		if w.ConversationKey == key { // else another key has the same hash
			e, found = gateway.Ended{WaitID: w.ID, State: w.State, Reason: w.Reason, EndedAt: w.EndedAt}, now.Sub(w.EndedAt) < gateway.OutcomeKept
			break
		}
	}
	if err != nil || !found {
		return gateway.Ended{}, false, err
	}
	return e, true, nil
}

// names puts the names under each of them.
func (p *promise) names(n *gateway.Names) {
	p.of(n.Tenant)
	var e record.Encoder
	e.Names(n)
	for _, name := range n.All {
		p.put(namesTable, text(n.Tenant), text(name), number(periodOf(n.Used)), raw(e.B))
	}
}

// Names gives the names of the conversation that has this one; none when it was
// never named otherwise, or not within gateway.AliasKept.
func (s *marks) Names(tenant, name string) (n gateway.Names, found bool, err error) {
	now := s.opts.Now()
	rows, err := s.asks(namesQuestion, tenant, text(name), number(periodOf(now.Add(-gateway.AliasKept))), number(periodOf(now.Add(ahead))))
	for _, row := range rows {
		if n, err = record.DecodeNames(tenant, row[1]); err != nil {
			return gateway.Names{}, false, err
		}
		found = true
	}
	if err != nil || !found || now.Sub(n.Used) >= gateway.AliasKept {
		return gateway.Names{}, false, err
	}
	return n, true, nil
}

// own remembers a key that an event showed as its own.
func (p *promise) own(o *gateway.OwnKey, at time.Time) {
	p.of(o.Tenant)
	p.put(ownTable, text(o.Tenant), text(o.Key), number(periodOf(at)))
}

// Own says of each key whether an event showed it as its own conversation.key, within
// gateway.AliasKept at least.
func (s *marks) Own(tenant string, keys []string) ([]bool, error) {
	if err := s.steadyFor(tenant); err != nil {
		return nil, err
	}
	own := make([]bool, len(keys))
	now := s.opts.Now()
	all := make([]*asked, len(keys))
	for i, key := range keys {
		all[i] = &asked{of: ownQuestion, done: make(chan struct{}), cells: []cell{
			text(tenant), text(key), number(periodOf(now.Add(-gateway.AliasKept))), number(periodOf(now.Add(ahead))),
		}}
	}
	if err := s.askAll(all...); err != nil {
		return nil, err
	}
	for i := range all {
		own[i] = len(all[i].rows) > 0
	}
	return own, nil
}
