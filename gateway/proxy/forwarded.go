package proxy

import (
	"net/netip"

	"hookgate/gateway/edge"
)

// forwards says which of the X-Forwarded fields are ours to send: the others are
// set, or removed, by the route.
type forwards struct{ chain, proto, host bool }

// Trusts says whether an address is one of public.trusted_proxies.
func (p *Proxy) Trusts(a netip.Addr) bool {
	for _, network := range *p.trusted.Load() {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// told is what trusted proxies in front say of the client; empty where there are none.
type told struct{ proto, host []byte }

// hear takes over a field of the X-Forwarded family, from a trusted peer.
func (x *exchange) hear(t *told, name, value []byte) {
	switch value = trim(value); {
	case len(value) == 0:
	case is(name, "x-forwarded-for"):
		x.chain = append(append(x.chain, value...), ", "...)
	case is(name, "x-forwarded-proto"):
		t.proto = value
	default:
		t.host = value
	}
}

// appendForwarded tells the upstream who the client is, and what it called.
func (x *exchange) appendForwarded(dst []byte, t told) []byte {
	if x.route.forwarded.chain {
		dst = append(dst, "X-Forwarded-For: "...)
		dst = append(dst, x.chain...)
		dst = edge.ClientIP(x.ctx).AppendTo(dst)
		dst = append(dst, '\r', '\n')
	}
	if x.route.forwarded.proto {
		dst = append(dst, "X-Forwarded-Proto: "...)
		switch {
		case t.proto != nil:
			dst = append(dst, t.proto...)
		case edge.IsTLS(x.ctx):
			dst = append(dst, "https"...)
		default:
			dst = append(dst, "http"...)
		}
		dst = append(dst, '\r', '\n')
	}
	if x.route.forwarded.host {
		dst = append(dst, "X-Forwarded-Host: "...)
		if t.host != nil {
			dst = append(dst, t.host...)
		} else {
			dst = append(dst, x.ctx.Request.Header.Host()...)
		}
		dst = append(dst, '\r', '\n')
	}
	return dst
}
