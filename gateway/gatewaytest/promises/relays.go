package promises

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"hookgate/gateway/gatewaytest"
)

// Relays is everything that was sent to relay routes, and what their upstreams got of
// it. Many goroutines may add to it. Its laws, after SPEC 9 and 14:
//
//	answer       nothing is answered that the load did not provoke
//	taken once   what has an id of its provider's is accepted once over all lives, and
//	             each repeat is told the first one's callback_id; what has none is
//	             accepted as often as it is sent
//	lost         what was accepted reaches an upstream that takes it
//	bytes        it arrives as it was sent: method, path and query, fields, body
//	signed       and so with a signature that the upstream can check itself
//	explained    nothing arrives that nobody sent, or more often than it was sent
//	same id      a repeat at an upstream carries the webhook-id of the first
//	order        a message first arrives when all before it in its conversation were
//	             taken by an upstream
//	ended        each delivery ends, and succeeded; an arrival has one
//
// A request whose answer was lost was accepted or not; what was seen of it afterwards
// has to agree with itself.
type Relays struct {
	mu         sync.Mutex
	posts      map[string]*Post // by N
	talks      map[string][]*Post
	byCallback map[string]*Post
	byID       map[string]*Post // by the webhook-id of an arrival
	deliveries map[string]Shown // at the end
	life       int
	tally      RelayTally
	found      []Violation
}

// RelayTally counts what happened.
type RelayTally struct {
	Accepted, Duplicates, Lost int // answers, and none
	LostAndTaken               int // a repeat was told of a callback_id that no answer had named
	Arrivals, Refused          int // requests that came, and those that the upstream did not answer 2xx
	Again, AgainInOneLife      int // came after a 2xx; of those, without a kill in between
	Succeeded                  int // deliveries, at the end
}

// Post is one message of a provider to a relay route, sent as often as it takes. Its
// exported fields are set before the first Begin.
type Post struct {
	N            string // in its field FieldN, unique
	Conversation string
	Also         []string          // the other conversations that it is of
	Number       int               // its place in each of its conversations, among those of one provider
	ID           string            // by which a repeat is known; "": there is none, and each is another message
	WebhookID    string            // it has one itself; "": the gateway gives it one
	Method       string            // it, and Target, as the upstream is to get them
	Target       string            // path and query
	Fields       map[string]string // those that are the same each time that it is sent
	Body         []byte

	begun, accepted, duplicates, lost int
	callback                          string             // of what has an ID
	copies                            map[string]*copied // by webhook-id
	story                             []string
}

// FieldN is the header field that says which Post it is.
const FieldN = "X-N"

// copied is one acceptance of a Post, as the upstreams saw it.
type copied struct {
	ok   bool // an upstream answered 2xx
	life int  // in which one last did
}

// RelayArrival is one request that an upstream got.
type RelayArrival struct {
	gatewaytest.Received
	Unsigned error // nil where the signature is good
	OK       bool  // answered 2xx
}

// NewRelays gives an empty record.
func NewRelays() *Relays {
	return &Relays{
		posts: map[string]*Post{}, talks: map[string][]*Post{}, byCallback: map[string]*Post{}, byID: map[string]*Post{}, deliveries: map[string]Shown{},
	}
}

// Killed notes that one life of the gateway is over.
func (r *Relays) Killed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.life++
}

// Tally gives what happened so far.
func (r *Relays) Tally() RelayTally {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tally
}

// Begin notes that a Post is sent, once more maybe.
func (r *Relays) Begin(p *Post) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.begun++; p.begun > 1 {
		return
	}
	p.copies = map[string]*copied{}
	r.posts[p.N] = p
	for _, talk := range p.conversations() {
		r.talks[talk] = append(r.talks[talk], p)
	}
}

// conversations are all that it is of, the one whose name its delivery has first.
func (p *Post) conversations() []string { return append([]string{p.Conversation}, p.Also...) }

// Answered notes what came back of it.
func (r *Relays) Answered(p *Post, s Span, status int, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.tell("%s +%s life %d: %d %s", s.Begin.UTC().Format(clock), s.End.Sub(s.Begin).Round(ms), r.life, status, body)
	if s.Lost {
		p.lost++
		r.tally.Lost++
		return
	}
	var taken gatewaytest.Taken
	if err := json.Unmarshal(body, &taken); err != nil || status != http.StatusOK || taken.CallbackID == "" {
		r.fault(p, "answer", "%d %s", status, body)
		return
	}
	known := r.byCallback[taken.CallbackID]
	r.byCallback[taken.CallbackID] = p
	switch {
	case taken.Outcome == "accepted":
		p.accepted++
		r.tally.Accepted++
		if p.ID != "" && p.accepted > 1 {
			r.fault(p, "taken once", "it was accepted again, as %s", taken.CallbackID)
		}
	case taken.Outcome == "duplicate" && p.ID != "":
		if p.duplicates++; p.accepted == 0 && p.callback == "" && p.lost > 0 {
			r.tally.LostAndTaken++
		}
		r.tally.Duplicates++
	default:
		r.fault(p, "answer", "%d %s", status, body)
	}
	if known != nil && known != p || known != nil && p.ID == "" {
		r.fault(p, "taken once", "%s is also the callback of %s", taken.CallbackID, known.N)
	}
	if p.ID != "" && p.callback != "" && p.callback != taken.CallbackID {
		r.fault(p, "taken once", "it is %s, and was %s", taken.CallbackID, p.callback)
	}
	p.callback = taken.CallbackID
}

