package mapping

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
		end = skipValue(b, i)
	}
	for _, slot := range n.slots {
		v.put(slot, b[i:end])
	}
	return end
}

func (v *Values) walkObject(n *node, b []byte, i int) int {
	i++
	for {
		name, nameEnd, escaped, value := memberName(b, i)
		if value >= len(b) {
			return skipSpace(b, i) + 1
		}
		key := b[name:nameEnd]
		if escaped {
			v.scratch = appendUnescaped(v.scratch[:0], key)
			key = v.scratch
		}
		child := n.members.find(view(key))
		if !v.work.spend(memberCost) || child == nil {
			i = skipValue(b, value)
			continue
		}
		if v.seen[child.id] == v.round { // the name came before: forget what was beneath it
			v.work.spend(forgetCost * len(child.below))
			for _, slot := range child.below {
				v.values[slot] = Value{}
			}
		}
		v.seen[child.id] = v.round
		i = v.walk(child, b, value)
	}
}

func (v *Values) walkArray(n *node, b []byte, i int) int {
	count := 0
	if n.fromEnd { // where the end is must be known first
		count = countItems(b, i)
	}
	i++
	for index := 0; ; index++ {
		start, ok := nextItem(b, i)
		if !ok {
			return start + 1
		}
		if index > n.last && !n.fromEnd {
			return skipToClose(b, start, 1)
		}
		i = skipValue(b, start)
		if index > n.last && index-count < n.first {
			continue
		}
		for _, e := range n.items {
			wanted := e.index == index || n.fromEnd && e.index == index-count
			if wanted && v.work.spend(i-start) { // two edges may lead to one item
				v.walk(e.child, b, start)
			}
		}
	}
}

func countItems(b []byte, i int) int {
	i++
	for n := 0; ; n++ {
		start, ok := nextItem(b, i)
		if !ok {
			return n
		}
		i = skipValue(b, start)
	}
}
