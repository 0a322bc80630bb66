//go:build !unix

package transport

import "time"

// cpu is not known here: the benchmarks say 0 for it.
func cpu() time.Duration { return 0 }
