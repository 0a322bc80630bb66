package cluster

import (
	"encoding/json"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// state is what this node knows.
type state struct {
	base  time.Time    // what lease and away are counted from
	lease atomic.Int64 // until when it answers for its slots, by its last beat
	away  atomic.Int64 // until when it does because all others spare it
	view  atomic.Pointer[view]

	mu        sync.Mutex
	self      int64
	address   string
	say       func() Self
	over      func(process string) bool
	peers     map[int64]*peer // this node, too
	strangers map[int64]*peer // who asked while this node cannot look
	known     store.Owners
	learnt    [gateway.Slots]uint64 // which look was the last to begin when it was learnt
	anew      bool                  // a look is needed before anything is done with known
	looks     uint64                // that began
	finished  uint64                // the last of them that succeeded
	began     time.Time             // when that one began
	lookedAt  time.Time             // and when it ended

	held    gateway.SlotSet      // acquired by all parts
	touched gateway.SlotSet      // by some of them
	going   [gateway.Slots]int64 // to whom a slot is being given
	out     gateway.SlotSet      // of those: not answered for any more
	unsure  gateway.SlotSet      // until the store has confirmed it

	draining bool
	failing  bool          // the last beat failed
	lag      time.Duration // of the last beat: from when it was due until it was there
	fenced   bool          // declared dead, and not back yet
	closed   bool
	moving   sync.WaitGroup // who acquires, releases, assigns
}

// peer is a node as this one sees it.
type peer struct {
	member    store.Member
	told      told
	since     time.Time // when its counter was seen to change last
	goneAt    time.Time // when it was first seen to be gone
	asked     time.Time // since when it is asked
	askedLast time.Time
	asking    bool
	answered  time.Time // when what it answered last was asked
	spares    bool      // it answered that it spares this node
	spared    time.Time // until when this node spares it
	doomed    bool      // this node may have declared it dead: it was not seen to beat since
	replaced  bool      // another node is at its address
	ended     bool      // this one is, and knows that its process has ended
}

// told is what a node says of itself, as it is kept.
type told struct {
	Address     string    `json:"address"`
	Version     string    `json:"version"`
	Since       time.Time `json:"since"`
	Digest      string    `json:"digest"`
	Keys        []string  `json:"keys,omitempty"`
	Process     string    `json:"process,omitempty"`
	Draining    bool      `json:"draining,omitempty"`
	LagMS       int64     `json:"lag_ms"`
	Known       int64     `json:"known,omitempty"`       // the revision of the configuration that it knew by then
	Unreachable []int64   `json:"unreachable,omitempty"` // nodes that it could not reach for deadAfter
}

func newState(say func() Self, over func(process string) bool) *state {
	s := &state{base: time.Now(), say: say, over: over, peers: map[int64]*peer{}, anew: true}
	s.view.Store(&view{changed: make(chan struct{})})
	return s
}

// begin makes it the state of a node that owns nothing and knows nobody. What let the former
// one answer is none of its.
func (s *state) begin(self int64) {
	address := s.say().Address
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lease.Store(0)
	s.away.Store(0)
	s.self, s.address, s.fenced, s.failing = self, address, false, false
	s.peers, s.strangers, s.known, s.anew = map[int64]*peer{}, map[int64]*peer{}, store.Owners{}, true
	s.learnt = [gateway.Slots]uint64{}
	s.held, s.touched, s.out, s.unsure = gateway.SlotSet{}, gateway.SlotSet{}, gateway.SlotSet{}, gateway.SlotSet{}
	s.going, s.lookedAt = [gateway.Slots]int64{}, time.Time{}
	s.publish()
}

// enter lets somebody move slots, until leave; false where nobody may.
func (s *state) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enterLocked()
}

func (s *state) enterLocked() bool {
	if s.fenced || s.closed {
		return false
	}
	s.moving.Add(1)
	return true
}

func (s *state) leave() { s.moving.Done() }

// publish makes the view anew. It is called when something has changed.
func (s *state) publish() {
	v := &view{self: Node{ID: idOf(s.self), Address: s.address}, changed: make(chan struct{})}
	nodes := map[int64]*Node{}
	for slot, is := range s.known {
		slot := gateway.Slot(slot) //nolint:gosec // it ranges over all
		switch {
		case is.Node == 0:
		case is.Node == s.self:
			if !s.fenced && !s.closed && s.held.Has(slot) && !s.out.Has(slot) && !s.unsure.Has(slot) {
				v.here.Add(slot)
			}
		default:
			n, is := s.node(nodes, is.Node)
			if is {
				v.owners[slot] = n
			}
		}
	}
	close(s.view.Swap(v).changed)
}

// node gives a node as others reach it, the same for all slots of a view.
func (s *state) node(nodes map[int64]*Node, id int64) (*Node, bool) {
	if n := nodes[id]; n != nil {
		return n, true
	}
	p := s.peers[id]
	if p == nil || !p.lives() {
		return nil, false
	}
	n := p.node(id)
	nodes[id] = &n
	return &n, true
}

// node gives it as others reach it.
func (p *peer) node(id int64) Node { return Node{ID: idOf(id), Address: p.told.Address} }

// lives says whether it has said something of itself, and nobody declared it dead.
func (p *peer) lives() bool { return !p.member.Gone && p.told.Address != "" }

// tell gives what this node says of itself.
func (s *state) tell(now time.Time) []byte {
	self := s.say()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := told{
		Address: self.Address, Version: self.Version, Since: self.Since, Digest: self.Digest, Keys: self.Keys, Process: self.Process, Known: self.Known,
		Draining: s.draining, LagMS: s.lag.Milliseconds(), Unreachable: s.unreachable(now),
	}
	text, err := json.Marshal(t)
	if err != nil {
		panic("cluster: a node that does not encode: " + err.Error()) // texts and numbers always do
	}
	return text
}

// learn takes note of an owner, if it is not older than what is known. A look that is under
// way may not have seen it yet.
func (s *state) learn(slot gateway.Slot, is store.SlotOwner) {
	if is.Epoch > s.known[slot].Epoch {
		s.known[slot], s.learnt[slot] = is, s.looks
	}
}

// mine gives the slots that are this node's.
func (s *state) mine() (slots gateway.SlotSet) {
	for slot, is := range s.known {
		if is.Node == s.self {
			slots.Add(gateway.Slot(slot)) //nolint:gosec // it ranges over all
		}
	}
	return slots
}

func idOf(node int64) string { return strconv.FormatInt(node, 10) }
