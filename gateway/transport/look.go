package transport

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
)

// quick reads what has come, and waits for nothing: with errNothing nothing has.
type quick interface {
	read(p []byte) (int, error)
}

// errNothing is of the kind after which crypto/tls goes on.
var errNothing net.Error = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "nothing has come" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }
func (nothing) Unwrap() error   { return os.ErrDeadlineExceeded }

// under is a connection below TLS, whose reads are quick ones while that is asked for.
type under struct {
	net.Conn
	quick  quick // nil: there is no way
	hurry  bool
	secure *tls.Conn
}

// Read is for the layer above.
func (u *under) Read(p []byte) (int, error) {
	if u.hurry {
		return u.quick.read(p)
	}
	return u.Conn.Read(p)
}

// NetConn is the connection below, as of a tls.Conn.
func (u *under) NetConn() net.Conn { return u.Conn }

// read takes in the records that have come: a ticket is kept, an alert ends it.
func (u *under) read(p []byte) (int, error) {
	if u.quick == nil {
		return 0, errNothing
	}
	u.hurry = true
	n, err := u.secure.Read(p)
	u.hurry = false
	return n, err
}

// quickOf gives the way to read from a connection at once; nil where there is none.
func quickOf(c net.Conn) quick {
	if secured, is := c.(*tls.Conn); is {
		if u, is := secured.NetConn().(*under); is {
			return u
		}
		return nil
	}
	return socketOf(c)
}

// open looks at a connection that nobody uses: whether the peer has neither closed it
// nor sent what nobody asked for, which would be taken for the next answer.
func (l *link) open() bool {
	if l.quick == nil {
		return true
	}
	_, err := l.quick.read(l.spare[:])
	return err != nil && errors.Is(err, errNothing)
}
