package edge

import (
	"bytes"
	"net/netip"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/wire"
)

// Front is how the client called, which only the proxies in front know where there are
// any (SPEC 15, "How it came").
type Front struct {
	Scheme string // http or https
	Host   string // with its port, where the client wrote one
	Prefix string // what a proxy took off the path, without a final slash; "": nothing
}

// Base is what stands before the target of the request in the URL that was called.
func (f Front) Base() string { return f.Scheme + "://" + f.Host + f.Prefix }

// FrontOf gives what a peer that is trusted says, in X-Forwarded-Proto, -Host and
// -Prefix or in Forwarded, and else what the request itself shows. What is no scheme,
// host or path is as good as not said. X-Forwarded-Port is not read: many write their
// own port into it, and a port that the client wrote stands in the host.
func FrontOf(ctx *fasthttp.RequestCtx, trusts func(netip.Addr) bool) Front {
	f := Front{Scheme: "http", Host: string(ctx.Request.Header.Host())}
	if IsTLS(ctx) {
		f.Scheme = "https"
	}
	peer := ClientIP(ctx)
	if trusts == nil || !trusts(peer) {
		return f
	}
	said := heard(ctx)
	if len(said.chain)+len(said.proto)+len(said.host)+len(said.prefix) == 0 {
		e := said.standard(peer, trusts)
		f.take(e.proto, e.host, nil)
		return f
	}
	_, hops := said.client(peer, trusts)
	f.take(itemBack(said.proto, hops), itemBack(said.host, hops), itemBack(said.prefix, hops))
	return f
}

// take takes over what is sound of what was said.
func (f *Front) take(proto, host, prefix []byte) {
	switch {
	case wire.Is(proto, "https"):
		f.Scheme = "https"
	case wire.Is(proto, "http"):
		f.Scheme = "http"
	}
	if isHost(host) {
		f.Host = string(host)
	}
	if prefix = bytes.TrimRight(prefix, "/"); len(prefix) > 0 && prefix[0] == '/' && checkPath(prefix) == nil && bytes.IndexByte(prefix, '?') < 0 {
		f.Prefix = string(prefix)
	}
}

// itemBack gives the item of a list with n behind it; the first of a shorter one. Each
// proxy appends what it saw, as it does to the chain of addresses, or leaves what the
// one before it wrote.
func itemBack(fields [][]byte, n int) (item []byte) {
	for i := len(fields) - 1; i >= 0; i-- {
		for rest := fields[i]; len(rest) > 0; n-- {
			if item, rest = cutLast(rest); n == 0 {
				return item
			}
		}
	}
	return item
}

// cutLast cuts the last item off a list.
func cutLast(list []byte) (item, rest []byte) {
	at := bytes.LastIndexByte(list, ',')
	return wire.Trim(list[at+1:]), list[:max(at, 0)]
}

// sayings are the fields in which proxies tell of a client.
type sayings struct {
	chain               [][]byte // X-Forwarded-For
	proto, host, prefix [][]byte // X-Forwarded-Proto, and so on
	elements            [][]byte // Forwarded (RFC 7239)
}

// heard gathers them. PeekAll would not do: what it gives is good until it is asked for
// the next.
func heard(ctx *fasthttp.RequestCtx) (s sayings) {
	for name, value := range ctx.Request.Header.All() {
		s.hear(name, value)
	}
	return s
}

func (s *sayings) hear(name, value []byte) {
	list := &s.elements
	switch {
	case wire.Is(name, "x-forwarded-for"):
		list = &s.chain
	case wire.Is(name, "x-forwarded-proto"):
		list = &s.proto
	case wire.Is(name, "x-forwarded-host"):
		list = &s.host
	case wire.Is(name, "x-forwarded-prefix"):
		list = &s.prefix
	case !wire.Is(name, "forwarded"):
		return
	}
	*list = append(*list, value)
}

// client gives whom a trusted peer speaks for, and how many proxies stand behind him in
// the list: the last that is not trusted. What stands before an item that is no address
// is worth nothing: the answer is then whoever wrote it.
//
// Forwarded is heard only where X-Forwarded-For is not there: a proxy that writes the
// one may pass the other on as the client wrote it.
func (s *sayings) client(peer netip.Addr, trusts func(netip.Addr) bool) (client netip.Addr, hops int) {
	if len(s.chain) == 0 {
		e := s.standard(peer, trusts)
		return e.client, 0
	}
	client = peer
	for i := len(s.chain) - 1; i >= 0; i-- {
		for rest := s.chain[i]; len(rest) > 0; {
			var item []byte
			if item, rest = cutLast(rest); len(item) == 0 {
				continue
			}
			a, valid := addressIn(string(item))
			if !valid {
				return client, hops
			}
			if client = a; !trusts(client) {
				return client, hops
			}
			hops++
		}
	}
	return client, max(0, hops-1)
}
