package edge

import (
	"crypto/x509"
	"net/netip"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// Caller is who sent a request, and what he showed, for those who verify it and for
// paths.
type Caller struct {
	Ctx *fasthttp.RequestCtx
	// PublicURL is the base of URLs that senders call, without a trailing slash; "" takes
	// what FrontOf finds.
	PublicURL string
	// Trusts says whose X-Forwarded fields, and Forwarded, are believed; nil: nobody's.
	Trusts func(netip.Addr) bool
}

// Method gives the method; the usual ones cost nothing.
func (c *Caller) Method() string {
	switch method := c.Ctx.Method(); string(method) {
	case "POST":
		return "POST"
	case "GET":
		return "GET"
	case "PUT":
		return "PUT"
	default:
		return string(method)
	}
}

// Get gives the first value of a header field, and how many there are.
func (c *Caller) Get(name string) (first []byte, n int) {
	all := c.Ctx.Request.Header.PeekAll(name)
	if len(all) == 0 {
		return nil, 0
	}
	return all[0], len(all)
}

// Header gives the first value of a header field.
func (c *Caller) Header(name string) ([]byte, bool) {
	value, n := c.Get(name)
	return value, n > 0
}

// Param gives the first value of a query parameter, and how many there are.
func (c *Caller) Param(name string) (first []byte, n int) {
	for key, value := range c.Ctx.QueryArgs().All() {
		if string(key) != name {
			continue
		}
		if n++; n == 1 {
			first = value
		}
	}
	return first, n
}

// Query gives the first value of a query parameter.
func (c *Caller) Query(name string) ([]byte, bool) {
	value, n := c.Param(name)
	return value, n > 0
}

// URL is the URL as the sender called it, which some sign (SPEC 14): the base, and path
// and query as they were received.
func (c *Caller) URL() string { return c.Base() + string(c.Ctx.Request.Header.RequestURI()) }

// Base is what the sender called, up to the path as it was received.
func (c *Caller) Base() string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return FrontOf(c.Ctx, c.Trusts).Base()
}

// SpanOf gives the place in a trace that a request says it comes from; nil: it says none,
// or several. Whether that is believed depends on who says it.
func SpanOf(ctx *fasthttp.RequestCtx) *gateway.SpanContext {
	header := &ctx.Request.Header
	if len(header.Peek(gateway.HeaderTraceparent)) == 0 {
		return nil
	}
	all := header.PeekAll(gateway.HeaderTraceparent)
	if len(all) != 1 {
		return nil
	}
	parent := all[0]
	var state []byte
	for i, list := range header.PeekAll(gateway.HeaderTracestate) { // one list, in several fields or not
		if i > 0 {
			state = append(state, ',')
		}
		state = append(state, list...)
	}
	return gateway.ParseSpanContext(parent, state)
}

// Peer is what the client showed of itself where TLS ends here.
func (c *Caller) Peer() []*x509.Certificate { return Peer(c.Ctx) }

// Address is who sent it, as far as those in front are believed.
func (c *Caller) Address() netip.Addr { return Client(c.Ctx, c.Trusts) }
