package promises

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
)

// called is a record of calls that breaks no law; TestCallsFinds breaks each law in
// it. The gateway is killed from 1000 to 1005.
//
//	good   does harm twice, is promised and succeeds; its alias finds its wait
//	again  is made again after the kill, and fails
//	cut    does harm twice, and is interrupted by the kill, with its wait
//	quick  continues, and is answered with its outcome
//	lost   continues, and its answer is lost
type called struct {
	*Calls
	good, again, cut, quick, lost *seen
}

// seen is all that is seen of one call.
type seen struct {
	CallAsk
	answer  gatewaytest.Call
	notices []told
	place   string // the conversation in whose timeline it is
}

type told struct {
	id       string
	unsigned bool
	call     gatewaytest.Call
}

func newSeen(n string, begin, end int, answer string) *seen {
	s := &seen{place: "talk-" + n}
	s.N, s.Conversation, s.id, s.Timeout = n, s.place, "call_"+n, 100*time.Millisecond
	s.span, s.status, s.CallAsk.hits = span(begin, end), 202, []hit{{begin, 200}}
	s.answer = s.call(answer, "", begin, 0)
	s.CallAsk.lines = []gatewaytest.Trace{{Kind: "call", ID: s.id, Outcome: answer}, {Kind: "wait", ID: "wait_x"}}
	return s
}

// call is the call as it is shown; end is 0 while it is pending.
func (s *seen) call(outcome, reason string, begin, end int) gatewaytest.Call {
	call := gatewaytest.Call{
		ID: s.id, ConversationKey: s.Conversation, Outcome: outcome, Reason: reason, CreatedAt: at(begin),
		Context: json.RawMessage(fmt.Sprintf(`{"n":%q}`, s.N)),
	}
	if s.Waits {
		call.WaitID = "wait_" + s.N
	}
	if end > 0 {
		call.EndedAt, call.DurationMS = at(end), int64(end-begin)
	}
	switch {
	case outcome == "success":
		call.Status, call.Variables = 200, map[string]json.RawMessage{"serial": json.RawMessage(fmt.Sprint(begin))}
	case reason == "status":
		call.Status = 500
	}
	return call
}

// ends says how a promised call is told to end.
func (s *seen) ends(outcome, reason string, begin, end int) {
	call := s.call(outcome, reason, begin, end)
	s.notices = []told{{id: "evt_" + s.N, call: call}, {id: "evt_" + s.N, call: call}}
	s.CallAsk.lines[0].Outcome, s.CallAsk.lines[0].Reason = outcome, reason
}

func (s *seen) waitsFor(state, reason string, end int) {
	s.Waits, s.answer.WaitID = true, "wait_"+s.N
	s.CallAsk.waits = []*gatewaytest.Wait{{
		ID: "wait_" + s.N, ConversationKey: s.Conversation, State: state, Reason: reason, EndedAt: at(end), Context: s.answer.Context,
	}}
}

func newCalled() *called {
	c := &called{
		Calls: NewCalls(), good: newSeen("good", 10, 20, "pending"), again: newSeen("again", 900, 910, "pending"),
		cut: newSeen("cut", 950, 960, "pending"), quick: newSeen("quick", 2000, 2050, "success"), lost: newSeen("lost", 980, 1002, "pending"),
	}
	c.good.Once, c.good.back = true, "resumed"
	c.good.waitsFor("resumed", "", 90)
	c.good.ends("success", "", 10, 50)
	c.again.CallAsk.hits = []hit{{7, 200}, {8, 500}}
	c.again.ends("failure", "status", 900, 1200)
	c.cut.Once = true
	c.cut.waitsFor("cancelled", "call_failed", 1100)
	c.cut.ends("failure", "interrupted", 950, 1101)
	c.quick.Continues, c.quick.status, c.quick.answer.EndedAt = true, 200, at(2050)
	c.lost.Continues, c.lost.span.Lost, c.lost.CallAsk.lines = true, true, nil
	return c
}

