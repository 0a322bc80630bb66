package promises

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"hookgate/gateway/gatewaytest"
)

// History is everything that was asked and answered. Many goroutines may add to it.
type History struct {
	mu            sync.Mutex
	late          time.Duration // see Late
	behind        time.Duration // see Behind
	conversations map[string]*Conversation
	lives         []Life
	wakes         []Violation                             // of laws over all conversations
	callbackOf    map[string]string                       // callback id -> the wait it resumed
	waitOf        map[string]string                       // wait id -> its conversation
	bodyOf        map[string]string                       // webhook-id -> a digest of the notice
	same          map[[sha256.Size]byte]*gatewaytest.Wait // by what a wait looks like
}

// NewHistory gives an empty history.
func NewHistory() *History {
	return &History{
		late: 10 * time.Second, conversations: map[string]*Conversation{}, callbackOf: map[string]string{}, waitOf: map[string]string{}, bodyOf: map[string]string{},
		same: map[[sha256.Size]byte]*gatewaytest.Wait{},
	}
}

// Late says for how long a wait may outlive its deadline while the gateway runs, instead of
// ten seconds. The timer's own error is a benchmark's matter: this is for a machine that does
// other things too, and for nodes that take over from each other.
func (h *History) Late(most time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.late = most
}

// Behind says for how long after its client was told that nobody knows, or was told nothing, a
// request may be done still: the node that decides it lives on. 0, as at first: until the
// process is gone.
func (h *History) Behind(most time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.behind = most
}

// Life is one life of the gateway: it answered from Up on, and was gone at Down.
type Life struct{ Up, Down time.Time }

// Up notes that the gateway answers.
func (h *History) Up(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lives = append(h.lives, Life{Up: at})
}

// Down notes that the gateway is gone.
func (h *History) Down(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lives[len(h.lives)-1].Down = at
}

// Conversation is the history of one conversation, known at one source by one key
// and its aliases.
type Conversation struct {
	Name    string
	Parking time.Duration // early.ttl of its source
	Opens   []*Open
	Sends   []*Send
	Cancels []*Cancel
	Views   []*View
	Notices []*Notice
	Named   []*Named
}

// Conversation gives the history of a conversation, made when there is none.
func (h *History) Conversation(name string, parking time.Duration) *Conversation {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.conversations[name]
	if c == nil {
		c = &Conversation{Name: name, Parking: parking}
		h.conversations[name] = c
	}
	return c
}

// Of gives the conversation of a name; nil is none.
func (h *History) Of(name string) *Conversation {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conversations[name]
}

// Span is when something was asked and when its answer was there. Lost says that
// no answer came, and End is when that was known: it was done or not, and if it was
// then before the process was gone, which may be later where the client had left.
type Span struct {
	Begin, End time.Time
	Lost       bool
}

// Ask is one wish for a wait; it may be asked several times.
type Ask struct {
	ID             string // in the wait's context, which comes back untouched
	IdempotencyKey string
	Mode           string
	Timeout        time.Duration
	Tells          []string // names of the conversation that are learned by it
	Takes          []string // the types of callbacks that the wait takes; nil: Paid and Declined
}

// Open is one POST …/waits.
type Open struct {
	Span
	Ask    *Ask
	Status int
	Code   string            // of a problem
	ID     string            // of the wait, also where it exists already
	Wait   *gatewaytest.Wait // as answered
}

// The types of callbacks that the load sends: the source takes two of them.
const (
	Paid     = "paid"
	Declined = "declined"
	Noise    = "noise"
)

// Message is one callback; it may be sent several times.
type Message struct {
	N      string // in its body, unique
	ID     string // its delivery id; "": it is known again by its body alone
	Type   string
	Amount int
	Key    string // a name that its conversation has only when it was learned; "": one that it always has
}

// Send is one request to the source.
type Send struct {
	Span
	Message *Message
	Status  int
	gatewaytest.Taken
}

// Cancel is one DELETE of a wait.
type Cancel struct {
	Span
	ID     string
	Status int
}

// View is a wait as it was seen in an answer or a notice; nil: it was not there.
type View struct {
	Span
	ID   string
	From string
	Wait *gatewaytest.Wait
}

