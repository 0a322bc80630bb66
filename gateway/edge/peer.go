package edge

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/valyala/fasthttp"
)

// Peer gives the certificates that the client showed where TLS ends here, its own
// first; the handshake has proved that the client holds its key. Nobody else has
// judged them.
func Peer(ctx *fasthttp.RequestCtx) []*x509.Certificate {
	if r, ok := ctx.Conn().(*Remote); ok {
		return r.Shown
	}
	c, ok := ctx.Conn().(*Conn)
	if !ok {
		return nil
	}
	if secured, ok := c.Conn.(*tls.Conn); ok {
		return secured.ConnectionState().PeerCertificates
	}
	return nil
}
