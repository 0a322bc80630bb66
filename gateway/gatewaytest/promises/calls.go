package promises

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"hookgate/gateway/gatewaytest"
)

// Calls is everything that was called, what the backend got of it, and what the
// platform was told. Many goroutines may add to it. Its laws, after SPEC 8 and 14:
//
//	answer       nothing is answered that the load did not provoke
//	one id       one wish for a call, one call: at the backend, in notices and timelines
//	explained    no call, notice or line without somebody who asked for it, and no
//	             notice of a call whose outcome was answered
//	lost         what was answered 202 is told to the platform
//	one outcome  all notices of a call are one and the same, signed
//	true         the outcome is what the backend answered, in time
//	once         a call that does harm when it is made twice reaches the backend once
//	again        any other is made once in each life of the gateway, at most
//	interrupted  only a call that does harm ends so, or one whose wait was ended with it, and
//	             a kill was while it was under way
//	timeline     a call is one line of its conversation, with its final outcome
//	wait         the wait of a call that failed ends with it, or had ended before; that
//	             of a good one goes on
//	alias        who calls back by the alias of a good call finds its wait
//
// A call whose answer was lost was made or not; what was seen of it afterwards has
// to agree with itself.
type Calls struct {
	mu    sync.Mutex
	asks  map[string]*CallAsk // by N
	byID  map[string]*CallAsk
	kills []Span
	tally CallTally
	found []Violation
}

// CallTally counts what happened.
type CallTally struct {
	Answered, Promised, Lost   int // answers 200, 202, and none
	LostAndTold                int // of the lost, those of which the platform was told
	Succeeded, Failed          int // outcomes, once settled
	Interrupted                int // of those that failed
	Again                      int // calls that reached the backend more than once
	Notices, Repeated          int // requests to the platform, and those that told nothing new
	WaitsFailed, WaitsFound    int // waits that ended with their call; callbacks that found one by its alias
	FailedAfterAll, WaitsEnded int // calls that failed after their wait had ended, and waits that ended otherwise
}

// CallAsk is one wish for a call. Its exported fields are set before Asked.
type CallAsk struct {
	N            string // in the context of the call and in its url, unique
	Conversation string
	Once         bool          // it does harm when it is made twice
	Continues    bool          // it may be answered with its outcome; else never
	Timeout      time.Duration // of the webhook
	Waits        bool          // a wait is opened with it; of one conversation by one ask

	id      string
	span    Span
	status  int               // of the answer; 0: there is none yet
	answer  *gatewaytest.Call // 200 or 202
	hits    []hit
	outcome *gatewaytest.Call // answered, or told by the first notice
	notice  string            // its webhook-id
	digest  [sha256.Size]byte
	lines   []gatewaytest.Trace
	waits   []*gatewaytest.Wait // of its conversation
	back    string              // the outcome of the callback by its alias
	known   chan struct{}       // closed with the outcome
	judged  bool                // its outcome was
}

// hit is one request that came to the backend.
type hit struct {
	serial int
	status int // as answered; 0: there was no answer
}

// NewCalls gives an empty record.
func NewCalls() *Calls { return &Calls{asks: map[string]*CallAsk{}, byID: map[string]*CallAsk{}} }

// Killed notes that one life of the gateway ended within this span.
func (c *Calls) Killed(s Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kills = append(c.kills, s)
}

// Asked notes that a call is about to be asked for.
func (c *Calls) Asked(a *CallAsk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.known = make(chan struct{})
	c.asks[a.N] = a
}

// Answered notes the answer.
func (c *Calls) Answered(a *CallAsk, s Span, status int, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.span, a.status = s, status
	if s.Lost {
		c.tally.Lost++
		return
	}
	call := &gatewaytest.Call{}
	if err := json.Unmarshal(body, call); err != nil || status != 200 && status != 202 {
		c.fault(a, "answer", "%d %s", status, body)
		return
	}
	pending := call.Outcome == "pending"
	if pending != (status == 202) || pending != call.EndedAt.IsZero() || !pending && !a.Continues || a.Waits != (call.WaitID != "") {
		c.fault(a, "answer", "%d %s", status, body)
	}
	a.answer = call
	c.named(a, call.ID)
	if pending {
		c.tally.Promised++
		return
	}
	c.tally.Answered++
	c.ended(a, call)
}

// Reached notes a request at the backend, with the id that it carries, and how it
// is answered.
func (c *Calls) Reached(n, id string, serial, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.asks[n]
	if a == nil {
		c.fault(nil, "explained", "the backend got %s for %q, for which nobody asked", id, n)
		return
	}
	c.named(a, id)
	a.hits = append(a.hits, hit{serial, status})
	switch {
	case len(a.hits) == 1:
	case a.Once:
		c.fault(a, "once", "it reached the backend %d times", len(a.hits))
	case len(a.hits) == 2:
		c.tally.Again++
	}
}

