package outbound

import (
	"maps"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/retry/breaker"
)

// Stat is how a lane stands.
type Stat struct {
	Lane      gateway.LaneKey
	Depth     int       // unfinished deliveries
	Oldest    time.Time // when the oldest of them was made, as far as memory knows; zero for none
	Flying    int       // attempts under way
	Breaker   breaker.State
	OpenUntil time.Time
}

// statsAtOnce is how many lanes are looked at while publishers and attempts wait.
const statsAtOnce = 128

// stats shows every lane to visit, which may take its time: the schedule is not held then.
func (s *schedule) stats(visit func(Stat)) {
	s.mu.Lock()
	keys := slices.Collect(maps.Keys(s.lanes))
	s.mu.Unlock()
	some := make([]Stat, 0, statsAtOnce)
	for keys := range slices.Chunk(keys, statsAtOnce) {
		some = appendStats(some[:0], s, keys)
		for _, stat := range some {
			visit(stat)
		}
	}
}

// appendStats tells how these lanes stand, those that are still there.
func appendStats(some []Stat, s *schedule, keys []gateway.LaneKey) []Stat {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		n := s.lanes[key]
		if n == nil {
			continue
		}
		stat := Stat{Lane: key, Depth: n.unfinished(), Oldest: n.oldest(), Flying: n.sending}
		if n.circuit != nil {
			stat.Breaker, stat.OpenUntil = n.circuit.State()
		}
		some = append(some, stat)
	}
	return some
}

// unfinished is how many deliveries it has, for whoever looks. While some are in
// the store alone it is a count that was kept.
func (n *lane) unfinished() int {
	here := len(n.window.due) + len(n.flying)
	if n.order != nil {
		here += n.order.waiting
	}
	if !n.window.more {
		n.depth = here
	}
	return max(n.depth, here)
}

// oldest is when the oldest delivery that memory knows of was made.
func (n *lane) oldest() (oldest time.Time) {
	look := func(id string) {
		if at := gateway.IDTime(gateway.PrefixDelivery, id); oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	for _, d := range n.window.due {
		look(d.ID)
	}
	for id := range n.flying {
		look(id)
	}
	return oldest
}
