package proxy

import (
	"bytes"
	"net/netip"

	"hookgate/gateway/edge"
	"hookgate/gateway/wire"
)

// forwards says which of the X-Forwarded fields, and X-Request-Id, are ours to send: the others are
// set, or removed, by the route.
type forwards struct{ chain, proto, host, prefix, requestID bool }

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
type told struct {
	chain               []byte // X-Forwarded-For, and a comma
	proto, host, prefix []byte
	standard            bool // it says so in Forwarded
}

// trusted says whether the peer is a proxy that is believed, of which nothing was
// heard yet.
func (q *outgoing) trusted() bool {
	q.told = told{chain: q.told.chain[:0]}
	return q.p.Trusts(edge.ClientIP(q.ctx))
}

// dropsForwarded says whether a field is one that only a trusted proxy may send, or
// that is written anew; it hears what a trusted one says.
func (q *outgoing) dropsForwarded(trusted bool, name, value []byte) bool {
	switch {
	case is(name, "x-forwarded-for"), is(name, "x-forwarded-proto"), is(name, "x-forwarded-host"), is(name, "x-forwarded-prefix"):
		if trusted {
			q.told.hear(name, value)
		}
		return true
	case !trusted:
		return begins(name, "x-forwarded-") || is(name, "x-real-ip") || is(name, "forwarded")
	}
	q.told.standard = q.told.standard || is(name, "forwarded")
	return false
}

// hear takes over a field of the X-Forwarded family, from a trusted peer.
func (t *told) hear(name, value []byte) {
	switch value = wire.Trim(value); {
	case len(value) == 0:
	case is(name, "x-forwarded-for"):
		t.chain = append(append(t.chain, value...), ", "...)
	case is(name, "x-forwarded-proto"):
		t.proto = value
	case is(name, "x-forwarded-prefix"):
		t.prefix = bytes.TrimRight(value, "/")
	default:
		t.host = value
	}
}

// appendForwarded tells the upstream who the client is, and what it called.
func (q *outgoing) appendForwarded(dst []byte) []byte {
	ours, t := q.route.forwarded, &q.told
	if t.standard && len(t.chain)+len(t.proto)+len(t.host)+len(t.prefix) == 0 {
		q.translate()
	}
	if ours.chain {
		dst = append(append(dst, "X-Forwarded-For: "...), t.chain...)
		dst = append(edge.ClientIP(q.ctx).AppendTo(dst), '\r', '\n')
	}
	switch {
	case !ours.proto:
	case t.proto != nil:
		dst = wire.AppendField(dst, "X-Forwarded-Proto", t.proto)
	case edge.IsTLS(q.ctx):
		dst = append(dst, "X-Forwarded-Proto: https\r\n"...)
	default:
		dst = append(dst, "X-Forwarded-Proto: http\r\n"...)
	}
	switch {
	case !ours.host:
	case t.host != nil:
		dst = wire.AppendField(dst, "X-Forwarded-Host", t.host)
	default:
		dst = wire.AppendField(dst, "X-Forwarded-Host", q.ctx.Request.Header.Host())
	}
	if ours.prefix && len(t.prefix)+len(q.route.prefix) > 0 {
		dst = append(append(append(dst, "X-Forwarded-Prefix: "...), t.prefix...), q.route.prefix...)
		dst = append(dst, '\r', '\n')
	}
	return dst
}

// translate takes what a trusted proxy says in Forwarded alone for what it would say in
// the X-Forwarded family, which upstreams read rather.
func (q *outgoing) translate() {
	front, peer := edge.FrontOf(q.ctx, q.p.Trusts), edge.ClientIP(q.ctx)
	q.told.proto, q.told.host = []byte(front.Scheme), []byte(front.Host)
	if client := edge.Client(q.ctx, q.p.Trusts); client != peer {
		q.told.chain = append(client.AppendTo(q.told.chain), ", "...)
	}
}
