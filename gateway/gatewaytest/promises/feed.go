package promises

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Feed is everything that was published, and what the endpoints got of it. Many
// goroutines may add to it. Its laws, after SPEC 7 and 14:
//
//	lost         what was answered 202 is there after every restart, and at the end
//	             has one delivery at each endpoint that wants it
//	ended        each delivery ends: succeeded, which its endpoint confirms, or dead,
//	             where the endpoint refused it as often as its schedule says
//	bytes        an event arrives, and is shown, as it was published, byte for byte
//	signed       every request carries a good signature
//	same id      one webhook-id, one content
//	idempotency  one Idempotency-Key, one acceptance, one answer
//	event id     an event that is published again under its own id is taken once
//	explained    no event without somebody who published it, and none for an endpoint
//	             that did not ask for it
//	order        an ordered endpoint first sees the events of a conversation in the
//	             order in which they were published
//	answer       nothing is answered that the load did not provoke
//
// What was published without either and had no answer may have been taken or not,
// and is taken once more when it is published again.
type Feed struct {
	mu          sync.Mutex
	subscribers map[string]*Subscriber
	items       map[string]*Item // by N
	byID        map[string]*Item // by the id of an event
	unseen      map[string]bool  // ids answered 202 since the last read-back
	got         map[arrivalKey]*arrived
	latest      map[arrivalKey]*Item // endpoint and conversation -> the last that was new to it
	shown       map[string]Shown     // deliveries, at the end
	life        int
	tally       FeedTally
	found       []Violation
}

// FeedTally counts what happened.
type FeedTally struct {
	Accepted, Known                   int // events answered 202, and all that were taken
	Replayed, Lost                    int // answers to publishes
	Arrivals, Refused                 int // requests that came, and those that the endpoint did not answer 2xx
	Again, AgainInOneLife             int // came after a 2xx; of those, without a kill in between
	Batched, Renamed, Succeeded, Dead int // events in batches; first alone, then in a batch; ended deliveries
}

// Subscriber is one endpoint.
type Subscriber struct {
	Name     string
	Wants    func(*Item) bool // nil: everything
	Ordered  bool
	Batch    int // most events in one request; 0 is 1
	Attempts int // after so many failures a delivery is dead; 0: none ever is
}

func (s *Subscriber) wants(i *Item) bool { return s.Wants == nil || s.Wants(i) }

// Item is one event, and in one Publish only.
type Item struct {
	N            string // in its body, unique
	Conversation string
	Number       int // its place in the conversation, from 1
	Type, Kind   string
	Body         []byte

	publish *Publish
	ids     []string // as which it was taken
	story   []string
}

// Publish is one POST …/events, made as often as it takes.
type Publish struct {
	Key   string // Idempotency-Key; "" is none
	ByID  bool   // its events are known by their own ids
	Items []*Item

	begun  int
	answer []byte // of the first 202
	fresh  int    // answers that were no replay
}

// Accepted is the answer to a Publish.
type Accepted struct {
	Span
	Status   int
	Replayed bool
	Body     []byte
}

type arrivalKey struct{ endpoint, id string }

// arrived is what one endpoint got under one webhook-id.
type arrived struct {
	digest [sha256.Size]byte
	items  []string // N of each
	ok     bool     // answered 2xx
	life   int      // in which it last was answered so
}

// NewFeed gives an empty feed.
func NewFeed(all ...*Subscriber) *Feed {
	f := &Feed{
		subscribers: map[string]*Subscriber{}, items: map[string]*Item{}, byID: map[string]*Item{}, unseen: map[string]bool{},
		got: map[arrivalKey]*arrived{}, latest: map[arrivalKey]*Item{}, shown: map[string]Shown{},
	}
	for _, s := range all {
		f.subscribers[s.Name] = s
	}
	return f
}

// Killed notes that one life of the gateway is over.
func (f *Feed) Killed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.life++
}

// Tally gives what happened so far.
func (f *Feed) Tally() FeedTally {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tally.Known = len(f.byID)
	return f.tally
}

// Begin notes that a Publish is sent, once more maybe.
func (f *Feed) Begin(p *Publish) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.begun++; p.begun > 1 {
		return
	}
	for _, i := range p.Items {
		f.items[i.N] = i
		i.publish = p
	}
}

