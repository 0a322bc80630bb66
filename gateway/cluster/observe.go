package cluster

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// change is something that a look has shown, for the log.
type change struct {
	text    string
	node    int64
	address string
}

// absorb takes note of what a look has shown that began at a moment. What was learnt since
// counts if it is newer.
func (s *state) absorb(number uint64, began time.Time, nodes []store.Member, owners *store.Owners) (changes []change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number <= s.finished {
		return nil // a later one was faster
	}
	s.finished = number
	now := time.Now()
	if s.lookedAt.IsZero() || began.Sub(s.lookedAt) > connected {
		for _, p := range s.peers { // nobody has watched them meanwhile
			p.since = now.Add(returning)
		}
	}
	s.began, s.lookedAt = began, now
	changes = s.meet(nodes, now)
	for slot, is := range owners {
		if s.learnt[slot] < number || is.Epoch > s.known[slot].Epoch {
			s.known[slot] = is
		}
	}
	s.anew = false
	s.strangers = map[int64]*peer{}
	s.publish()
	return changes
}

// meet takes note of the nodes that are there.
func (s *state) meet(nodes []store.Member, now time.Time) (changes []change) {
	there := map[int64]bool{}
	for _, m := range nodes {
		there[m.Node] = true
		p := s.peers[m.Node]
		if p == nil {
			p = &peer{since: now}
			s.peers[m.Node] = p
		}
		lived, was := p.lives(), p.told
		p.absorb(&m, now)
		if m.Node != s.self && p.told.Address == s.address { // this node is there now
			p.replaced, p.ended = true, p.lives() && s.over(p.told.Process)
		}
		switch lives := p.lives(); {
		case lives && !lived && m.Node != s.self:
			changes = append(changes, change{"a node is there", m.Node, p.told.Address})
		case lived && !lives:
			changes = append(changes, change{"a node is gone", m.Node, p.told.Address})
		case lived && p.told.Draining && !was.Draining && m.Node != s.self:
			changes = append(changes, change{"a node gives its slots away", m.Node, p.told.Address})
		case lived && was.Digest != "" && p.told.Digest != was.Digest:
			changes = append(changes, change{"the configuration of a node is another", m.Node, p.told.Address})
		}
	}
	for id, p := range s.peers {
		if !there[id] {
			if p.lives() {
				changes = append(changes, change{"a node has left", id, p.told.Address})
			}
			delete(s.peers, id)
		}
	}
	return changes
}

func (p *peer) absorb(m *store.Member, now time.Time) {
	if m.Beat != p.member.Beat || p.member.Node == 0 {
		p.since = now
		p.replaced, p.ended, p.doomed = false, false, false // a take-over of who stood at the former beat comes to nothing
		t := told{}
		if len(m.Told) > 0 && json.Unmarshal(m.Told, &t) == nil { // one that says nothing is not there yet
			p.told = t
		}
	}
	if m.Gone && !p.member.Gone {
		p.goneAt = now
	}
	p.member = *m
}

// deadAt is when a node is dead if it does not beat before, and is not spared any more. One
// that has never said anything has no slots: it starts still, or is one of the commands, or
// left its row behind. One whose process has ended answers for nothing, whatever it was granted.
func (p *peer) deadAt() time.Time {
	if p.ended {
		return time.Time{}
	}
	after := deadAfter
	switch {
	case p.told.Address == "":
		after = silentAfter
	case p.replaced:
		after = replacedAfter
	}
	if at := p.since.Add(after); at.After(p.spared) {
		return at
	}
	return p.spared
}

// living gives the nodes that live, sorted: the first is who acts for all.
func (s *state) living() (nodes []int64) {
	for _, id := range slices.Sorted(maps.Keys(s.peers)) {
		if s.peers[id].lives() {
			nodes = append(nodes, id)
		}
	}
	return nodes
}

// takers gives those who should have slots: they live, have beaten lately, do not leave, and
// are not cut off. At least one is left, where one lives.
func (s *state) takers() []int64 {
	var ready, living []int64
	for _, id := range s.living() {
		if id != s.self && !s.began.Before(s.peers[id].deadAt()) {
			continue
		}
		living = append(living, id)
		if !s.peers[id].told.Draining && (id != s.self || !s.draining) {
			ready = append(ready, id)
		}
	}
	if len(ready) == 0 {
		return nil
	}
	out := cutOff(living, s.cut)
	reached := slices.DeleteFunc(slices.Clone(ready), func(id int64) bool { return slices.Contains(out, id) })
	if len(reached) == 0 {
		return ready
	}
	return reached
}

// cut says whether one of two nodes says that it cannot reach the other.
func (s *state) cut(a, b int64) bool {
	return slices.Contains(s.peers[a].told.Unreachable, b) || slices.Contains(s.peers[b].told.Unreachable, a)
}

// planned says who should have each slot; those that are being given are their new owners'.
func (s *state) planned() (to [gateway.Slots]int64) {
	var owners [gateway.Slots]int64
	for slot, is := range s.known {
		owners[slot] = is.Node
		if going := s.going[slot]; going != 0 {
			owners[slot] = going
		}
	}
	return plan(&owners, s.takers())
}
