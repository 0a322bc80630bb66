//go:build !unix

package edge

import "syscall"

// peerGone knows no way to ask a socket here, so a held request ends with its own
// deadline.
func peerGone(syscall.RawConn) bool { return false }
