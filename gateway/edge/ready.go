package edge

import (
	"io"
	"net"
	"os"
	"syscall"
)

// A server that saves memory has no buffer for a connection at rest: fasthttp asks for the
// first byte of a request alone, then makes one, and asks for what follows. Those were two
// system calls for each request. So the first byte is read with all that came with it, into a
// buffer that is taken when there is something to read, and not before.

// ready reads where there is something to read.
type ready struct {
	raw  syscall.RawConn // nil: not asked for yet, or the connection has none
	none bool
	read func(fd uintptr) (done bool) // readInto, bound once
	err  error                        // of the last read
}

// firstRead is how much is read with the first byte: as much as fasthttp reads at once.
const firstRead = 16 << 10

// receive reads from conn: the first byte of a request with what came with it, of which it
// leaves the rest in ahead.
func (r *ready) receive(conn net.Conn, ahead *ahead, p []byte) (int, error) {
	if len(p) > 1 || !r.can(conn, ahead) {
		return conn.Read(p)
	}
	err := r.raw.Read(r.read)
	if err == nil {
		err = r.err
	}
	if err != nil || ahead.buffer == nil {
		return 0, err
	}
	return ahead.take(p), nil
}

// can tells whether the connection can wait without a buffer: one of TLS cannot.
func (r *ready) can(conn net.Conn, ahead *ahead) bool {
	if r.raw != nil || r.none {
		return !r.none
	}
	socket, is := conn.(syscall.Conn)
	if is {
		raw, err := socket.SyscallConn()
		is, r.raw = err == nil, raw
	}
	r.none = !is || !canRead
	r.read = func(fd uintptr) bool { return r.readInto(ahead, fd) }
	return !r.none
}

// readInto reads what there is; false where nothing has come.
func (r *ready) readInto(ahead *ahead, fd uintptr) (done bool) {
	b := newBody(firstRead)
	n, wait, err := readSocket(fd, b.b[:firstRead])
	switch {
	case wait:
		release(&b)
		return false
	case err != nil:
		r.err = os.NewSyscallError("read", err)
	case n == 0:
		r.err = io.EOF
	}
	if n <= 0 {
		release(&b)
		return true
	}
	b.b = b.b[:n]
	ahead.buffer = b
	return true
}
