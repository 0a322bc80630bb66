package edge

import (
	"crypto/x509"
	"net"
	"net/netip"
	"time"

	"github.com/valyala/fasthttp"
)

// HeaderNode is the field that says which node of a cluster has decided, in each internal
// answer (SPEC-cluster K5). It is set before a handler runs, and whoever passes a request on
// puts the other's there.
const HeaderNode = "Hookgate-Node"

// Remote stands for the connection of a request that came in elsewhere: at another node,
// which passes it on whole, or in the console. It knows what is asked of a connection, and
// carries nothing: whoever has the client writes the answer, and holds it where it is to be
// held.
type Remote struct {
	Address netip.Addr          // of the client
	Secure  bool                // it came over TLS
	Shown   []*x509.Certificate // that the client showed, its own first
	ID      []byte              // of the request; nil: it has none here
	Node    bool                // another node has the client
	moved   bool
}

// NewRemote makes the context of a request that came in elsewhere, without the request.
func NewRemote(r *Remote) *fasthttp.RequestCtx {
	ctx := new(fasthttp.RequestCtx)
	ctx.Init2(r, nil, false)
	return ctx
}

// FromNode gives what stands for the connection of a request that another node passes on; nil:
// it came in here.
func FromNode(ctx *fasthttp.RequestCtx) *Remote {
	if r, is := ctx.Conn().(*Remote); is && r.Node {
		return r
	}
	return nil
}

// SetMoved notes that the request was not decided: it is another node's, and nothing of it was
// done (gateway.ErrMoved).
func (r *Remote) SetMoved() { r.moved = true }

// Moved says whether SetMoved was called.
func (r *Remote) Moved() bool { return r.moved }

// Read is net.Conn's: there is nothing to read.
func (*Remote) Read([]byte) (int, error) { return 0, net.ErrClosed }

// Write is net.Conn's: nothing can be written.
func (*Remote) Write([]byte) (int, error) { return 0, net.ErrClosed }

// Close is net.Conn's.
func (*Remote) Close() error { return nil }

// LocalAddr is net.Conn's.
func (*Remote) LocalAddr() net.Addr { return &net.TCPAddr{} }

// RemoteAddr is the client's, with no port.
func (r *Remote) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(r.Address, 0))
}

// SetDeadline is net.Conn's.
func (*Remote) SetDeadline(time.Time) error { return nil }

// SetReadDeadline is net.Conn's.
func (*Remote) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is net.Conn's.
func (*Remote) SetWriteDeadline(time.Time) error { return nil }
