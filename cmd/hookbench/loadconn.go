//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// nothing is the request of a connection that waits for no answer.
const nothing = -1

// loadConn is one connection of a load.
type loadConn struct {
	fd, number int
	request    int // that it waits for the answer to
	sent       time.Time
	part       []byte // what has come of an answer that came in parts
}

// dial opens a connection whose reads and writes do not wait.
func dial(addr string, number int) (*loadConn, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetNonblock(fd, true))
	if err != nil {
		_ = unix.Close(fd) // that it was not opened says more
		return nil, err
	}
	return &loadConn{fd: fd, number: number, request: nothing}, nil
}

// write writes all of b, and waits where the server is slow to read.
func (c *loadConn) write(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(c.fd, b)
		switch {
		case err == nil:
			b = b[n:]
		case errors.Is(err, unix.EAGAIN):
			wait := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLOUT}}
			if n, err := unix.Poll(wait, int(patience/time.Millisecond)); n == 0 && err == nil {
				return fmt.Errorf("the server does not read within %s", patience)
			}
		case !errors.Is(err, unix.EINTR):
			return err
		}
	}
	return nil
}

// read reads what came into buf, and gives the answer when that was the last of it.
func (c *loadConn) read(buf []byte) (a answer, whole bool, err error) {
	n, err := unix.Read(c.fd, buf)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		return a, false, nil
	case err != nil:
		return a, false, err
	case n == 0:
		return a, false, io.ErrUnexpectedEOF
	}
	b := buf[:n]
	if len(c.part) > 0 {
		c.part = append(c.part, b...)
		b = c.part
	}
	a, size, err := readAnswer(b)
	switch {
	case err != nil:
	case size == 0 && len(c.part) == 0:
		c.part = append(c.part, b...)
	case size > 0 && size < len(b):
		err = fmt.Errorf("more than an answer came: %q", b[size:])
	case size > 0:
		c.part = c.part[:0]
	}
	return a, err == nil && size > 0, err
}