// Notice is one request to the platform endpoint.
type Notice struct {
	At        time.Time
	WebhookID string
	Signed    bool   // and the signature is right
	Digest    string // of all of its bytes
	gatewaytest.Notice
	Wait     *gatewaytest.Wait     // of a wait.…
	Callback *gatewaytest.Callback // of a callback.late
}

// Opened notes the answer of a POST …/waits.
func (h *History) Opened(c *Conversation, o *Open) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.Opens = append(c.Opens, o)
	if o.Wait != nil {
		h.view(c, &View{Span: o.Span, ID: o.ID, From: "POST", Wait: o.Wait})
	}
}

// Sent notes the answer of a callback.
func (h *History) Sent(c *Conversation, s *Send) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.Sends = append(c.Sends, s)
}

// Cancelled notes the answer of a DELETE; wait is what it showed, if anything.
func (h *History) Cancelled(c *Conversation, x *Cancel, wait *gatewaytest.Wait) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.Cancels = append(c.Cancels, x)
	if wait != nil {
		h.view(c, &View{Span: x.Span, ID: x.ID, From: "DELETE", Wait: wait})
	}
}

// Viewed notes what a read showed.
func (h *History) Viewed(c *Conversation, v *View) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.view(c, v)
}

// Noticed notes what the platform endpoint got.
func (h *History) Noticed(c *Conversation, n *Notice) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.Notices = append(c.Notices, n)
	if digest, known := h.bodyOf[n.WebhookID]; known && digest != n.Digest {
		h.wake(c, "notice", "%s came with two bodies", n.WebhookID)
	}
	h.bodyOf[n.WebhookID] = n.Digest
	n.Data = nil // what it says is in Wait and Callback
	if n.Wait != nil {
		h.view(c, &View{Span: Span{Begin: n.At, End: n.At}, ID: n.Wait.ID, From: "notice", Wait: n.Wait})
	}
}

// view adds a view, and looks at the ids that no two conversations can share.
func (h *History) view(c *Conversation, v *View) {
	c.Views = append(c.Views, v)
	w := v.Wait
	if w == nil {
		return
	}
	if other := h.waitOf[w.ID]; other != "" && other != c.Name {
		h.wake(c, "one outcome", "%s belongs to %s too", w.ID, other)
	}
	h.waitOf[w.ID] = c.Name
	// A long run sees each wait many times: what looks the same is kept once.
	looks := sha256.Sum256([]byte(constant(w) + outcome(w)))
	if known := h.same[looks]; known != nil {
		v.Wait = known
	} else {
		h.same[looks] = w
	}
	if w.Callback != nil {
		if other := h.callbackOf[w.Callback.ID]; other != "" && other != w.ID {
			h.wake(c, "taken once", "%s resumed %s and %s", w.Callback.ID, other, w.ID)
		}
		h.callbackOf[w.Callback.ID] = w.ID
	}
}

// Mentioned gives the ids of all waits that any answer named.
func (h *History) Mentioned(c *Conversation) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := map[string]bool{}
	for _, o := range c.Opens {
		ids[o.ID] = true
	}
	for _, s := range c.Sends {
		ids[s.WaitID] = true
	}
	for _, x := range c.Cancels {
		ids[x.ID] = true
	}
	for _, v := range c.Views {
		ids[v.ID] = true
	}
	delete(ids, "")
	list := make([]string, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// Names gives the names of all conversations.
func (h *History) Names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	names := make([]string, 0, len(h.conversations))
	for name := range h.conversations {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// askOf gives the Ask whose id stands in a wait's context.
func askOf(w *gatewaytest.Wait) string {
	var context struct {
		Ask string `json:"ask"`
	}
	_ = json.Unmarshal(w.Context, &context) // a context that was changed names no Ask
	return context.Ask
}

// messageOf gives the N of the message that a callback carried.
func messageOf(c *gatewaytest.Callback) string {
	var body struct {
		N string `json:"n"`
	}
	_ = json.Unmarshal(c.Body, &body) // a body that was changed names no message
	return body.N
}
