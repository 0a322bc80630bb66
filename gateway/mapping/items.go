package mapping

import "iter"

// Valid says whether b is one JSON value in UTF-8 (RFC 8259), nested at most
// MaxDepth deep. It takes no more stack for a deep one.
func Valid(b []byte) bool { return valid(b) }

// Items gives the items of a JSON array, each as it lies there. array must be
// valid; what is no array has none.
func Items(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := skipSpace(array, 0)
		if i >= len(array) || array[i] != '[' {
			return
		}
		for i++; ; {
			start, ok := nextItem(array, i)
			if !ok {
				return
			}
			i = skipValue(array, start)
			if !yield(array[start:i]) {
				return
			}
		}
	}
}

// Text gives the text of a scalar: a string without quotes and escapes, a number
// or boolean as written. scratch is used where a string has escapes.
func (v Value) Text(scratch []byte) (text []byte, ok bool) {
	if !v.IsScalar() {
		return nil, false
	}
	text, _ = v.text(scratch)
	return text, true
}
