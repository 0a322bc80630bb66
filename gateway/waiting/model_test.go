package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/waiting"
)

// TestModel runs any mix of opening, callbacks, events that tell names, cancels,
// passing time, restarts, crashes and slots that move between two Sessions, and compares each answer with a model that is small enough to read.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		// All is drawn before the bubble: rapid must not panic inside it.
		steps := rapid.SliceOfN(drawStep, 1, 60).Draw(rt, "steps")
		var broken error
		synctest.Test(t, func(t *testing.T) {
			k := newKit(t, vfs.NewCrashableMem(), gateway.Source{Match: paidOrDeclined})
			defer func() { k.stop() }()
			broken = newModel(k).run(steps)
		})
		if broken != nil {
			rt.Fatal(broken)
		}
	})
}

var paidOrDeclined = append([]gateway.Match{{
	Name: "declined", Branch: gateway.Failure, When: []gateway.Condition{{Path: "type", Equals: rawOf(`"declined"`)}},
}}, onlyPaid...)

// step is one thing that happens. Times are odd to each other, so that nothing
// ends in the very moment in which something else is asked.
type step struct {
	do      string
	key     string       // a or b, whose events speak; x or y: names that are learned
	alias   bool         // open a: with x
	events  []modelEvent // hear
	id      string       // send
	kind    string       // send
	seconds int          // sleep, and open's timeout
	batch   []step       // send all: callbacks of one request
	torn    int          // send all: before it the process ends when it has taken so many; 0: it does not
}

// modelEvent is an event of a or b that tells other names, or none.
type modelEvent struct {
	key    string
	others []string
}

func (s step) String() string {
	return fmt.Sprintf("%s key=%s alias=%t id=%q kind=%s seconds=%d events=%v batch=%v torn=%d",
		s.do, s.key, s.alias, s.id, s.kind, s.seconds, s.events, s.batch, s.torn)
}

var drawStep = rapid.Custom(func(t *rapid.T) step {
	return step{
		do: rapid.SampledFrom([]string{
			"open", "open", "send", "send", "send all", "send all", "hear", "hear", "heard and crashed", "not heard and crashed", "cancel", "resolve", "extend", "extend", "sleep", "restart", "crash", "move", "move and back",
		}).Draw(t, "do"),
		key:     rapid.SampledFrom([]string{"a", "a", "b", "x", "y"}).Draw(t, "key"),
		alias:   rapid.Bool().Draw(t, "alias"),
		events:  rapid.SliceOfN(drawEvent, 1, 3).Draw(t, "events"),
		id:      rapid.SampledFrom([]string{"", "", "d1", "d2"}).Draw(t, "id"),
		kind:    rapid.SampledFrom([]string{"paid", "paid", "declined", "noise"}).Draw(t, "kind"),
		seconds: rapid.SampledFrom([]int{1, 7, 40}).Draw(t, "seconds"),
		batch:   rapid.SliceOfN(drawOne, 1, 5).Draw(t, "batch"),
		torn:    max(0, rapid.IntRange(-4, 4).Draw(t, "torn")),
	}
})

var drawOne = rapid.Custom(func(t *rapid.T) step {
	return step{
		key:  rapid.SampledFrom([]string{"a", "a", "b", "x", "y"}).Draw(t, "key"),
		id:   rapid.SampledFrom([]string{"", "", "d1", "d2", "d3"}).Draw(t, "id"),
		kind: rapid.SampledFrom([]string{"paid", "paid", "declined", "noise"}).Draw(t, "kind"),
	}
})

var drawEvent = rapid.Custom(func(t *rapid.T) modelEvent {
	e := modelEvent{key: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "event")}
	for _, name := range []string{"x", "y", "a", "b"} {
		if name != e.key && rapid.IntRange(0, 2).Draw(t, name) == 0 {
			e.others = append(e.others, name)
		}
	}
	return e
})

// model is what SPEC 5, 6, 14 and 16 say, for one source.
type model struct {
	kit    *kit
	names  map[string]*[]string // by each of them: those of one conversation
	own    map[string]bool      // keys that an event has shown as its own
	waits  []*modelWait
	parked []*modelParked
	marks  map[string]*modelMark // by what a repeat is known by
}

type modelWait struct {
	id, key string
	names   []string // as it was opened
	until   time.Time
	state   gateway.WaitState
	ended   time.Time
}

type modelParked struct {
	id, key, kind, mark string
	at                  time.Time
	gone                bool
}

