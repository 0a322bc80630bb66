package rawjson

import "iter"

// Items gives the items of a JSON array, each as it lies there. array must be
// valid; what is no array has none.
func Items(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := SkipSpace(array, 0)
		if i >= len(array) || array[i] != '[' {
			return
		}
		for i++; ; {
			start, ok := NextItem(array, i)
			if !ok {
				return
			}
			i = SkipValue(array, start)
			if !yield(array[start:i]) {
				return
			}
		}
	}
}