// Noticed notes a call.finished at the platform.
func (c *Calls) Noticed(webhookID string, signed bool, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var notice gatewaytest.Notice
	call := &gatewaytest.Call{}
	var context struct {
		N string `json:"n"`
	}
	if json.Unmarshal(body, &notice) != nil || json.Unmarshal(notice.Data, call) != nil || json.Unmarshal(call.Context, &context) != nil {
		c.fault(nil, "explained", "the platform got what is no notice of a call: %s", body)
		return
	}
	a, digest := c.asks[context.N], sha256.Sum256(body)
	switch {
	case a == nil:
		c.fault(nil, "explained", "the platform is told of a call for which nobody asked: %s", body)
		return
	case !signed || notice.ID != webhookID:
		c.fault(a, "one outcome", "the notice %s is not signed, or not of the webhook-id %s", body, webhookID)
	case a.notice == "":
		a.notice, a.digest = webhookID, digest
	case a.notice != webhookID || a.digest != digest:
		c.fault(a, "one outcome", "a second notice, %s after %s: %s", webhookID, a.notice, body)
	default:
		c.tally.Repeated++
	}
	c.tally.Notices++
	c.named(a, call.ID)
	switch {
	case a.outcome == nil:
		c.ended(a, call)
	case a.answer != nil && a.answer.Outcome != "pending":
		c.fault(a, "explained", "its outcome was answered, and the platform is told: %s", body)
	}
}

// CalledBack notes the outcome of a callback by the alias of a good call.
func (c *Calls) CalledBack(a *CallAsk, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.back = outcome
	switch outcome {
	case "resumed":
		c.tally.WaitsFound++
	case "late", "already_resumed":
	default:
		c.fault(a, "alias", "a callback by its alias is %s", outcome)
	}
}

// Shown notes the timeline of an ask's conversation, at the end.
func (c *Calls) Shown(conversation string, lines []gatewaytest.Trace) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range lines {
		switch a := c.byID[line.ID]; {
		case line.Kind != "call":
		case a == nil || a.Conversation != conversation:
			c.fault(a, "explained", "the conversation %s shows %+v", conversation, line)
		default:
			a.lines = append(a.lines, line)
		}
	}
}

// Waited notes a wait as it is at the end.
func (c *Calls) Waited(w *gatewaytest.Wait) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var context struct {
		N string `json:"n"`
	}
	a := (*CallAsk)(nil)
	if json.Unmarshal(w.Context, &context) == nil {
		a = c.asks[context.N]
	}
	if a == nil || !a.Waits || w.ConversationKey != a.Conversation {
		c.fault(a, "explained", "there is a wait that nobody wanted: %+v", *w)
		return
	}
	a.waits = append(a.waits, w)
}

// Known is closed when the outcome of a call is.
func (c *Calls) Known(a *CallAsk) <-chan struct{} { return a.known }

// Good says whether a call is known to have succeeded, and its alias was stored.
func (c *Calls) Good(a *CallAsk) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return a.outcome != nil && a.outcome.Outcome == "success" && len(a.outcome.Errors) == 0
}

// Conversations gives all of them, and whether in one of them a call is still to
// be told.
func (c *Calls) Conversations() (names []string, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.asks {
		names = append(names, a.Conversation)
		open = open || a.status == 202 && a.outcome == nil
	}
	slices.Sort(names)
	return slices.Compact(names), open
}

// named notes the id under which a wish for a call was seen.
func (c *Calls) named(a *CallAsk, id string) {
	if of := c.byID[id]; id == "" || a.id != "" && a.id != id || of != nil && of != a {
		c.fault(a, "one id", "it is seen as %q and as %q", a.id, id)
		return
	}
	a.id = id
	c.byID[id] = a
}

// ended notes how a call ended.
func (c *Calls) ended(a *CallAsk, call *gatewaytest.Call) {
	a.outcome = call
	close(a.known)
}

func (c *Calls) fault(a *CallAsk, law, format string, args ...any) {
	v := Violation{Law: law, What: fmt.Sprintf(format, args...)}
	if a != nil {
		v.Conversation, v.Story = a.Conversation, a.story()
	}
	c.found = append(c.found, v)
}

// story tells what was seen of a call.
func (a *CallAsk) story() string {
	text := fmt.Sprintf("  %s once=%t continues=%t waits=%t\n  answered %d after %s, lost=%t: %+v\n  at the backend %+v\n  outcome %+v by %q\n  lines %+v, back %q\n",
		a.N, a.Once, a.Continues, a.Waits, a.status, a.span.End.Sub(a.span.Begin), a.span.Lost, a.answer, a.hits, a.outcome, a.notice, a.lines, a.back)
	for _, w := range a.waits {
		text += fmt.Sprintf("  wait %s %s %s ended %s\n", w.ID, w.State, w.Reason, w.EndedAt.Format(time.RFC3339Nano))
	}
	return text
}
