//go:build unix

package peers

import (
	"net"
	"syscall"
)

// ended says whether the other has ended a connection that is idle. Of one with TLS it may not
// be seen: there the other says so first, and that lies before the end.
func ended(c net.Conn) (is bool) {
	of, raw := c.(syscall.Conn)
	if !raw {
		return false
	}
	conn, err := of.SyscallConn()
	if err != nil {
		return false
	}
	var b [1]byte
	err = conn.Control(func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT) //nolint:gosec // a descriptor is small
		is = n == 0 && err == nil || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
	})
	return is || err != nil
}
