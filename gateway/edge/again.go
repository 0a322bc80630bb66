package edge

import (
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"github.com/valyala/fasthttp"
)

// Again makes a request that was answered one to look at, as if peer had sent it now: who
// judges it finds path, header fields and body where those of any request are. Nobody
// waits for its answer.
func Again(q *fasthttp.Request, peer netip.Addr, secure bool) *fasthttp.RequestCtx {
	var conn net.Conn = gone{net.TCPAddrFromAddrPort(netip.AddrPortFrom(peer, 0))}
	if secure {
		conn = goneSecure{conn}
	}
	ctx := &fasthttp.RequestCtx{}
	ctx.Init2(conn, nil, false)
	q.CopyTo(&ctx.Request)
	return ctx
}

// gone is a connection that is not there any more.
type gone struct{ peer *net.TCPAddr }

func (g gone) Read([]byte) (int, error)         { return 0, net.ErrClosed }
func (g gone) Write([]byte) (int, error)        { return 0, net.ErrClosed }
func (g gone) Close() error                     { return nil }
func (g gone) LocalAddr() net.Addr              { return g.peer }
func (g gone) RemoteAddr() net.Addr             { return g.peer }
func (g gone) SetDeadline(time.Time) error      { return nil }
func (g gone) SetReadDeadline(time.Time) error  { return nil }
func (g gone) SetWriteDeadline(time.Time) error { return nil }

// goneSecure is one on which TLS was spoken, as fasthttp asks for it.
type goneSecure struct{ net.Conn }

func (goneSecure) Handshake() error { return nil }

func (goneSecure) ConnectionState() tls.ConnectionState { return tls.ConnectionState{} }
