package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"hookgate/gateway/cluster/peers"
)

// verbPing asks a node how it is.
const verbPing = "ping"

// ping is what a node says when it asks another how that is, and pong what that answers.
type ping struct {
	Node    int64  `json:"node"`
	Address string `json:"address"`
}

// A node that cannot beat itself spares the one that asks: it has not declared that dead, and
// does not for leaseTime from when it answers, also if the database comes back meanwhile.
type pong struct {
	Spares bool `json:"spares"`
}

// reach asks the others how they are, one request a second to each. So it is known who can
// talk with whom; and, where this node cannot beat, whether all others spare it.
type reach struct {
	*state
	options *Options
	asking  sync.WaitGroup
}

// ask asks all that are not being asked.
func (r *reach) ask() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	now := time.Now()
	for id, p := range r.others() {
		if p.asking || now.Sub(p.askedLast) < beatEvery*9/10 {
			continue
		}
		p.asking, p.askedLast = true, now
		if p.asked.IsZero() {
			p.asked = now
		}
		to := p.node(id)
		r.asking.Go(func() { r.askOne(p, to, now) })
	}
	r.reckon(now)
}

// others gives those that live, but for this node; and those that said they do while this
// one cannot look.
func (r *reach) others() map[int64]*peer {
	all := maps.Clone(r.strangers)
	if all == nil {
		all = map[int64]*peer{}
	}
	for id, p := range r.peers {
		if p.lives() {
			all[id] = p
		}
	}
	delete(all, r.self)
	return all
}

func (r *reach) askOne(p *peer, to Node, began time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	self := r.view.Load().self
	body, err := json.Marshal(ping{Node: nodeOf(self.ID), Address: self.Address})
	if err == nil {
		body, err = r.options.Ask(ctx, to, verbPing, body)
	}
	var answer pong
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.asking = false
	if p.replaced = errors.Is(err, peers.ErrNotHere); err == nil {
		first := p.answered.IsZero()
		if p.answered, p.spares = began, answer.Spares; first {
			r.publish() // for those who wait for it
		}
	}
	r.reckon(time.Now())
}

// reckon reckons until when this node, which cannot beat, is spared by all others. One that
// does not answer does not spare it: nobody knows what it did before it fell silent.
func (r *reach) reckon(now time.Time) {
	if !r.failing {
		return
	}
	until := now.Add(leaseTime)
	for _, p := range r.others() {
		if !p.spares {
			return
		}
		if known := p.answered.Add(leaseTime); known.Before(until) {
			until = known
		}
	}
	was := r.mayAnswer()
	r.away.Store(int64(until.Sub(r.base)))
	if !was && r.mayAnswer() {
		r.publish() // for those who wait
	}
}

// pinged answers whether this node spares who asks.
func (r *reach) pinged(_ context.Context, body []byte) ([]byte, error) {
	var from ping
	_ = json.Unmarshal(body, &from) // who says nothing of itself is answered, too
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing && from.Address != "" && r.peers[from.Node] == nil && r.strangers[from.Node] == nil && len(r.strangers) < mostStrangers {
		r.strangers[from.Node] = &peer{told: told{Address: from.Address}}
	}
	return json.Marshal(pong{Spares: r.spare(from.Node, time.Now())})
}

// spare promises a node not to declare it dead, if that was not done yet. One that can beat
// promises nothing: there are slots to be served.
func (r *reach) spare(node int64, now time.Time) bool {
	p := r.peers[node]
	if !r.failing || p == nil || p.member.Gone || p.doomed {
		return false
	}
	p.spared = now.Add(leaseTime)
	return true
}

// mostStrangers bounds how many nodes are known that came while this one could not look.
const mostStrangers = 100

// mute says whether a node has not answered for long, although it was asked.
func (p *peer) mute(now time.Time) bool {
	last := p.asked
	if p.answered.After(last) {
		last = p.answered
	}
	return !last.IsZero() && now.Sub(last) >= deadAfter
}

// unreachable gives those that this node could not reach for long, sorted.
func (s *state) unreachable(now time.Time) (nodes []int64) {
	for _, id := range slices.Sorted(maps.Keys(s.peers)) {
		if p := s.peers[id]; id != s.self && p.lives() && p.mute(now) {
			nodes = append(nodes, id)
		}
	}
	return nodes
}

// Via gives a node that can talk with another, where this one cannot.
func (c *Cluster) Via(to Node) (via Node, is bool) {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	other := nodeOf(to.ID)
	if p := s.peers[other]; p == nil || !p.lives() {
		return Node{}, false
	}
	for _, id := range s.living() {
		if p := s.peers[id]; id != s.self && id != other && !p.mute(time.Now()) && !s.cut(id, other) && !s.cut(id, s.self) {
			return p.node(id), true
		}
	}
	return Node{}, false
}
