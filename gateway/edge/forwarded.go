package edge

import (
	"bytes"
	"net/netip"

	"hookgate/gateway/wire"
)

// element is what one proxy says of the request that it got, in Forwarded.
type element struct {
	client      netip.Addr // not valid: it does not say, or hides it
	proto, host []byte
}

// mostElements bounds how many proxies in front are heard: the last ones.
const mostElements = 32

// standard gives the element of the proxy to which the client came, as far as those
// behind it are trusted.
func (s *sayings) standard(peer netip.Addr, trusts func(netip.Addr) bool) element {
	found := element{client: peer}
	list := elementsIn(s.elements)
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].client.IsValid() { // who hides his client still says how he was called
			list[i].client = found.client
			return list[i]
		}
		if found = list[i]; !trusts(found.client) {
			return found
		}
	}
	return found
}

// elementsIn reads the values of Forwarded (RFC 7239 4), of which the last count.
func elementsIn(fields [][]byte) (list []element) {
	for _, rest := range fields {
		for len(rest) > 0 {
			var e element
			if len(list) == mostElements {
				list = append(list[:0], list[1:]...)
			}
			e, rest = cutElement(rest)
			list = append(list, e)
		}
	}
	return list
}

// cutElement cuts the first element off a list. Of one that is malformed nothing is
// believed, nor of what stands behind it: where it ends is anybody's guess.
func cutElement(b []byte) (e element, rest []byte) {
	for b = bytes.TrimLeft(b, ", \t"); len(b) > 0; b = bytes.TrimLeft(b, "; \t") {
		equals := bytes.IndexByte(b, '=')
		if equals < 0 {
			return element{}, nil
		}
		name := wire.Trim(b[:equals])
		value, behind, ok := cutValue(b[equals+1:])
		if !ok || !wire.All(name, wire.Token) {
			return element{}, nil
		}
		e.hear(name, value)
		if len(behind) == 0 || behind[0] == ',' {
			return e, bytes.TrimPrefix(behind, []byte(","))
		}
		b = behind
	}
	return e, nil
}

// cutValue cuts the value of a parameter off, a token or a quoted string; what is behind
// it begins with the comma or semicolon, if there is one. Tokens are taken with the
// colons and brackets that many forget to quote.
func cutValue(b []byte) (value, behind []byte, ok bool) {
	b = bytes.TrimLeft(b, " \t")
	if len(b) == 0 || b[0] != '"' {
		end := bytes.IndexAny(b, ",;")
		if end < 0 {
			end = len(b)
		}
		return wire.Trim(b[:end]), b[end:], true
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\': // nothing that is meant here has one in it
			i++
		case '"':
			behind = bytes.TrimLeft(b[i+1:], " \t")
			return b[1:i], behind, len(behind) == 0 || behind[0] == ',' || behind[0] == ';'
		}
	}
	return nil, nil, false
}

func (e *element) hear(name, value []byte) {
	switch {
	case wire.Is(name, "for"):
		if a, valid := addressIn(string(value)); valid {
			e.client = a
		}
	case wire.Is(name, "proto"):
		e.proto = value
	case wire.Is(name, "host"):
		e.host = value
	}
}
