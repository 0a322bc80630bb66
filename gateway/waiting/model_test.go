package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/waiting"
)

// TestModel runs any mix of opening, callbacks, cancels, passing time and
// restarts, and compares each answer with a model that is small enough to read.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		// All is drawn before the bubble: rapid must not panic inside it.
		steps := rapid.SliceOfN(drawStep, 1, 60).Draw(rt, "steps")
		var broken error
		synctest.Test(t, func(t *testing.T) {
			k := newKit(t, vfs.NewMem(), gateway.Source{Match: paidOrDeclined})
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
	key     string // a, b, or x: an alias of a once a wait has said so
	alias   bool   // open: with x
	id      string // send
	kind    string // send
	seconds int    // sleep, and open's timeout
}

func (s step) String() string {
	return fmt.Sprintf("%s key=%s alias=%t id=%q kind=%s seconds=%d", s.do, s.key, s.alias, s.id, s.kind, s.seconds)
}

var drawStep = rapid.Custom(func(t *rapid.T) step {
	return step{
		do:      rapid.SampledFrom([]string{"open", "open", "send", "send", "send", "cancel", "sleep", "restart"}).Draw(t, "do"),
		key:     rapid.SampledFrom([]string{"a", "a", "b", "x"}).Draw(t, "key"),
		alias:   rapid.Bool().Draw(t, "alias"),
		id:      rapid.SampledFrom([]string{"", "", "d1", "d2"}).Draw(t, "id"),
		kind:    rapid.SampledFrom([]string{"paid", "paid", "declined", "noise"}).Draw(t, "kind"),
		seconds: rapid.SampledFrom([]int{1, 7, 40}).Draw(t, "seconds"),
	}
})

// model is what SPEC 5, 6 and 14 say, for one source.
type model struct {
	kit    *kit
	linked bool // x is known as an alias of a
	waits  []*modelWait
	parked []*modelParked
	marks  map[string]*modelMark // by what a repeat is known by
}

type modelWait struct {
	id    string
	names map[string]bool
	until time.Time
	state gateway.WaitState
	ended time.Time
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

func newModel(k *kit) *model { return &model{kit: k, marks: map[string]*modelMark{}} }

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
	case "cancel":
		return m.cancel(s)
	case "restart":
		m.kit.restart()
	case "sleep":
		time.Sleep(time.Duration(s.seconds) * time.Second)
	}
	synctest.Wait()
	m.timeOut()
	return nil
}

// group gives every name of a key's conversation.
func (m *model) group(key string) map[string]bool {
	if m.linked && (key == "a" || key == "x") {
		return map[string]bool{"a": true, "x": true}
	}
	return map[string]bool{key: true}
}

func (m *model) waiting(names map[string]bool) *modelWait {
	for _, w := range m.waits {
		for n := range names {
			if w.state == gateway.StateWaiting && w.names[n] {
				return w
			}
		}
	}
	return nil
}

// last is the wait that ended last under any of the names, within 24 hours.
func (m *model) last(names map[string]bool) (last *modelWait) {
	for _, w := range m.waits {
		for n := range names {
			if w.state != gateway.StateWaiting && w.names[n] && (last == nil || w.ended.After(last.ended) ||
				w.ended.Equal(last.ended) && w.id > last.id) {
				last = w
			}
		}
	}
	return last
}

func (m *model) timeOut() {
	now := time.Now()
	for _, w := range m.waits {
		if w.state == gateway.StateWaiting && !now.Before(w.until) {
			w.state, w.ended = gateway.StateTimedOut, now
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
	names := m.group(s.key)
	if s.alias && s.key == "a" {
		q.Aliases = []string{"x"}
		names = map[string]bool{"a": true, "x": true}
	}
	blocking := m.waiting(names)
	opened, err := m.kit.tryOpen(q)
	if blocking != nil {
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Code != gateway.CodeWaitExists {
			return fmt.Errorf("opened %v, %v; want wait_exists", opened.Wait, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if len(q.Aliases) > 0 {
		m.linked = true
	}
	now := time.Now()
	w := &modelWait{id: opened.Wait.ID, names: names, until: now.Add(q.Timeout), state: gateway.StateWaiting}
	m.waits = append(m.waits, w)
	for _, p := range m.parked {
		if p.gone || !names[p.key] {
			continue
		}
		p.gone, w.state, w.ended = true, gateway.StateResumed, now
		m.marks[p.mark] = &modelMark{callback: p.id, wait: w.id, until: p.at.Add(24 * time.Hour)}
		if c := opened.Wait.Callback; c == nil || c.ID != p.id {
			return fmt.Errorf("the wait reads %s, want resumed by parked %s", opened.Wait.AppendJSON(nil), p.id)
		}
		break
	}
	return nil
}

func (m *model) send(s step) error {
	body := fmt.Sprintf(`{"type":%q}`, s.kind)
	got := m.kit.send(sent{key: s.key, id: s.id, body: body})
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
	w := m.waiting(m.group(s.key))
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
	if last := m.last(m.group(s.key)); last != nil {
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
	w := m.waiting(m.group(s.key))
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