type modelMark struct {
	callback, wait string
	until          time.Time
}

func newModel(k *kit) *model {
	m := &model{kit: k, names: map[string]*[]string{}, own: map[string]bool{}, marks: map[string]*modelMark{}}
	for _, name := range []string{"a", "b", "x", "y"} {
		m.names[name] = &[]string{name}
	}
	return m
}

func (m *model) run(steps []step) error {
	for i, s := range steps {
		if err := m.step(s); err != nil {
			return fmt.Errorf("step %d (%s): %w", i, s, err)
		}
		if err := m.agree(); err != nil {
			return fmt.Errorf("after step %d (%s): %w", i, s, err)
		}
	}
	return nil
}

func (m *model) step(s step) error {
	switch s.do {
	case "open":
		return m.open(s)
	case "send":
		return m.send(s)
	case "send all":
		return m.sendAll(s)
	case "cancel":
		return m.cancel(s)
	case "resolve":
		return m.resolve(s)
	case "extend":
		return m.extend(s)
	case "restart":
		m.kit.restart()
	case "crash":
		m.kit.crash()
	case "move":
		m.kit.move()
	case "move and back":
		m.kit.move()
		m.kit.move()
	case "hear", "heard and crashed", "not heard and crashed":
		return m.hear(s)
	case "sleep":
		time.Sleep(time.Duration(s.seconds) * time.Second)
	}
	synctest.Wait()
	m.timeOut()
	return nil
}

// group gives every name of a key's conversation.
func (m *model) group(key string) []string { return *m.names[key] }

// hear is a publish. Crashed, it was stored or it was not, and its publisher was told
// nothing.
func (m *model) hear(s step) error {
	events := make([]gateway.Naming, 0, len(s.events))
	for _, e := range s.events {
		events = append(events, told(append([]string{e.key}, e.others...)...))
	}
	switch s.do {
	case "not heard and crashed":
		if _, _, err := m.kit.sessions.Learn(context.Background(), events); err != nil {
			return err
		}
		m.kit.crash()
		m.timeOut()
		return nil
	case "heard and crashed":
		m.kit.crashing = true
	}
	err := m.kit.hear(events...)
	if m.kit.crashing {
		m.kit.crashing = false
		m.kit.crash()
	}
	if err != nil {
		return err
	}
	m.timeOut()
	m.learn(s.events)
	return nil
}

// learn is SPEC 16: all names of a publish are kept together, and a key that speaks for
// itself is nobody else's.
func (m *model) learn(events []modelEvent) {
	for _, e := range events {
		if m.speaker(e.key) != "" && !m.own[e.key] { // somebody else spoke for it before
			all := m.names[e.key]
			*all = slices.DeleteFunc(slices.Clone(*all), func(name string) bool { return name == e.key })
			m.names[e.key] = &[]string{e.key}
		}
		m.own[e.key] = true
	}
	for _, e := range events {
		for _, other := range e.others {
			m.join(e.key, other)
		}
	}
	for _, e := range events {
		m.meet(m.group(e.key))
	}
}

// join makes two conversations one, if not both speak for themselves.
func (m *model) join(key, other string) bool {
	mine, theirs := m.names[key], m.names[other]
	if mine == theirs || m.speaker(key) != "" && m.speaker(other) != "" {
		return false
	}
	for _, name := range *theirs {
		*mine = append(*mine, name)
		m.names[name] = mine
	}
	return true
}

// speaker is the own key of a conversation; "" for none.
func (m *model) speaker(key string) string {
	for _, name := range m.group(key) {
		if m.own[name] {
			return name
		}
	}
	return ""
}

// meet gives open waits of a conversation what is parked for them.
func (m *model) meet(names []string) {
	for _, w := range m.waits {
		if w.state != gateway.StateWaiting || !slices.Contains(names, w.key) {
			continue
		}
		for _, p := range m.parked {
			if !p.gone && slices.Contains(names, p.key) && !m.others(w, p.key) {
				m.resume(w, p)
				break
			}
		}
	}
}

// others says whether another open wait has a name.
func (m *model) others(w *modelWait, name string) bool {
	has := m.at(name)
	return has != nil && has != w
}

func (m *model) resume(w *modelWait, p *modelParked) {
	p.gone, w.state, w.ended = true, gateway.StateResumed, time.Now()
	m.marks[p.mark] = &modelMark{callback: p.id, wait: w.id, until: p.at.Add(24 * time.Hour)}
}

