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

const (
	// mostElements bounds how many proxies in front are heard: the last ones.
	mostElements = 32
	// mostCommas bounds how many commas are looked behind for the beginning of one element.
	mostCommas = 32
)

// standard gives the element of the proxy to which the client came, as far as those
// behind it are trusted. It reads from the end, where the proxies wrote: what stands
// before may be the client's, and must not take their words with it.
func (s *sayings) standard(peer netip.Addr, trusts func(netip.Addr) bool) element {
	found := element{client: peer}
	left := mostElements
	for i := len(s.elements) - 1; i >= 0; i-- {
		for rest := bytes.TrimRight(s.elements[i], ", \t"); len(rest) > 0 && left > 0; left-- {
			var e element
			if e, rest = cutElement(rest); !e.client.IsValid() { // who hides his client still says how he was called
				e.client = found.client
				return e
			}
			if found = e; !trusts(found.client) {
				return found
			}
		}
	}
	return found
}

// cutElement cuts the last element off a value of Forwarded (RFC 7239 4): the shortest end
// of it, behind a comma, that is one. An end that begins within a quoted string is none, for
// it has the other quote. Of what is malformed nothing is believed, nor of what stands before.
func cutElement(b []byte) (e element, rest []byte) {
	at := len(b)
	for range mostCommas {
		at = bytes.LastIndexByte(b[:at], ',')
		if e, ok := elementIn(b[at+1:]); ok {
			return e, bytes.TrimRight(b[:max(at, 0)], ", \t")
		}
		if at < 0 {
			break
		}
	}
	return element{}, nil
}

// elementIn reads what is one element, and nothing else.
func elementIn(b []byte) (e element, ok bool) {
	for b = wire.Trim(b); ; b = bytes.TrimLeft(b, "; \t") {
		equals := bytes.IndexByte(b, '=')
		if equals < 0 {
			return element{}, false
		}
		name := wire.Trim(b[:equals])
		value, behind, ok := cutValue(b[equals+1:])
		if !ok || !wire.All(name, wire.Token) {
			return element{}, false
		}
		e.hear(name, value)
		if b = bytes.TrimLeft(behind, "; \t"); len(b) == 0 {
			return e, true
		}
	}
}

// cutValue cuts the value of a parameter off, a token or a quoted string; what is behind
// it begins with the semicolon, if there is one. Tokens are taken with the colons and
// brackets that many forget to quote.
func cutValue(b []byte) (value, behind []byte, ok bool) {
	b = bytes.TrimLeft(b, " \t")
	if len(b) == 0 || b[0] != '"' {
		end := bytes.IndexByte(b, ';')
		if end < 0 {
			end = len(b)
		}
		return wire.Trim(b[:end]), b[end:], !bytes.ContainsAny(b[:end], `",`)
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\': // nothing that is meant here has one in it
			i++
		case '"':
			behind = bytes.TrimLeft(b[i+1:], " \t")
			return b[1:i], behind, len(behind) == 0 || behind[0] == ';'
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
