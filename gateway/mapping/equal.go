package mapping

// equal says whether two JSON values are the same: numbers by value, strings by
// text, objects whatever the order of their members. Where the work is used up it is
// false.
func (w *work) equal(a, b []byte) bool {
	kind := kindOf(a)
	if kind != kindOf(b) || !w.spend(itemCost+textCost*(len(a)+len(b))) {
		return false
	}
	switch kind {
	case Number:
		return equalNumbers(a, b)
	case String:
		return equalStrings(a, b)
	case Array:
		return w.equalArrays(a, b)
	case Object:
		return w.equalObjects(a, b)
	}
	return string(a) == string(b) // null, true, false
}

func equalStrings(a, b []byte) bool {
	if !hasEscape(a) && !hasEscape(b) {
		return string(a) == string(b)
	}
	return unescaped(a[1:len(a)-1]) == unescaped(b[1:len(b)-1])
}

func unescaped(inner []byte) string {
	if !hasEscape(inner) {
		return string(inner)
	}
	return string(appendUnescaped(make([]byte, 0, len(inner)), inner))
}

func (w *work) equalArrays(a, b []byte) bool {
	i, j := 1, 1
	for {
		x, okX := nextItem(a, i)
		y, okY := nextItem(b, j)
		if !okX || !okY {
			return okX == okY
		}
		i, j = skipValue(a, x), skipValue(b, y)
		if !w.equal(a[x:i], b[y:j]) {
			return false
		}
	}
}

func (w *work) equalObjects(a, b []byte) bool {
	left, right := w.objectMembers(a), w.objectMembers(b)
	if len(left) != len(right) {
		return false
	}
	for name, value := range left {
		other, found := right[name]
		if !found || !w.equal(value, other) {
			return false
		}
	}
	return true
}

// objectMembers gives the members by name; of those with one name the last counts.
func (w *work) objectMembers(object []byte) map[string][]byte {
	members := make(map[string][]byte)
	for i := 1; ; {
		m, next, ok := nextMember(object, i)
		if !ok || !w.spend(namedCost) {
			return members
		}
		i = next
		if m.escaped {
			members[unescaped(m.name)] = m.value
		} else {
			members[string(m.name)] = m.value
		}
	}
}
