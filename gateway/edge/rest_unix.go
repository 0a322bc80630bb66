//go:build unix

package edge

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// leaveTo gives a descriptor of its own to the socket of c, and closes c: what Go keeps
// for a connection, half a kilobyte and a place in its poller, is free. ok is false where
// c is no bare socket, or there is no descriptor: c is as it was then.
func leaveTo(c net.Conn) (fd int, ok bool) {
	tcp, bare := c.(*net.TCPConn)
	if !bare {
		return 0, false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0, false
	}
	failed := raw.Control(func(from uintptr) {
		fd, err = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0)
	})
	if failed != nil || err != nil {
		return 0, false
	}
	_ = tcp.Close() // the socket stays open by the other descriptor
	return fd, true
}

// takeBack makes a connection of a descriptor, which is closed then; after an error it
// is as it was.
func takeBack(fd int) (net.Conn, error) {
	file := os.NewFile(uintptr(fd), "")
	c, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	_ = file.Close() // the socket stays open by the connection's own descriptor
	return c, nil
}

// sendTo writes to a socket of which no connection can be made, for there is no
// descriptor: who waits for an answer has it all the same.
func sendTo(fd int, parts ...[]byte) {
	for _, b := range parts {
		for len(b) > 0 {
			n, err := unix.Write(fd, b)
			switch err { //nolint:errorlint // bare, as the system says it
			case nil:
				b = b[n:]
			case unix.EINTR:
			case unix.EAGAIN:
				ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, int(answerTime.Milliseconds()))
				if ready == 0 || err != nil {
					return
				}
			default:
				return
			}
		}
	}
}

// closeSocket closes a descriptor.
func closeSocket(fd int) { _ = unix.Close(fd) }
