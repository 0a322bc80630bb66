package transport

import (
	"crypto/x509"
	"net/netip"
	"strings"
)

// Way is how targets are reached, whatever they are (SPEC 15, egress.proxy and
// egress.ca). The zero value is directly, and by the system's authorities.
type Way struct {
	Proxy *Proxy         // nil: none
	Roots *x509.CertPool // nil: the system's
}

// Proxy is one that makes tunnels: HTTP CONNECT (RFC 9110 9.3.6).
type Proxy struct {
	URL string // http or https; user information is sent to it alone
	// NoProxy lists what is reached directly: names (with all below them; with a dot
	// before them: only those), addresses, networks, each with a port or without, or * for
	// all.
	NoProxy []string
	// Resolve says that names are the proxy's to resolve: then of the egress rules for
	// addresses only those of literal ones are kept here.
	Resolve bool
}

// way is a Way in force; it is replaced whole.
type way struct {
	roots   *x509.CertPool
	proxy   *proxy   // nil: none
	tickets *tickets // of the proxy
}

// proxy is a Proxy, compiled.
type proxy struct {
	to      target
	auth    string // the value of Proxy-Authorization; "": none
	direct  []exception
	all     bool // nothing goes through it
	resolve bool
}

// exception is one entry of what is reached directly.
type exception struct {
	network netip.Prefix // not valid: name counts
	name    string       // in lower case
	below   bool         // only what is below name, and not name itself
	port    uint16       // 0: any
}

// byName says that the proxy is to resolve a target's name.
func (w *way) byName(to *target) bool {
	return w.proxy != nil && w.proxy.resolve && !to.addr.IsValid() && !w.proxy.excepts(to, netip.Addr{})
}

// through says whether a target's address is reached through the proxy.
func (w *way) through(to *target, addr netip.Addr) bool {
	return w.proxy != nil && !w.proxy.excepts(to, addr)
}

// excepts says whether a target is reached directly, by its name or by an address of
// it, which need not be known.
func (p *proxy) excepts(to *target, addr netip.Addr) bool {
	if p.all {
		return true
	}
	for _, e := range p.direct {
		if e.port != 0 && e.port != to.port {
			continue
		}
		if e.network.IsValid() {
			if addr.IsValid() && contains(e.network, addr.Unmap()) {
				return true
			}
			continue
		}
		if !e.below && to.host == e.name || strings.HasSuffix(to.host, "."+e.name) {
			return true
		}
	}
	return false
}
