package gateway_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"hookgate/gateway"
)

func TestSort(t *testing.T) {
	type pair struct{ a, b int }
	byA := func(x, y pair) int { return cmp.Compare(x.a, y.a) }
	draw := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		list := make([]pair, n)
		for i := range list {
			list[i] = pair{draw.IntN(1 + n/3), i}
		}
		stable, any := slices.Clone(list), slices.Clone(list)
		gateway.SortStable(stable, byA)
		gateway.Sort(any, byA)
		slices.SortStableFunc(list, byA)
		if !slices.Equal(stable, list) || !slices.IsSortedFunc(any, byA) {
			t.Fatalf("%d are %v and %v, want %v", n, stable, any, list)
		}
		slices.SortFunc(any, func(x, y pair) int { return cmp.Or(byA(x, y), cmp.Compare(x.b, y.b)) })
		if !slices.Equal(any, list) {
			t.Fatalf("%d are %v, and were %v", n, any, list)
		}
	}
}
