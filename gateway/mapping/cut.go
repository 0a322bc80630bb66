package mapping

import (
	"cmp"
	"slices"

	"hookgate/gateway/mapping/rawjson"
)

// Cut is a body that can be cut down to each of its items: the lists in which they stand
// have that item alone then, and all else is as it was. What stands in such a list and is
// no item, nor has one, goes with the first item of that list, so that nothing is said
// twice and nothing is left out.
type Cut struct {
	body  []byte
	items []span // by where they begin
	order []int  // where in items each of the callers' is
	root  *container
}

// span is where an item is in the body.
type span struct{ start, end int }

// container is an array or object with items somewhere in it.
type container struct {
	array bool
	first int     // of the items in it
	parts []piece // in their order
}

// piece is an item or member of a container, or several members that have no items.
type piece struct {
	start, end int // with the member's name
	value      int // where its value begins
	low, high  int // the items in it; none where they are equal
	inside     *container
}

// NewCut prepares a body for its items, which are as SourcePlan.Items gave them.
func NewCut(body []byte, items []Item) *Cut {
	c := &Cut{body: body, items: make([]span, len(items)), order: make([]int, len(items))}
	for i := range items {
		start := cap(body) - cap(items[i].Raw)
		c.items[i] = span{start, start + len(items[i].Raw)}
	}
	placed := slices.Clone(c.items)
	slices.SortFunc(c.items, bySpan)
	for i, s := range placed {
		c.order[i], _ = slices.BinarySearchFunc(c.items, s, bySpan)
	}
	if start := rawjson.SkipSpace(body, 0); len(items) > 0 {
		c.root = c.contain(start, 0, len(items))
	}
	return c
}

func bySpan(a, b span) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) }

// contain looks into the value at a place that has the items from low to high; nil where
// it is an item itself, which stays whole.
func (c *Cut) contain(at, low, high int) *container {
	if c.items[low].start == at {
		return nil
	}
	in := &container{array: c.body[at] == '[', first: low}
	for i := at + 1; ; {
		p, next, more := c.piece(in.array, i)
		if !more {
			return in
		}
		i = next
		for p.low = low; low < high && c.items[low].start < p.end; low++ { //nolint:revive // it counts
		}
		if p.high = low; p.low < p.high {
			p.inside = c.contain(p.value, p.low, p.high)
		}
		in.add(p)
	}
}

// piece gives the item or member that begins at a place.
func (c *Cut) piece(array bool, i int) (p piece, next int, more bool) {
	if array {
		if p.start, more = rawjson.NextItem(c.body, i); !more {
			return p, 0, false
		}
		p.value = p.start
	} else {
		name, _, _, value := rawjson.MemberName(c.body, i)
		if value >= len(c.body) {
			return p, 0, false
		}
		p.start, p.value = name-1, value
	}
	p.end = rawjson.SkipValue(c.body, p.value)
	return p, p.end, true
}

// add adds a piece; what has no items becomes one with what has none before it.
func (in *container) add(p piece) {
	if n := len(in.parts); n > 0 && p.low == p.high && in.parts[n-1].low == in.parts[n-1].high {
		in.parts[n-1].end = p.end
		return
	}
	in.parts = append(in.parts, p)
}

// Append appends the body with one item alone, and says where in dst that begins.
func (c *Cut) Append(dst []byte, item int) (out []byte, at int) {
	w := cutting{Cut: c, item: c.order[item], out: dst}
	w.write(c.root, rawjson.SkipSpace(c.body, 0), len(c.body))
	return w.out, w.at
}

// cutting is one Append on its way.
type cutting struct {
	*Cut
	item int // in items
	out  []byte
	at   int
}

// write writes a value: whole where it is an item, or has none.
func (w *cutting) write(in *container, start, end int) {
	if in == nil {
		if s := w.items[w.item]; start <= s.start && s.start < end {
			w.at = len(w.out) + s.start - start
		}
		w.out = append(w.out, w.body[start:end]...)
		return
	}
	marks := "{}"
	if in.array {
		marks = "[]"
	}
	w.out = append(w.out, marks[0])
	empty := len(w.out)
	for i := range in.parts {
		p := &in.parts[i]
		if !w.keeps(in, p) {
			continue
		}
		if len(w.out) > empty {
			w.out = append(w.out, ',')
		}
		if p.value > p.start && p.low < p.high {
			w.out = append(w.out, w.body[p.start:p.value]...)
			w.write(p.inside, p.value, p.end)
			continue
		}
		w.write(p.inside, p.start, p.end)
	}
	w.out = append(w.out, marks[1])
}

// keeps says whether a piece goes with the item.
func (w *cutting) keeps(in *container, p *piece) bool {
	switch {
	case p.low <= w.item && w.item < p.high:
		return true
	case p.low == p.high:
		return !in.array || in.first == w.item
	}
	return !in.array && p.inside != nil // a member whose lists become empty
}
