package transport

import (
	"net"
	"time"
)

// link is a connection with the address that it leads to, and what its pool knows of it.
// Whoever has it on loan may read and set what is its own; the rest is the pool's.
type link struct {
	net.Conn
	address string
	quick   quick   // nil: nobody can look at it
	spare   [1]byte // for a look
	large   bool    // its certificates are too long for it to be kept

	host   *host
	born   time.Time
	reused bool          // it had served a request before this one
	rest   time.Duration // that it had before this request

	place  node[link] // among its tenant's
	rested time.Time  // since when it is at rest
	alive  time.Time  // when it was last seen to be open, of this rest
	looked bool       // somebody looks at it
	placed bool       // it is counted among those that are kept
}

// tell puts where the connection leads into what came of it.
func (l *link) tell(answer *Answer, err error) error {
	if answer != nil {
		answer.Address = l.address
	}
	return withAddress(err, l.address)
}