// at gives the open wait that has a name of its own; of two the later.
func (m *model) at(name string) (found *modelWait) {
	for _, w := range m.waits {
		if w.state == gateway.StateWaiting && slices.Contains(w.names, name) {
			found = w
		}
	}
	return found
}

// waiting gives the wait that is open for a key: under it, or under another name of its
// conversation. One that had a name before its conversation spoke for itself has it no
// more.
func (m *model) waiting(key string) *modelWait {
	names := append([]string{key}, m.group(key)...)
	for _, name := range names {
		w := m.at(name)
		if w == nil || m.own[name] && !slices.Contains(m.group(name), w.key) {
			continue
		}
		return w
	}
	return nil
}

// last is the wait that ended last in a key's conversation, within 24 hours.
func (m *model) last(key string) (last *modelWait) {
	for _, w := range m.waits {
		if w.state != gateway.StateWaiting && slices.Contains(m.group(key), w.key) && (last == nil || w.ended.After(last.ended) ||
			w.ended.Equal(last.ended) && w.id > last.id) {
			last = w
		}
	}
	return last
}

func (m *model) timeOut() {
	now := time.Now()
	for _, w := range m.waits {
		if w.state == gateway.StateWaiting && !now.Before(w.until) {
			w.state, w.ended = gateway.StateTimedOut, w.until
		}
	}
	for _, p := range m.parked {
		if !now.Before(p.at.Add(time.Minute)) {
			p.gone = true
		}
	}
}

