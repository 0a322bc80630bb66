//go:build unix

package proxy

import (
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// asking writes a request and waits for its answer in one step. A read of net.Conn asks
// the system first and waits then: right behind a request that is one call for nothing,
// for the answer takes its time.
//
// What the runtime knows of the socket is forgotten before the first byte is written, so
// that an answer however soon is not overlooked. It is made once for each connection, so
// that to ask allocates nothing.
type asking struct {
	raw     syscall.RawConn // nil: bytes go through more than a socket
	step    func(fd uintptr) (done bool)
	out, in []byte
	asked   bool
	wrote   int
	got     int
	err     error
}

func (a *asking) of(c net.Conn) {
	tcp, is := c.(*net.TCPConn)
	if !is {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	a.raw, a.step = raw, a.next
}

// ask writes out and reads what comes first into in. Where not all of out was written,
// without an error, nobody has waited: it goes on with what is left as with any other.
func (a *asking) ask(out, in []byte) (wrote, got int, err error) {
	if a.raw == nil {
		return 0, 0, nil
	}
	a.out, a.in, a.asked, a.wrote, a.got, a.err = out, in, false, 0, 0, nil
	err = a.raw.Read(a.step)
	a.out, a.in = nil, nil
	if err == nil {
		err = a.err
	}
	if err == nil && a.got == 0 && a.wrote == len(out) {
		err = io.EOF
	}
	return a.wrote, a.got, err
}

// next is called at once, and then whenever there may be something to read.
func (a *asking) next(fd uintptr) (done bool) {
	if a.asked {
		n, err := retried(unix.Read, fd, a.in)
		if err == unix.EAGAIN { //nolint:errorlint // bare, as the system says it
			return false
		}
		a.got, a.err = max(0, n), err
		return true
	}
	a.asked = true
	n, err := retried(unix.Write, fd, a.out)
	if err == unix.EAGAIN { //nolint:errorlint // bare, as the system says it
		err = nil
	}
	a.wrote, a.err = max(0, n), err
	return err != nil || a.wrote < len(a.out)
}

// retried makes a call until no signal interrupts it.
func retried(call func(int, []byte) (int, error), fd uintptr, b []byte) (n int, err error) {
	for {
		if n, err = call(int(fd), b); err != unix.EINTR { //nolint:errorlint // bare, as the system says it
			return n, err
		}
	}
}
