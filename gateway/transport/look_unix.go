//go:build unix

package transport

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// socket reads without waiting. What a read needs is made once for each connection, so
// that a look allocates nothing.
type socket struct {
	raw  syscall.RawConn
	once func(fd uintptr)
	p    []byte
	n    int
	err  error
}

func socketOf(c net.Conn) quick {
	below, is := c.(syscall.Conn)
	if !is {
		return nil
	}
	raw, err := below.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{raw: raw}
	s.once = s.receive
	return s
}

func (s *socket) receive(fd uintptr) {
	for {
		s.n, s.err = syscall.Read(int(fd), s.p)
		if !errors.Is(s.err, syscall.EINTR) {
			return
		}
	}
}

// read goes by Control, for a deadline of the last request may be over.
func (s *socket) read(p []byte) (int, error) {
	s.p = p
	err := s.raw.Control(s.once)
	s.p = nil
	switch {
	case err != nil:
		return 0, err
	case s.err == syscall.EAGAIN: //nolint:errorlint // it is an Errno, and this is each request's way
		return 0, errNothing
	case s.err != nil:
		return 0, s.err
	case s.n <= 0:
		return 0, io.EOF
	}
	return s.n, nil
}
