package edge

// class holds what a byte may be part of; one look-up answers it.
type class uint8

const (
	inToken  class = 1 << iota // a method or a field name (RFC 9110 5.6.2)
	inValue                    // a field value: no control but HTAB; above ASCII it is opaque
	inTarget                   // a request target: no control, no space, no fragment, no backslash
	inHost                     // a registered name or an IPv4 address
	inHex
	inDigit
)

var classes = func() (t [256]class) {
	const alpha = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const digits = "0123456789"
	add := func(c class, set string) {
		for i := range len(set) {
			t[set[i]] |= c
		}
	}
	add(inToken, alpha+digits+"!#$%&'*+-.^_`|~")
	add(inHost, alpha+digits+"-._~")
	add(inHex, digits+"abcdefABCDEF")
	add(inDigit, digits)
	for b := range t {
		if b == '\t' || b >= 0x20 && b != 0x7f {
			t[b] |= inValue
		}
		if b > 0x20 && b != 0x7f && b != '#' && b != '\\' {
			t[b] |= inTarget
		}
	}
	return t
}()

// all reports whether every byte of b is of class c.
func all(b []byte, c class) bool {
	for _, x := range b {
		if classes[x]&c == 0 {
			return false
		}
	}
	return true
}

// unhex gives the byte that two hexadecimal digits stand for.
func unhex(hi, lo byte) byte { return nibble(hi)<<4 | nibble(lo) }

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// isName reports whether b is name, whose letters are lower case, in any case.
func isName(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i, x := range b {
		if 'A' <= x && x <= 'Z' {
			x |= 0x20
		}
		if x != name[i] {
			return false
		}
	}
	return true
}

// trimSpace drops the optional white space around a field value.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
