package edge

import (
	"bytes"
	"net"
	"net/netip"
	"strings"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/wire"
)

// ClientIP returns the address of whoever sent the request, IPv4 never in its
// IPv6 form; it is not valid where the connection has none.
func ClientIP(ctx *fasthttp.RequestCtx) netip.Addr {
	switch c := ctx.Conn().(type) {
	case *Conn:
		return c.address
	case *Remote:
		return c.Address
	}
	return addressOf(ctx.Conn())
}

// Client gives the address of whoever sent the request: behind proxies that are
// trusted, the last one of X-Forwarded-For, or else of Forwarded, that is none of them.
func Client(ctx *fasthttp.RequestCtx, trusts func(netip.Addr) bool) netip.Addr {
	peer := ClientIP(ctx)
	if !trusts(peer) {
		return peer
	}
	said := heard(ctx)
	client, _ := said.client(peer, trusts)
	return client
}

// addressIn reads how a proxy writes an address: some write the port too, and IPv6 in
// brackets.
func addressIn(item string) (a netip.Addr, valid bool) {
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(item, "["), "]"))
	if err != nil {
		with, err := netip.ParseAddrPort(item)
		if err != nil {
			return a, false
		}
		a = with.Addr()
	}
	return a.Unmap().WithZone(""), true
}

func addressOf(c net.Conn) netip.Addr {
	if c == nil {
		return netip.Addr{}
	}
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// Path returns the path of the request's target as it was sent, nothing decoded.
func Path(ctx *fasthttp.RequestCtx) []byte {
	path, _, _ := bytes.Cut(ctx.Request.Header.RequestURI(), question)
	return path
}

// Query returns what stands behind the first ? of the request's target, as it was
// sent; nil where there is no ?.
func Query(ctx *fasthttp.RequestCtx) []byte {
	_, query, found := bytes.Cut(ctx.Request.Header.RequestURI(), question)
	if !found {
		return nil
	}
	return query
}

var question = []byte("?")

// Unescape returns b with its percent escapes decoded, once: b itself where it has
// none. The strict pass has seen to it that they are well-formed.
func Unescape(b []byte) []byte {
	i := bytes.IndexByte(b, '%')
	if i < 0 {
		return b
	}
	out := append(make([]byte, 0, len(b)), b[:i]...)
	for ; i < len(b); i++ {
		c := b[i]
		if c == '%' {
			if escaped, ok := wire.Escape(b, i); ok {
				c = escaped
				i += 2
			}
		}
		out = append(out, c)
	}
	return out
}
