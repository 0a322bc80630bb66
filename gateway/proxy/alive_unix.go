//go:build unix

package proxy

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"hookgate/gateway/edge"
)

// alive tells whether a connection that rests is still open. It is made once for
// each connection, so that a look allocates nothing.
type alive struct {
	raw  syscall.RawConn
	poll func(fd uintptr)
	ask  [1]unix.PollFd
	open bool
}

func (a *alive) of(c net.Conn) {
	a.raw = edge.Socket(c)
	a.poll = func(fd uintptr) {
		a.ask[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		n, err := unix.Poll(a.ask[:], 0)
		a.open = n == 0 && err == nil
	}
}

// look says whether the upstream has neither closed the connection nor sent what
// nobody asked for.
func (a *alive) look() bool {
	return a.raw != nil && a.raw.Control(a.poll) == nil && a.open
}