// laws plays the record, and gives the laws that it breaks.
func (c *called) laws(t *testing.T) []string {
	c.Killed(span(1000, 1005))
	for _, s := range []*seen{c.good, c.again, c.cut, c.quick, c.lost} {
		c.plays(t, s)
	}
	found := c.Check(false)
	for _, s := range []*seen{c.good, c.again, c.cut, c.quick, c.lost} {
		c.Shown(s.place, s.CallAsk.lines)
		for _, w := range s.CallAsk.waits {
			c.Waited(w)
		}
	}
	return laws(append(found, c.Check(true)...))
}

func (c *called) plays(t *testing.T, s *seen) {
	text := func(v any) []byte {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	a := &CallAsk{N: s.N, Conversation: s.Conversation, Once: s.Once, Continues: s.Continues, Timeout: s.Timeout, Waits: s.Waits}
	c.Asked(a)
	for _, h := range s.CallAsk.hits {
		c.Reached(s.N, s.id, h.serial, h.status)
	}
	c.Answered(a, s.span, s.status, text(s.answer))
	for _, n := range s.notices {
		c.Noticed(n.id, !n.unsigned, text(gatewaytest.Notice{ID: n.id, Type: "call.finished", Timestamp: noon, Data: text(n.call)}))
	}
	if s.back != "" {
		c.CalledBack(a, s.back)
	}
}

func TestCallsFindsNothing(t *testing.T) {
	c := newCalled()
	if found := c.laws(t); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	want := CallTally{
		Answered: 1, Promised: 3, Lost: 1, Succeeded: 2, Failed: 2, Interrupted: 1, Again: 1, Notices: 6, Repeated: 3, WaitsFailed: 1, WaitsFound: 1, WaitsEnded: 1,
	}
	if got := c.Tally(); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// TestCallsFindsNothingInterrupted: what does no harm is not made again either where its
// wait was ended because it had failed. That is known at the end only, when waits are.
func TestCallsFindsNothingInterrupted(t *testing.T) {
	c := newCalled()
	c.cut.Once = false
	if found := c.laws(t); len(found) > 0 {
		t.Errorf("it breaks %v", found)
	}
}

func TestCallsFinds(t *testing.T) {
	for _, b := range callBreaks {
		t.Run(b.law+"/"+b.what, func(t *testing.T) {
			c := newCalled()
			b.broken(c)
			if found := c.laws(t); !slices.Contains(found, b.law) {
				t.Errorf("found %q, want %q", found, b.law)
			}
		})
	}
}

// callBreaks is the ways to break the laws.
var callBreaks = []struct {
	law, what string
	broken    func(*called)
}{
	{"answer", "a problem", func(c *called) { c.quick.status = 422 }},
	{"answer", "an outcome of a call that must be promised", func(c *called) { c.quick.Continues = false }},
	{"answer", "pending, and 200", func(c *called) { c.good.status = 200 }},
	{"answer", "pending, and ended", func(c *called) { c.good.answer.EndedAt = at(15) }},
	{"answer", "no wait", func(c *called) { c.good.answer.WaitID = "" }},
	{"one id", "the backend saw another", func(c *called) { c.good.answer.ID = "call_other" }},
	{"one id", "two calls with one", func(c *called) { c.quick.answer.ID, c.quick.id = "call_good", "call_good" }},
	{"one id", "none", func(c *called) { c.quick.answer.ID = "" }},
	{"explained", "a request of nobody", func(c *called) { c.Reached("nobody", "call_nobody", 1, 200) }},
	{"explained", "a notice of nobody", func(c *called) { c.good.notices[0].call.Context = json.RawMessage(`{"n":"nobody"}`) }},
	{"explained", "no notice at all", func(c *called) { c.Noticed("evt_x", true, []byte(`{"id":"evt_x"`)) }},
	{"explained", "a notice of what was answered", func(c *called) { c.quick.notices = []told{{id: "evt_quick", call: c.quick.answer}} }},
	{"explained", "a line of nobody", func(c *called) { c.lost.CallAsk.lines = []gatewaytest.Trace{{Kind: "call", ID: "call_nobody"}} }},
	{"explained", "a line elsewhere", func(c *called) { c.good.place = "talk-again" }},
	{"explained", "a wait of nobody", func(c *called) {
		c.quick.CallAsk.waits = []*gatewaytest.Wait{{ID: "wait_x", Context: c.quick.answer.Context}}
	}},
	{"lost", "no notice", func(c *called) { c.good.notices = nil }},
	{"lost", "a line that stays pending", func(c *called) {
		c.lost.CallAsk.lines = []gatewaytest.Trace{{Kind: "call", ID: "call_lost", Outcome: "pending"}}
	}},
	{"one outcome", "two notices", func(c *called) { c.good.notices[1].id = "evt_other" }},
	{"one outcome", "two outcomes", func(c *called) { c.good.notices[1].call.Outcome = "failure" }},
	{"one outcome", "no signature", func(c *called) { c.good.notices[0].unsigned = true }},
	{"true", "an answer that was never given", func(c *called) { c.good.CallAsk.hits[0].serial = 11 }},
	{"true", "a success of a failure", func(c *called) { c.good.CallAsk.hits[0].status = 500 }},
	{"true", "a failure of successes", func(c *called) { c.again.CallAsk.hits[1].status = 200 }},
	{"true", "a timeout too early", func(c *called) { c.good.ends("failure", "timeout", 10, 100) }},
	{"true", "a reason that nothing gave", func(c *called) { c.good.ends("failure", "connect", 10, 100) }},
	{"true", "still pending", func(c *called) { c.good.ends("pending", "", 10, 100) }},
	{"true", "another conversation", func(c *called) { c.quick.answer.ConversationKey = "talk-lost" }},
	{"once", "two requests", func(c *called) { c.good.CallAsk.hits = append(c.good.CallAsk.hits, hit{12, 200}) }},
	{"again", "three times in two lives", func(c *called) { c.again.CallAsk.hits = append(c.again.CallAsk.hits, hit{9, 200}) }},
	{"again", "twice in one", func(c *called) { c.quick.CallAsk.hits = append(c.quick.CallAsk.hits, hit{9, 200}) }},
	{"interrupted", "without a kill", func(c *called) { c.good.ends("failure", "interrupted", 10, 100) }},
	{"interrupted", "what does no harm", func(c *called) {
		c.cut.Once, c.cut.Waits, c.cut.answer.WaitID, c.cut.CallAsk.waits = false, false, "", nil
	}},
	{"interrupted", "what does no harm, and its wait was there", func(c *called) {
		c.cut.Once = false
		c.cut.waitsFor("timed_out", "", 1100)
	}},
	{"timeline", "no line", func(c *called) { c.good.CallAsk.lines = nil }},
	{"timeline", "no line of the last life", func(c *called) { c.quick.CallAsk.lines = nil }},
	{"timeline", "two lines", func(c *called) { c.good.CallAsk.lines[1] = c.good.CallAsk.lines[0] }},
	{"timeline", "another outcome", func(c *called) { c.good.CallAsk.lines[0].Outcome = "failure" }},
	{"timeline", "still pending", func(c *called) {
		c.again.CallAsk.lines[0] = gatewaytest.Trace{Kind: "call", ID: "call_again", Outcome: "pending"}
	}},
	{"wait", "none", func(c *called) { c.good.CallAsk.waits = nil }},
	{"wait", "two", func(c *called) { c.good.CallAsk.waits = append(c.good.CallAsk.waits, c.good.CallAsk.waits[0]) }},
	{"wait", "another than was answered", func(c *called) { c.good.CallAsk.waits[0].ID = "wait_other" }},
	{"wait", "still open", func(c *called) { c.good.CallAsk.waits[0].State = "waiting" }},
	{"wait", "ended with a good call", func(c *called) { c.good.waitsFor("cancelled", "call_failed", 40) }},
	{"wait", "outlived its call", func(c *called) { c.cut.waitsFor("timed_out", "timeout", 1102) }},
	{"alias", "parked", func(c *called) { c.good.back = "parked" }},
	{"alias", "resumed what timed out", func(c *called) { c.good.CallAsk.waits[0].State = "timed_out" }},
}
