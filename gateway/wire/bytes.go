package wire

// Class holds what a byte may be part of; one look-up answers it.
type Class uint8

// The classes of bytes.
const (
	Token      Class = 1 << iota // a method or a field name (RFC 9110 5.6.2)
	Value                        // a field value: no control but HTAB; above ASCII it is opaque
	Target                       // a request target: no control, no space, no fragment
	Unreserved                   // a registered name or an IPv4 address (RFC 3986 2.3)
	Hex
	Digit
)

var classes = func() (t [256]Class) {
	const alpha = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const digits = "0123456789"
	add := func(c Class, set string) {
		for i := range len(set) {
			t[set[i]] |= c
		}
	}
	add(Token, alpha+digits+"!#$%&'*+-.^_`|~")
	add(Unreserved, alpha+digits+"-._~")
	add(Hex, digits+"abcdefABCDEF")
	add(Digit, digits)
	for b := range t {
		if b == '\t' || b >= 0x20 && b != 0x7f {
			t[b] |= Value
		}
		if b > 0x20 && b != 0x7f && b != '#' {
			t[b] |= Target
		}
	}
	return t
}()

// Has reports whether b is of the class.
func (c Class) Has(b byte) bool { return classes[b]&c != 0 }

// Text is bytes, in either form.
type Text interface{ ~string | ~[]byte }

// All reports whether every byte of b is of class c.
func All[T Text](b T, c Class) bool {
	for i := range len(b) {
		if classes[b[i]]&c == 0 {
			return false
		}
	}
	return true
}

// Is reports whether b is name, whose letters are lower case, in any case.
func Is[T Text](b T, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i := range len(b) {
		x := b[i]
		if 'A' <= x && x <= 'Z' {
			x |= 0x20
		}
		if x != name[i] {
			return false
		}
	}
	return true
}

// Escape gives the byte that the percent escape at b[i] stands for; ok is false
// where the % is not followed by two hexadecimal digits.
func Escape(b []byte, i int) (c byte, ok bool) {
	if i+2 >= len(b) || classes[b[i+1]]&classes[b[i+2]]&Hex == 0 {
		return 0, false
	}
	return nibble(b[i+1])<<4 | nibble(b[i+2]), true
}

// nibble gives the value of a hexadecimal digit.
func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
