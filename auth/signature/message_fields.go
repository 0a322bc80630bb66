package signature

import "bytes"

// cursor reads structured fields (RFC 8941) from the front, as strictly as they are
// written: what has two forms is read in the canonical one. Every value is a part
// of the field, never a copy.
type cursor struct{ rest []byte }

// is takes a byte, if it is the next one.
func (c *cursor) is(b byte) bool {
	if len(c.rest) == 0 || c.rest[0] != b {
		return false
	}
	c.rest = c.rest[1:]
	return true
}

// span takes all the bytes that are in set.
func (c *cursor) span(in func(byte) bool) (text []byte) {
	n := 0
	for n < len(c.rest) && in(c.rest[n]) {
		n++
	}
	text, c.rest = c.rest[:n], c.rest[n:]
	return text
}

// comma takes what stands between two members of a dictionary, or tells that there
// are no more.
func (c *cursor) comma(more *bool) bool {
	c.span(isBlank)
	if *more = c.is(','); !*more {
		return len(c.rest) == 0
	}
	c.span(isBlank)
	return true
}

// key takes the name of a member or of a parameter.
func (c *cursor) key() (name []byte, ok bool) {
	name = c.span(func(b byte) bool { return isLower(b) || isDigit(b) || b == '_' || b == '-' || b == '.' || b == '*' })
	return name, len(name) > 0 && (isLower(name[0]) || name[0] == '*')
}

// parameter takes what stands after a semicolon.
func (c *cursor) parameter() (name, value []byte, kind byte, ok bool) {
	if name, ok = c.key(); !ok || !c.is('=') {
		return name, nil, '?', ok // true, which is not written
	}
	value, kind, ok = c.item()
	return name, value, kind, ok
}

// item takes a value: of a string or of bytes, what is between their marks. kind is
// how it begins: " of a string, : of bytes, ? of a truth, 0 of a number, a of a token.
func (c *cursor) item() (value []byte, kind byte, ok bool) {
	if len(c.rest) == 0 {
		return nil, 0, false
	}
	switch first := c.rest[0]; {
	case first == '"':
		value, ok = c.text()
		return value, first, ok
	case first == ':':
		value, ok = c.bytes()
		return value, first, ok
	case first == '?':
		c.rest = c.rest[1:]
		return nil, first, c.is('0') || c.is('1')
	case first == '-' || isDigit(first):
		value, ok = c.number()
		return value, '0', ok
	case first == '*' || isLower(first|0x20):
		return c.span(isTokenByte), 'a', true
	}
	return nil, 0, false
}

// text takes a string. Its escapes stay as they are.
func (c *cursor) text() (value []byte, ok bool) {
	c.rest = c.rest[1:]
	for i := 0; i < len(c.rest); i++ {
		switch b := c.rest[i]; {
		case b == '"':
			value, c.rest = c.rest[:i], c.rest[i+1:]
			return value, true
		case b == '\\':
			if i++; i == len(c.rest) || c.rest[i] != '"' && c.rest[i] != '\\' {
				return nil, false
			}
		case b < ' ' || b > '~':
			return nil, false
		}
	}
	return nil, false
}

// bytes takes a byte sequence, in base64 that whoever compares it must check.
func (c *cursor) bytes() (value []byte, ok bool) {
	c.rest = c.rest[1:]
	value = c.span(func(b byte) bool { return isLower(b|0x20) || isDigit(b) || b == '+' || b == '/' || b == '=' })
	return value, c.is(':')
}

// number takes an integer of up to 15 digits, or a decimal of 12 and 3.
func (c *cursor) number() (value []byte, ok bool) {
	start := c.rest
	c.is('-')
	whole := len(c.span(isDigit))
	ok = 1 <= whole && whole <= 15
	if c.is('.') {
		part := len(c.span(isDigit))
		ok = ok && whole <= 12 && 1 <= part && part <= 3
	}
	return start[:len(start)-len(c.rest)], ok
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' }
func isLower(b byte) bool { return 'a' <= b && b <= 'z' }
func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isTokenByte(b byte) bool {
	return isLower(b|0x20) || isDigit(b) || bytes.IndexByte([]byte("!#$%&'*+-.^_`|~:/"), b) >= 0
}

// mostMembers bounds a dictionary, and so the work that one bad request can make.
const mostMembers = 5

// dictionary is a structured field of members with names. None is there twice: one
// reader would believe the first, another the last.
type dictionary struct {
	names, values [mostMembers][]byte
	count         int
}

func (d *dictionary) add(name, value []byte) bool {
	if d.count == mostMembers || d.get(name) != nil {
		return false
	}
	d.names[d.count], d.values[d.count] = name, value
	d.count++
	return true
}

// get gives the value of a member, nil for none.
func (d *dictionary) get(name []byte) []byte {
	for i := range d.count {
		if bytes.Equal(d.names[i], name) {
			return d.values[i]
		}
	}
	return nil
}

// byteSequences reads a dictionary whose members are bytes and nothing more.
func byteSequences(field []byte) (d dictionary, ok bool) {
	c := cursor{field}
	for more := true; more; {
		name, ok := c.key()
		if !ok || !c.is('=') {
			return d, false
		}
		value, kind, ok := c.item()
		if !ok || kind != ':' || !d.add(name, value) || !c.comma(&more) {
			return d, false
		}
	}
	return d, true
}