// Known says whether an answer told that a Post was accepted.
func (r *Relays) Known(p *Post) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return p.accepted+p.duplicates > 0
}

// Arrived notes a request at an upstream, before it is answered.
func (r *Relays) Arrived(a RelayArrival) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally.Arrivals++
	if !a.OK {
		r.tally.Refused++
	}
	p := r.posts[a.Header.Get(FieldN)]
	if p == nil {
		r.fault(nil, "explained", "an upstream got what nobody sent: %s %s %v\n%q", a.Method, a.Path, a.Header, a.Body)
		return
	}
	id := a.Header.Get("webhook-id")
	p.tell("%s arrived as %s, ok %v, life %d", a.At.UTC().Format(clock), id, a.OK, r.life)
	r.checkBytes(p, a)
	c := p.copies[id]
	switch {
	case c == nil:
		c = &copied{}
		p.copies[id] = c
		r.checkCopy(p, id)
		r.checkOrder(p)
	case c.ok:
		if r.tally.Again++; c.life == r.life {
			r.tally.AgainInOneLife++
		}
	}
	if a.OK {
		c.ok, c.life = true, r.life
	}
}

func (r *Relays) checkBytes(p *Post, a RelayArrival) {
	if a.Unsigned != nil {
		r.fault(p, "signed", "%v", a.Unsigned)
	}
	if a.Method != p.Method || a.Path != p.Target {
		r.fault(p, "bytes", "it arrived as %s %s, want %s %s", a.Method, a.Path, p.Method, p.Target)
	}
	for name, want := range p.Fields {
		if got := a.Header.Values(name); len(got) != 1 || got[0] != want {
			r.fault(p, "bytes", "its field %s arrived as %q, want %q", name, got, want)
		}
	}
	if !bytes.Equal(a.Body, p.Body) {
		r.fault(p, "bytes", "its body arrived as\n%q\ninstead of\n%q", a.Body, p.Body)
	}
}

// checkCopy: as often as it was sent it may arrive under an id of its own; what has an
// ID, once.
func (r *Relays) checkCopy(p *Post, id string) {
	most, law := p.begun, "explained"
	if p.ID != "" {
		most, law = 1, "taken once"
	}
	if len(p.copies) > most {
		r.fault(p, law, "it arrived under %d webhook-ids, and could be accepted %d times", len(p.copies), most)
	}
	other := r.byID[id]
	if r.byID[id] = p; id == "" || other != nil || p.WebhookID != "" && id != p.WebhookID {
		r.fault(p, "same id", "it arrived as %q, want %q, or what no other has", id, p.WebhookID)
	}
}

// checkOrder looks at what is new to the upstreams. Who sends goes on with a
// conversation when all is known of what it sent before: an answer that was lost will
// not be given any more.
func (r *Relays) checkOrder(p *Post) {
	for _, talk := range p.conversations() {
		for _, other := range r.talks[talk] {
			switch {
			case other.Number > p.Number && len(other.copies) > 0:
				r.fault(p, "order", "it first arrived after %s, in %s", other.N, talk)
			case other.Number < p.Number && !other.delivered():
				r.fault(p, "order", "it arrived before %s was taken, in %s\n%s", other.N, talk, strings.Join(other.story, "\n"))
			}
		}
	}
}

// least is how often a Post was accepted at the least.
func (p *Post) least() int {
	if p.ID != "" {
		return min(p.accepted+p.duplicates, 1)
	}
	return p.accepted
}

// delivered says whether each acceptance that is known, or was seen, was taken by an
// upstream.
func (p *Post) delivered() bool {
	for _, c := range p.copies {
		if !c.ok {
			return false
		}
	}
	return len(p.copies) >= p.least()
}

func (p *Post) tell(format string, args ...any) {
	p.story = append(p.story, "    "+fmt.Sprintf(format, args...))
}

func (r *Relays) fault(p *Post, law, format string, args ...any) {
	v := Violation{Law: law, What: fmt.Sprintf(format, args...)}
	if p != nil {
		v.Conversation, v.Story = p.N, strings.Join(p.story, "\n")
	}
	r.found = append(r.found, v)
}
