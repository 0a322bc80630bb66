//go:build !race

// The race detector makes sync.Pool forget at random, so it counts other allocations.

package calling_test

import "testing"

// TestCallStaysInItsAllocationBudget: only what outlives a call has memory of its
// own, such as the texts of its request, its result and its trace.
func TestCallStaysInItsAllocationBudget(t *testing.T) {
	const most = 20
	if n := testing.AllocsPerRun(500, busy(t)); n > most {
		t.Errorf("%v allocations, at most %d", n, most)
	}
}
