package cluster

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"hookgate/gateway"
)

// The states of a node.
const (
	StateReady    = "ready"
	StateDraining = "draining" // it gives its slots away, and takes none
	StateGone     = "gone"     // it was declared dead
)

// Status is a node as the list of nodes shows it (SPEC-cluster K5).
type Status struct {
	ID              string       `json:"id"`
	Address         string       `json:"address"`
	Version         string       `json:"version"`
	Since           gateway.Time `json:"since"`   // when it started
	BeatMS          int64        `json:"beat_ms"` // since its last beat was seen
	Slots           int          `json:"slots"`   // that it owns
	LagMS           int64        `json:"lag_ms"`  // how long its last beat took, from when it was due
	ConfigDigest    string       `json:"config_digest"`
	State           string       `json:"state"`
	UnreachableFrom []string     `json:"unreachable_from"` // nodes that cannot reach it
	Known           int64        `json:"-"`                // the revision of the configuration that it knew at that beat
}

// Nodes gives the nodes, in the order in which they came.
func (c *Cluster) Nodes() []Status { return c.state.nodes(time.Now()) }

func (s *state) nodes(now time.Time) (list []Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owned := map[int64]int{}
	for _, is := range s.known {
		owned[is.Node]++
	}
	for _, id := range slices.Sorted(maps.Keys(s.peers)) {
		p := s.peers[id]
		if p.told.Address == "" {
			continue
		}
		n := Status{
			ID: idOf(id), Address: p.told.Address, Version: p.told.Version, Since: gateway.Time{Time: p.told.Since},
			BeatMS: max(0, now.Sub(p.since).Milliseconds()), Slots: owned[id], LagMS: p.told.LagMS, ConfigDigest: p.told.Digest,
			State: StateReady, UnreachableFrom: []string{}, Known: p.told.Known,
		}
		switch {
		case p.member.Gone:
			n.State = StateGone
		case p.told.Draining, id == s.self && s.draining:
			n.State = StateDraining
		}
		for _, by := range s.living() {
			if slices.Contains(s.peers[by].told.Unreachable, id) {
				n.UnreachableFrom = append(n.UnreachableFrom, idOf(by))
			}
		}
		list = append(list, n)
	}
	return list
}

// Figures are numbers of this node, for metrics.
type Figures struct {
	Nodes int // that live
	Slots int // that are owned here
}

// Figures gives them.
func (c *Cluster) Figures() Figures {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	return Figures{Nodes: len(s.living()), Slots: s.held.Len()}
}

// nodeOf is the number of an id; 0: it is none.
func nodeOf(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 0 || idOf(n) != id {
		return 0
	}
	return n
}
