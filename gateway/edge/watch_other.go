//go:build unix && !linux

package edge

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// peerGone peeks at the socket: no bytes and no error is the other side's end.
// Behind bytes that nobody has read yet that end is not seen.
func peerGone(raw syscall.RawConn) bool {
	gone := false
	err := raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		gone = n == 0 && err == nil ||
			err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR)
	})
	return gone || err != nil
}
