package transport

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"code.dny.dev/ssrf"
)

// Egress says where requests may go (SPEC 10). The zero value allows the public
// internet on DefaultPorts.
type Egress struct {
	Allow []netip.Prefix // networks that would be refused, reachable on any port
	Ports []uint16       // in place of DefaultPorts
}

// DefaultPorts are reachable where egress.ports names no others.
var DefaultPorts = []uint16{80, 443, 8080, 8443}

func (e Egress) ports() []uint16 {
	if len(e.Ports) > 0 {
		return e.Ports
	}
	return DefaultPorts
}

func (e Egress) allowsPort(port uint16) bool { return slices.Contains(e.ports(), port) }

func (e Egress) portList() string { return strings.Trim(fmt.Sprint(e.ports()), "[]") }

// special knows the registries of addresses that are not the public internet.
// It is asked for addresses alone: its own allow-list beats its deny-list, and
// it knows no ports per network.
var special = ssrf.New()

var (
	nat64 = ssrf.IPv6NAT64Prefix
	// wireServer is Azure's metadata and DNS host: a public address that is
	// reachable from inside alone, so no registry lists it.
	wireServer = netip.MustParseAddr("168.63.129.16")
)

// check says whether an address may be dialled. The IPv4 address inside a
// mapped or a NAT64 one is what counts: it is where the packets go.
func (e Egress) check(to netip.AddrPort) error {
	addr := to.Addr().Unmap()
	if e.allows(addr) {
		return nil
	}
	if !e.allowsPort(to.Port()) {
		return blocked("port %d: egress.ports allows %s", to.Port(), e.portList())
	}
	if nat64.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	if addr.Zone() != "" || addr == wireServer || special.SafeAddr(addr) != nil {
		return blocked("%s is not a public address: egress.allow does not list it", to.Addr())
	}
	return nil
}

func (e Egress) allows(addr netip.Addr) bool {
	for _, network := range e.Allow {
		if contains(network, addr) {
			return true
		}
	}
	return false
}

// contains also takes a network that was written in the mapped form.
func contains(network netip.Prefix, addr netip.Addr) bool {
	if network.Addr().Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	return network.Contains(addr)
}

// own are the addresses on which this process listens: a request of ours must
// never come back to us, whoever trusts its target.
type own []netip.AddrPort

func ownListeners(listening []net.Addr) own {
	var o own
	for _, a := range listening {
		if tcp, ok := a.(*net.TCPAddr); ok {
			at := tcp.AddrPort()
			o = append(o, netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port()))
		}
	}
	return o
}

// check refuses an address that leads to one of them.
func (o own) check(to netip.AddrPort) error {
	addr := to.Addr().Unmap().WithZone("")
	for _, listener := range o {
		if listener.Port() != to.Port() {
			continue
		}
		at := listener.Addr()
		if at == addr || addr.IsUnspecified() || at.IsUnspecified() && isLocal(addr) {
			return blocked("%s is a listener of this gateway", to)
		}
	}
	return nil
}

// isLocal says whether an address is one of this machine's. The interfaces are
// asked each time, for they change; only a dial to one of our own ports asks.
func isLocal(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return true // not known: refused
	}
	for _, a := range interfaces {
		if network, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(network.IP); ok && ip.Unmap() == addr {
				return true
			}
		}
	}
	return false
}
