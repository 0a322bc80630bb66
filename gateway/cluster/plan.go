package cluster

import (
	"cmp"
	"slices"

	"hookgate/gateway"
)

// plan says who should have each slot, of owners as they are and nodes that should have some,
// which are sorted. Each has as many as the others, but for one; of those that have more now
// the first keep the odd ones, and nothing moves that need not. It is the same in each node
// that sees the same. Where there are no nodes it stays as it is.
func plan(owners *[gateway.Slots]int64, nodes []int64) (to [gateway.Slots]int64) {
	to = *owners
	if len(nodes) == 0 {
		return to
	}
	room := shares(owners, nodes)
	var homeless []int
	for slot, owner := range owners {
		if left, is := room[owner]; is && left > 0 {
			room[owner] = left - 1
			continue
		}
		homeless = append(homeless, slot)
	}
	for _, slot := range homeless {
		most := nodes[0]
		for _, node := range nodes[1:] {
			if room[node] > room[most] {
				most = node
			}
		}
		room[most]--
		to[slot] = most
	}
	return to
}

// shares says how many slots each node should have.
func shares(owners *[gateway.Slots]int64, nodes []int64) map[int64]int {
	has := map[int64]int{}
	for _, owner := range owners {
		has[owner]++
	}
	order := slices.Clone(nodes)
	slices.SortStableFunc(order, func(a, b int64) int { return cmp.Compare(has[b], has[a]) })
	share, odd := gateway.Slots/len(nodes), gateway.Slots%len(nodes)
	room := map[int64]int{}
	for i, node := range order {
		room[node] = share
		if i < odd {
			room[node]++
		}
	}
	return room
}

// cutOff says which nodes should have no slots because too many of the others cannot talk
// with them: half of the others, and two at least, or all. The worst is left out first, and
// does not count for the next; of those that are alike the one that came last. So one side
// of a cut stays. A pair that cannot talk is no reason where there is a third.
func cutOff(nodes []int64, cut func(a, b int64) bool) (out []int64) {
	in := slices.Clone(nodes)
	for len(in) > 1 {
		worst, most := -1, 0
		for i, a := range in {
			n := 0
			for _, b := range in {
				if a != b && cut(a, b) {
					n++
				}
			}
			if others := len(in) - 1; n > 0 && n >= most && (n == others || n >= 2 && 2*n >= others) {
				worst, most = i, n
			}
		}
		if worst < 0 {
			break
		}
		out = append(out, in[worst])
		in = slices.Delete(in, worst, worst+1)
	}
	return out
}
