//go:build unix

package proxy

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// alive tells whether a connection that rests is still open. It is made once for
// each connection, so that a look allocates nothing.
type alive struct {
	raw  syscall.RawConn
	peek func(fd uintptr)
	open bool
}

func (a *alive) of(c net.Conn) {
	a.raw = socketOf(c)
	a.peek = func(fd uintptr) {
		var one [1]byte
		_, _, err := unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		a.open = err == unix.EAGAIN //nolint:errorlint // a system call's bare number
	}
}

// look says whether the upstream has neither closed the connection nor sent what
// nobody asked for.
func (a *alive) look() bool {
	if a.raw == nil {
		return false
	}
	return a.raw.Control(a.peek) == nil && a.open
}