// Answered notes what came back of it.
func (f *Feed) Answered(p *Publish, a Accepted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a.Lost {
		f.tally.Lost++
		return
	}
	first := p.Items[0]
	var answer struct {
		Accepted int `json:"accepted"`
		Events   []struct {
			ID         string `json:"id"`
			Deliveries int    `json:"deliveries"`
		} `json:"events"`
	}
	if err := json.Unmarshal(a.Body, &answer); a.Status != 202 || err != nil || answer.Accepted != len(p.Items) || len(answer.Events) != len(p.Items) {
		f.fault(first, "answer", "%d events were answered %d %s", len(p.Items), a.Status, a.Body)
		return
	}
	if p.Key == "" && a.Replayed {
		f.fault(first, "idempotency", "a replay without a key")
	}
	if a.Replayed {
		f.tally.Replayed++
	} else if p.fresh++; p.Key != "" && p.fresh > 1 {
		f.fault(first, "idempotency", "the key %q was taken twice", p.Key)
	}
	if p.Key != "" && p.answer != nil && !bytes.Equal(p.answer, a.Body) {
		f.fault(first, "idempotency", "the key %q was answered %s, then %s", p.Key, p.answer, a.Body)
	}
	again := (p.Key != "" || p.ByID) && p.answer != nil
	p.answer = a.Body
	for n, e := range answer.Events {
		i := p.Items[n]
		i.tell("%s +%s accepted as %s", a.Begin.UTC().Format(clock), a.End.Sub(a.Begin).Round(ms), e.ID)
		f.named(i, e.ID)
		if !again {
			f.tally.Accepted++
			f.unseen[e.ID] = true
		}
		if want := len(f.wanting(i)); e.Deliveries != want {
			f.fault(i, "answer", "%s has %d deliveries, want %d", e.ID, e.Deliveries, want)
		}
	}
}

// wanting gives the endpoints that want an event.
func (f *Feed) wanting(i *Item) (all []*Subscriber) {
	for _, s := range f.subscribers {
		if s.wants(i) {
			all = append(all, s)
		}
	}
	return all
}

// named notes that an event is known by this id.
func (f *Feed) named(i *Item, id string) {
	if other := f.byID[id]; other == i {
		return
	} else if other != nil {
		f.fault(i, "explained", "%s is also the id of %s", id, other.N)
		return
	}
	f.byID[id] = i
	i.ids = append(i.ids, id)
	most, law := i.publish.begun, "explained"
	switch {
	case i.publish.Key != "":
		most, law = 1, "idempotency"
	case i.publish.ByID:
		most, law = 1, "event id"
	}
	if len(i.ids) > most {
		f.fault(i, law, "it is known as %s, and could be taken %d times", strings.Join(i.ids, " and "), most)
	}
}

// Arrival is one request that an endpoint got.
type Arrival struct {
	At        time.Time
	WebhookID string
	Unsigned  error // nil where the signature is good
	Body      []byte
	OK        bool // answered 2xx
}

// Arrived notes a request, before it is answered.
func (f *Feed) Arrived(endpoint string, a Arrival) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tally.Arrivals++
	if !a.OK {
		f.tally.Refused++
	}
	s := f.subscribers[endpoint]
	items := f.unpack(s, a)
	for n, i := range items {
		i.tell("%s %s got it as %s (%d of %d), ok %v, life %d", a.At.UTC().Format(clock), endpoint, a.WebhookID, n+1, len(items), a.OK, f.life)
	}
	if len(items) == 0 {
		return
	}
	if a.Unsigned != nil {
		f.fault(items[0], "signed", "%s at %s: %v", a.WebhookID, endpoint, a.Unsigned)
	}
	if f.repeated(s, a, items) {
		return
	}
	for _, i := range items {
		if !s.wants(i) {
			f.fault(i, "explained", "%s got it and does not want it", endpoint)
		}
		if s.Ordered {
			f.inOrder(s, i)
		}
	}
	if isEventID(a.WebhookID) && len(items) == 1 {
		f.named(items[0], a.WebhookID)
	} else if s.Batch < 2 || len(items) < 2 || len(items) > s.Batch || isEventID(a.WebhookID) {
		f.fault(items[0], "same id", "%s at %s holds %d events", a.WebhookID, endpoint, len(items))
	} else {
		f.tally.Batched += len(items)
	}
}

