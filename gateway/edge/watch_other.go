//go:build unix && !linux

package edge

import (
	"errors"

	"golang.org/x/sys/unix"
)

// socketGone peeks at the socket: no bytes and no error is the other side's end.
// Behind bytes that nobody has read yet that end is not seen.
func socketGone(fd int) bool {
	var one [1]byte
	n, _, err := unix.Recvfrom(fd, one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return n == 0 && err == nil || err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR)
}
