package gatewaytest

import (
	"math"
	"runtime"
)

// Allocations gives how many memories one of n runs asks for, and how many bytes: the least of a few
// tries, for what other tests left behind asks for some too, and a collection empties the pools.
func Allocations(tries, n int, run func()) (each, bytes float64) {
	each = math.Inf(1)
	for range tries {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			run()
		}
		runtime.ReadMemStats(&after)
		if now := float64(after.Mallocs-before.Mallocs) / float64(n); now < each {
			each, bytes = now, float64(after.TotalAlloc-before.TotalAlloc)/float64(n)
		}
	}
	return each, bytes
}