func isEventID(id string) bool { return strings.HasPrefix(id, "evt_") }

// unpack gives the events of a request, if all of it is what was published.
func (f *Feed) unpack(s *Subscriber, a Arrival) (items []*Item) {
	var envelope struct {
		Events []json.RawMessage `json:"events"`
	}
	if err := json.Unmarshal(a.Body, &envelope); err != nil || len(envelope.Events) == 0 {
		f.fault(nil, "bytes", "%s got %s, which holds no events: %v\n%s", s.Name, a.WebhookID, err, a.Body)
		return nil
	}
	for _, body := range envelope.Events {
		i := f.of(body)
		if i == nil {
			f.fault(nil, "explained", "%s got in %s what nobody published:\n%s", s.Name, a.WebhookID, body)
			return nil
		}
		if !bytes.Equal(i.Body, body) {
			f.fault(i, "bytes", "%s got in %s\n%s\ninstead of\n%s", s.Name, a.WebhookID, body, i.Body)
		}
		items = append(items, i)
	}
	return items
}

// of finds the event that a body is of; nil is none.
func (f *Feed) of(body []byte) *Item {
	var item struct {
		N string `json:"n"`
	}
	_ = json.Unmarshal(body, &item) // what has no n is nobody's
	return f.items[item.N]
}

// repeated notes the request under its webhook-id, and says whether it came before.
func (f *Feed) repeated(s *Subscriber, a Arrival, items []*Item) bool {
	key := arrivalKey{s.Name, a.WebhookID}
	g := f.got[key]
	if g == nil {
		g = &arrived{digest: sha256.Sum256(a.Body), ok: a.OK, life: f.life}
		for _, i := range items {
			g.items = append(g.items, i.N)
		}
		f.got[key] = g
		return false
	}
	if g.digest != sha256.Sum256(a.Body) {
		f.fault(items[0], "same id", "%s came to %s with another content", a.WebhookID, s.Name)
	}
	if g.ok {
		if f.tally.Again++; g.life == f.life {
			f.tally.AgainInOneLife++
		}
	}
	if a.OK {
		g.ok, g.life = true, f.life
	}
	return true
}

// inOrder looks at what is new to an ordered endpoint. A request is taken whole, so
// its events of one conversation come without a gap; taken twice, for its answer was
// lost, they come twice.
func (f *Feed) inOrder(s *Subscriber, i *Item) {
	key := arrivalKey{s.Name, i.Conversation}
	before := f.latest[key]
	f.latest[key] = i
	switch {
	case before == nil || before.publish != i.publish:
		if !i.opens() || before != nil && (before.Number > i.Number || !before.closes()) {
			f.fault(i, "order", "%s got it right after %s", s.Name, before.name())
		}
	case i.Number != before.Number+1 && !(i.opens() && before.closes()):
		f.fault(i, "order", "%s got it right after %s of the same request", s.Name, before.name())
	}
}

func (i *Item) name() string {
	if i == nil {
		return "nothing"
	}
	return i.N
}

// opens says whether the event is the first of its conversation in its request.
func (i *Item) opens() bool {
	return i == i.publish.Items[slices.IndexFunc(i.publish.Items, i.sibling)]
}

// closes says whether it is the last.
func (i *Item) closes() bool {
	return !slices.ContainsFunc(i.publish.Items, func(o *Item) bool { return i.sibling(o) && o.Number > i.Number })
}

func (i *Item) sibling(o *Item) bool { return o.Conversation == i.Conversation }

// tell adds to the story of an event.
func (i *Item) tell(format string, args ...any) {
	i.story = append(i.story, fmt.Sprintf(format, args...))
}

func (f *Feed) fault(i *Item, law, format string, args ...any) {
	v := Violation{Law: law, What: fmt.Sprintf(format, args...)}
	if i != nil {
		v.Conversation, v.Story = i.N, "    "+strings.Join(i.story, "\n    ")
	}
	f.found = append(f.found, v)
}
