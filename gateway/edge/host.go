package edge

import (
	"bytes"
	"net/netip"

	"hookgate/gateway/wire"
)

// isHost reports whether b is a plain host[:port]: a name, an IPv4 address, or an
// IPv6 address in brackets. Percent escapes and user info are not.
func isHost(b []byte) bool {
	if len(b) == 0 || len(b) > 255 {
		return false
	}
	if b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		return end > 0 && isIPv6(b[1:end]) && isPort(b[end+1:])
	}
	name := b
	if i := bytes.IndexByte(b, ':'); i >= 0 {
		name = b[:i]
		if !isPort(b[i:]) {
			return false
		}
	}
	return len(name) > 0 && wire.All(name, wire.Unreserved)
}

func isIPv6(b []byte) bool {
	a, err := netip.ParseAddr(string(b))
	return err == nil && a.Is6() && a.Zone() == ""
}

// isPort passes nothing, or a colon and 1 to 5 digits.
func isPort(b []byte) bool {
	return len(b) == 0 || b[0] == ':' && len(b) > 1 && len(b) <= 6 && wire.All(b[1:], wire.Digit)
}
