package edge

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// peerGone asks the socket, without waiting, whether the other side has closed.
// Unlike a peek this sees it behind bytes that nobody has read yet. A descriptor
// that we have closed ourselves answers the same.
func peerGone(raw syscall.RawConn) bool {
	gone := false
	err := raw.Control(func(fd uintptr) {
		ask := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(ask, 0)
		gone = err == nil && n > 0 && ask[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
	})
	return gone || err != nil
}
