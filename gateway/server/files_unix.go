//go:build unix

package server

import "syscall"

// OpenFiles gives how many descriptors the process may have open; 0 for any
// number. The runtime has raised it to the hard limit by now (package os).
func OpenFiles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur > 1<<30 {
		return 0
	}
	return int(limit.Cur)
}
