package edge

import "golang.org/x/sys/unix"

// socketGone asks the socket, without waiting, whether the other side has closed.
// Unlike a peek this sees it behind bytes that nobody has read yet.
func socketGone(fd int) bool {
	ask := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(ask[:], 0)
	return err == nil && n > 0 && ask[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
}