func (m *model) open(s step) error {
	q := waiting.OpenRequest{Key: s.key, Timeout: time.Duration(s.seconds)*time.Second + 300*time.Millisecond}
	before := *m.names[s.key]
	if s.alias && s.key == "a" {
		q.Aliases = []string{"x"}
	}
	blocking := m.waiting(s.key)
	if blocking == nil && len(q.Aliases) > 0 && (m.speaker("a") == "" || m.speaker("x") == "" || m.names["a"] == m.names["x"]) {
		blocking = m.waiting("x")
	}
	opened, err := m.kit.tryOpen(q)
	if blocking != nil {
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Code != gateway.CodeWaitExists {
			return fmt.Errorf("opened %v, %v; want wait_exists by %s, and the conversation is %v", opened.Wait, err, blocking.id, before)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if len(q.Aliases) > 0 {
		m.join("a", "x")
	}
	now := time.Now()
	w := &modelWait{id: opened.Wait.ID, key: s.key, names: slices.Clone(m.group(s.key)), until: now.Add(q.Timeout), state: gateway.StateWaiting}
	m.waits = append(m.waits, w)
	for _, p := range m.parked {
		if p.gone || !slices.Contains(w.names, p.key) {
			continue
		}
		m.resume(w, p)
		if c := opened.Wait.Callback; c == nil || c.ID != p.id {
			return fmt.Errorf("the wait reads %s, want resumed by parked %s", opened.Wait.AppendJSON(nil), p.id)
		}
		break
	}
	return nil
}

func (m *model) send(s step) error {
	return m.answered(s, m.kit.send(s.sent()))
}

func (s step) sent() sent {
	return sent{key: s.key, id: s.id, body: fmt.Sprintf(`{"type":%q}`, s.kind)}
}

// sendAll is one request with several callbacks. Torn, the process ended when it had
// taken some, and the provider sends the whole request again: what was taken stays so.
func (m *model) sendAll(s step) error {
	all := make([]sent, len(s.batch))
	for i, one := range s.batch {
		all[i] = one.sent()
	}
	if n := min(s.torn, len(all)); n > 0 {
		if err := m.taken(s.batch, m.kit.sendAll(all[:n]...)); err != nil {
			return fmt.Errorf("before the crash: %w", err)
		}
		m.kit.crash()
		m.timeOut()
	}
	return m.taken(s.batch, m.kit.sendAll(all...))
}

// taken compares the callbacks of one request, one after the other.
func (m *model) taken(batch []step, all []waiting.One) error {
	for i := range all {
		if all[i].Err != nil {
			return fmt.Errorf("callback %d: %w", i, all[i].Err)
		}
		if err := m.answered(batch[i], all[i].Became); err != nil {
			return fmt.Errorf("callback %d: %w", i, err)
		}
	}
	return nil
}

func (m *model) answered(s step, got waiting.Taken) error {
	want := m.expect(s, got)
	if got.Outcome != want.Outcome || got.CallbackID != want.CallbackID || got.WaitID != want.WaitID {
		return fmt.Errorf("answered %+v, want %+v", got, want)
	}
	return nil
}

// expect says what a callback must be answered, and notes what follows from it.
func (m *model) expect(s step, got waiting.Taken) waiting.Taken {
	now, mark := time.Now(), "id "+s.id
	if s.id == "" {
		mark = "body " + s.key + s.kind
	}
	known := m.marks[mark]
	if known != nil && !now.Before(known.until) {
		known = nil
	}
	duplicate := func() waiting.Taken {
		return waiting.Taken{Outcome: gateway.OutcomeDuplicate, CallbackID: known.callback, WaitID: known.wait}
	}
	remember := func(wait string, kept time.Duration) {
		m.marks[mark] = &modelMark{callback: got.CallbackID, wait: wait, until: now.Add(kept)}
	}
	w := m.waiting(s.key)
	switch {
	case known != nil && (s.id != "" || w == nil):
		return duplicate()
	case s.kind == "noise":
		id := ""
		if w != nil {
			id = w.id
		}
		remember(id, 24*time.Hour)
		return waiting.Taken{Outcome: gateway.OutcomeIgnored, CallbackID: got.CallbackID, WaitID: id}
	case w != nil:
		w.state, w.ended = gateway.StateResumed, now
		remember(w.id, 24*time.Hour)
		return waiting.Taken{Outcome: gateway.OutcomeResumed, CallbackID: got.CallbackID, WaitID: w.id}
	}
	if last := m.last(s.key); last != nil {
		o := gateway.OutcomeLate
		if last.state == gateway.StateResumed {
			o = gateway.OutcomeAlreadyResumed
		}
		return waiting.Taken{Outcome: o, CallbackID: got.CallbackID, WaitID: last.id}
	}
	remember("", time.Minute)
	m.parked = append(m.parked, &modelParked{id: got.CallbackID, key: s.key, kind: s.kind, mark: mark, at: now})
	return waiting.Taken{Outcome: gateway.OutcomeParked, CallbackID: got.CallbackID}
}

func (m *model) cancel(s step) error {
	w := m.waiting(s.key)
	if w == nil {
		return nil
	}
	got, err := m.kit.sessions.Cancel(context.Background(), "acme", w.id, gateway.ReasonCancelled)
	if err != nil || got.State != gateway.StateCancelled || got.Reason != gateway.ReasonCancelled {
		return fmt.Errorf("cancelled: %v, %w", got, err)
	}
	w.state, w.ended = gateway.StateCancelled, time.Now()
	return nil
}

func (m *model) resolve(s step) error {
	w := m.waiting(s.key)
	if w == nil {
		return nil
	}
	got, err := m.kit.sessions.Resolve(context.Background(), "acme", w.id, waiting.Resolution{Branch: gateway.Failure}, waiting.Doer{})
	if err != nil || got.State != gateway.StateResumed || got.Reason != gateway.ReasonManual || got.Callback != nil {
		return fmt.Errorf("resolved: %v, %w", got, err)
	}
	w.state, w.ended = gateway.StateResumed, time.Now()
	return nil
}

func (m *model) extend(s step) error {
	w := m.waiting(s.key)
	if w == nil {
		return nil
	}
	by := time.Duration(s.seconds)*time.Second + 300*time.Millisecond
	got, err := m.kit.sessions.Extend(context.Background(), "acme", w.id, by, waiting.Doer{})
	if err != nil || got.State != gateway.StateWaiting || !got.ExpiresAt.Equal(time.Now().Add(by)) {
		return fmt.Errorf("extended: %v, %w", got, err)
	}
	w.until = time.Now().Add(by)
	return nil
}

// agree compares every wait, and what was observed, with the model.
func (m *model) agree() error {
	open, parked := 0, 0
	for _, w := range m.waits {
		got, err := m.kit.sessions.Get("acme", w.id)
		if err != nil {
			return fmt.Errorf("get %s: %w", w.id, err)
		}
		if got.State != w.state {
			return fmt.Errorf("%s is %s, want %s", w.id, got.State, w.state)
		}
		if w.state == gateway.StateWaiting {
			open++
		}
	}
	for _, p := range m.parked {
		if !p.gone {
			parked++
		}
	}
	if c := m.kit.observed(); c.open != open || c.parked != parked {
		return fmt.Errorf("observed %d open and %d parked, want %d and %d", c.open, c.parked, open, parked)
	}
	return nil
}
