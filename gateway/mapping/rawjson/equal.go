package rawjson

import "hookgate/gateway/mapping/work"

// Equal says whether two JSON values are the same: numbers by value, strings by
// text, objects whatever the order of their members. Where the work is used up it is
// false.
func Equal(a, b []byte, w *work.Budget) bool {
	kind := KindOf(a)
	if kind != KindOf(b) || !w.Spend(work.Item+work.Text*(len(a)+len(b))) {
		return false
	}
	switch kind {
	case Number:
		return EqualNumbers(a, b)
	case String:
		return equalStrings(a, b)
	case Array:
		return equalArrays(a, b, w)
	case Object:
		return equalObjects(a, b, w)
	}
	return string(a) == string(b) // null, true, false
}

func equalStrings(a, b []byte) bool {
	if !HasEscape(a) && !HasEscape(b) {
		return string(a) == string(b)
	}
	return Unescaped(a[1:len(a)-1]) == Unescaped(b[1:len(b)-1])
}

// Unescaped gives the text of a string, given what stands between its quotes.
func Unescaped(inner []byte) string {
	if !HasEscape(inner) {
		return string(inner)
	}
	return string(AppendUnescaped(make([]byte, 0, len(inner)), inner))
}

func equalArrays(a, b []byte, w *work.Budget) bool {
	i, j := 1, 1
	for {
		x, okX := NextItem(a, i)
		y, okY := NextItem(b, j)
		if !okX || !okY {
			return okX == okY
		}
		i, j = SkipValue(a, x), SkipValue(b, y)
		if !Equal(a[x:i], b[y:j], w) {
			return false
		}
	}
}

func equalObjects(a, b []byte, w *work.Budget) bool {
	left, right := objectMembers(a, w), objectMembers(b, w)
	if len(left) != len(right) {
		return false
	}
	for name, value := range left {
		other, found := right[name]
		if !found || !Equal(value, other, w) {
			return false
		}
	}
	return true
}

// objectMembers gives the members by name; of those with one name the last counts.
func objectMembers(object []byte, w *work.Budget) map[string][]byte {
	members := make(map[string][]byte)
	for i := 1; ; {
		m, next, ok := NextMember(object, i)
		if !ok || !w.Spend(work.Named) {
			return members
		}
		i = next
		if m.Escaped {
			members[Unescaped(m.Name)] = m.Value
		} else {
			members[string(m.Name)] = m.Value
		}
	}
}
