package cluster

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hookgate/gateway"
)

// Each has as many as the others, but for one; and no slot moves that need not.
func TestPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		node := rapid.Int64Range(0, 12)
		var owners [gateway.Slots]int64
		for slot := range owners {
			owners[slot] = node.Draw(t, "owner")
		}
		nodes := rapid.SliceOfNDistinct(rapid.Int64Range(1, 12), 1, 9, rapid.ID[int64]).Draw(t, "nodes")
		slices.Sort(nodes)
		to := plan(&owners, nodes)
		has, had, kept := map[int64]int{}, map[int64]int{}, 0
		for slot := range to {
			has[to[slot]]++
			had[owners[slot]]++
			if to[slot] == owners[slot] {
				kept++
			}
		}
		share, odd, most := gateway.Slots/len(nodes), gateway.Slots%len(nodes), 0
		counts := []int{}
		for _, n := range nodes {
			if has[n] < share || has[n] > share+1 {
				t.Fatalf("node %d has %d of %d", n, has[n], gateway.Slots)
			}
			most += min(had[n], share)
			counts = append(counts, had[n])
		}
		slices.Sort(counts)
		for _, n := range counts[len(counts)-odd:] {
			most += min(n, share+1) - min(n, share)
		}
		if kept != most {
			t.Fatalf("%d slots stay where they are, and %d could", kept, most)
		}
		if again := plan(&to, nodes); again != to {
			t.Fatal("what is as it should be moves")
		}
	})
	owners := [gateway.Slots]int64{7, 8, 9}
	if plan(&owners, nil) != owners {
		t.Error("slots move where there is no node")
	}
}

func TestCutOffNodes(t *testing.T) {
	for _, c := range []struct {
		name  string
		nodes []int64
		cut   [][2]int64
		want  []int64
	}{
		{"nothing", []int64{1, 2, 3}, nil, nil},
		{"two of two: one side stays", []int64{1, 2}, [][2]int64{{1, 2}}, []int64{2}},
		{"a pair of three goes through the third", []int64{1, 2, 3}, [][2]int64{{1, 2}}, nil},
		{"one of three", []int64{1, 2, 3}, [][2]int64{{1, 2}, {1, 3}}, []int64{1}},
		{"a pair of five", []int64{1, 2, 3, 4, 5}, [][2]int64{{1, 2}}, nil},
		{"half of the others", []int64{1, 2, 3, 4, 5}, [][2]int64{{3, 2}, {3, 5}}, []int64{3}},
		{"two sides", []int64{1, 2, 3, 4}, [][2]int64{{1, 3}, {1, 4}, {2, 3}, {2, 4}}, []int64{4, 3}},
		{"everybody", []int64{1, 2, 3}, [][2]int64{{1, 2}, {1, 3}, {2, 3}}, []int64{3, 2}},
	} {
		cut := func(a, b int64) bool {
			return slices.Contains(c.cut, [2]int64{a, b}) || slices.Contains(c.cut, [2]int64{b, a})
		}
		if out := cutOff(c.nodes, cut); !slices.Equal(out, c.want) {
			t.Errorf("%s: %v, want %v", c.name, out, c.want)
		}
	}
}
