package directory

import (
	"net/netip"

	"hookgate/gateway/fields"
)

// Networks are the addresses that may call; none of them: all may.
type Networks []netip.Prefix

// maxNetworks bounds what every request is compared with.
const maxNetworks = 1000

// Refuses tells whether an address is none of them. One that is not known is none.
func (n Networks) Refuses(a netip.Addr) bool {
	if len(n) == 0 {
		return false
	}
	a = a.Unmap().WithZone("")
	for _, network := range n {
		if network.Contains(a) {
			return false
		}
	}
	return true
}

// compileNetworks reads addresses and networks. IPv4 that is written within IPv6 means
// the same as IPv4; a network of IPv6 holds none of IPv4.
func compileNetworks(list []string, f *faults) Networks {
	if len(list) > maxNetworks {
		f.add("allow_ips", "has %d: at most %d", len(list), maxNetworks)
		return nil
	}
	if list == nil {
		return nil
	}
	if len(list) == 0 {
		f.add("allow_ips", "is empty: list who may call, or leave it out")
	}
	all := make(Networks, 0, len(list))
	for i, text := range list {
		network, fault := networkOf(text)
		if fault != "" {
			f.add(fields.Index("allow_ips", i), "%s", fault)
		}
		all = append(all, network)
	}
	return all
}

// networkOf reads a network, or an address as the network of it alone.
func networkOf(text string) (netip.Prefix, string) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), ""
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return network, `is no address and no network: write "192.0.2.7", "192.0.2.0/24" or "2001:db8::/32"`
	}
	if within := network.Masked(); network != within {
		return network, "is an address within a network: write " + within.String() + " for all of it"
	}
	const mapped = 128 - 32 // bits before the IPv4 address
	if a := network.Addr(); a.Is4In6() && network.Bits() >= mapped {
		network = netip.PrefixFrom(a.Unmap(), network.Bits()-mapped)
	}
	return network, ""
}
