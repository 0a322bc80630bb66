package pebblestore

import (
	"cmp"
	"slices"

	"github.com/oklog/ulid/v2"
)

// shelfmark is what the things of a block have in common.
type shelfmark struct {
	tenant string
	day    bucket
	hash   uint64
}

// group is what becomes blocks of one shelfmark.
type group struct {
	shelfmark
	next   int // another of the same sum, -1: there is none
	n, end int // its ids
}

// grouping sorts things by shelfmark. Its memory is used again for the next.
type grouping struct {
	list   []unposted // that is grouped
	sums   map[uint64]int
	groups []group
	of     []int       // which group each value of each thing is of
	ids    []ulid.ULID // group by group, in the order of the list
}

// group groups a list.
func (g *grouping) group(list []unposted) {
	if g.sums == nil {
		g.sums = make(map[uint64]int, len(list))
	}
	clear(g.sums)
	g.groups, g.of = g.groups[:0], g.of[:0]
	var of shelfmark
	var sum uint64
	last := [...]int{-1, -1, -1} // group of each value: the next often has the same
	for i := range list {
		if day := bucketOfULID(list[i].u); i == 0 || list[i].tenant != of.tenant || day != of.day {
			of.tenant, of.day = list[i].tenant, day
			sum = valueHash(0, of.tenant, "") + uint64(day)
		}
		for k := range last {
			if of.hash = list[i].values[k]; of.hash == 0 {
				continue
			}
			if at := last[k]; at < 0 || g.groups[at].shelfmark != of {
				last[k] = g.find(sum^of.hash, of)
			}
			g.groups[last[k]].n++
			g.of = append(g.of, last[k])
		}
	}
	g.fill(list)
}

// find finds a group, or makes it.
func (g *grouping) find(sum uint64, of shelfmark) (at int) {
	last, found := g.sums[sum]
	if !found {
		last = -1
	}
	for at = last; at >= 0; at = g.groups[at].next {
		if g.groups[at].shelfmark == of {
			return at
		}
	}
	at = len(g.groups)
	g.groups = append(g.groups, group{shelfmark: of, next: last})
	g.sums[sum] = at
	return at
}

// fill puts the ids of each group side by side.
func (g *grouping) fill(list []unposted) {
	from := 0
	for i := range g.groups {
		g.groups[i].end = from
		from += g.groups[i].n
	}
	g.ids = slices.Grow(g.ids[:0], from)[:from]
	at := 0
	for i := range list {
		for _, hash := range list[i].values {
			if hash != 0 {
				group := &g.groups[g.of[at]]
				g.ids[group.end] = list[i].u
				group.end++
				at++
			}
		}
	}
}

// inOrder gives the groups in the order of their keys.
func (g *grouping) inOrder() []group {
	slices.SortFunc(g.groups, func(a, b group) int {
		if a.hash != b.hash && a.tenant == b.tenant && a.day == b.day {
			return cmp.Compare(a.hash, b.hash)
		}
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.day, b.day))
	})
	return g.groups
}
