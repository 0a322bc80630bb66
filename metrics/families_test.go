package metrics

import (
	"slices"
	"testing"
)

// What writes metrics by name relies on their order, and on the order of their labels.
func TestFamiliesAreInOrder(t *testing.T) {
	if !slices.IsSortedFunc(families, func(a, b *family) int {
		if a.name < b.name {
			return -1
		}
		return 1
	}) {
		t.Error("the families are not sorted by name")
	}
	for _, f := range families {
		if !slices.IsSorted(f.labels) || len(f.labels) == 0 || len(f.labels) > 3 || len(f.bounds) > maxBounds {
			t.Errorf("%s: labels %q, bounds %v", f.name, f.labels, f.bounds)
		}
	}
}
