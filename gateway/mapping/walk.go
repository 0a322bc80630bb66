package mapping

import (
	"hookgate/gateway/mapping/rawjson"
	"hookgate/gateway/mapping/work"
)

// walk goes over the value at b[i] once and fills the slots beneath n. It gives
// the end of the value.
//
// Of members with one name the last counts, as in encoding/json, in every kind
// of path: it is what most receivers of the same body would see. (gjson takes
// the first. A sender who can smuggle a second member past one reader should
// not find another that disagrees.)
func (v *Values) walk(n *node, b []byte, i int) int {
	end := 0
	switch {
	case b[i] == '{' && len(n.members.names) > 0:
		end = v.walkObject(n, b, i)
	case b[i] == '[' && len(n.items) > 0:
		end = v.walkArray(n, b, i)
	default:
		end = rawjson.SkipValue(b, i)
	}
	for _, slot := range n.slots {
		v.put(slot, b[i:end])
	}
	return end
}

func (v *Values) walkObject(n *node, b []byte, i int) int {
	i++
	for {
		name, nameEnd, escaped, value := rawjson.MemberName(b, i)
		if value >= len(b) {
			return rawjson.SkipSpace(b, i) + 1
		}
		key := b[name:nameEnd]
		if escaped {
			v.scratch = rawjson.AppendUnescaped(v.scratch[:0], key)
			key = v.scratch
		}
		child := n.members.find(rawjson.View(key))
		if !v.work.Spend(work.Member) || child == nil {
			i = rawjson.SkipValue(b, value)
			continue
		}
		if v.seen[child.id] == v.walked { // the name came before: forget what was beneath it
			v.work.Spend(work.Forget * len(child.below))
			for _, slot := range child.below {
				v.values[slot] = Value{}
			}
		}
		v.seen[child.id] = v.walked
		i = v.walk(child, b, value)
	}
}

func (v *Values) walkArray(n *node, b []byte, i int) int {
	count := 0
	if n.fromEnd { // where the end is must be known first
		count = rawjson.CountItems(b, i)
	}
	i++
	for index := 0; ; index++ {
		start, ok := rawjson.NextItem(b, i)
		if !ok {
			return start + 1
		}
		if index > n.last && !n.fromEnd {
			return rawjson.SkipToClose(b, start, 1)
		}
		i = rawjson.SkipValue(b, start)
		if index > n.last && index-count < n.first {
			continue
		}
		for _, e := range n.items {
			wanted := e.index == index || n.fromEnd && e.index == index-count
			if wanted && v.work.Spend(i-start) { // two edges may lead to one item
				v.walk(e.child, b, start)
			}
		}
	}
}
