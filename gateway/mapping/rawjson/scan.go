package rawjson

import (
	"encoding/binary"
	"math/bits"
)

// MaxDepth is how deep JSON may be nested (SPEC 14).
const MaxDepth = 128

// The classes of bytes that matter when a value is passed over.
const (
	plainByte = iota
	quoteByte
	openByte
	closeByte
)

var byteClass = [256]uint8{'"': quoteByte, '{': openByte, '[': openByte, '}': closeByte, ']': closeByte}

// What may stand in a string as it is: no quote, backslash or control character.
var stringByte = func() (table [256]bool) {
	for c := ' '; c < 256; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// SkipSpace passes over white space.
func SkipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	return i
}

// plainRun gives the place of the first byte at or after b[i] that ends or
// interrupts a string. It looks at eight bytes at a time: where none of them is
// below space, a quote or a backslash, no high bit is left of these differences,
// and else the lowest is of the first such byte: what is borrowed goes upwards
// ("Bit Twiddling Hacks", S. E. Anderson: determine if a word has a byte less
// than n, or equal to n).
func plainRun(b []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^ones*'"', x^ones*'\\'
		if found := ((x-ones*' ')&^x | (quote-ones)&^quote | (slash-ones)&^slash) & high; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && stringByte[b[i]] {
		i++
	}
	return i
}

// SkipString passes over the string that opens at b[i].
func SkipString(b []byte, i int) (end int, escaped bool) {
	for i = plainRun(b, i+1); i < len(b); i = plainRun(b, i) {
		switch b[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			escaped = true
			i++
		}
		i++
	}
	return len(b), escaped
}

// SkipValue passes over the value that starts at b[i]; b holds valid JSON.
func SkipValue(b []byte, i int) int {
	if i >= len(b) {
		return i
	}
	switch b[i] {
	case '"':
		end, _ := SkipString(b, i)
		return end
	case '{', '[':
		return SkipToClose(b, i, 0)
	}
	for i < len(b) {
		switch b[i] {
		case ',', ']', '}', ' ', '\t', '\n', '\r':
			return i
		}
		i++
	}
	return i
}

// SkipToClose goes on from inside depth brackets until all of them are closed.
func SkipToClose(b []byte, i, depth int) int {
	for i < len(b) {
		switch byteClass[b[i]] {
		case plainByte:
			i++
		case quoteByte:
			i, _ = SkipString(b, i)
		case openByte:
			depth++
			i++
		case closeByte:
			i++
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return i
}

// Member is one member of an object as it lies there.
type Member struct {
	Name    []byte // between the quotes
	Escaped bool   // name has escapes
	Value   []byte
}

// NextMember reads the member at or after b[i], where i is just past the brace
// or a value; ok is false at the end of the object.
func NextMember(b []byte, i int) (m Member, next int, ok bool) {
	name, nameEnd, escaped, value := MemberName(b, i)
	if value >= len(b) {
		return m, value, false
	}
	end := SkipValue(b, value)
	return Member{b[name:nameEnd], escaped, b[value:end]}, end, true
}

// MemberName finds the next member's name and the start of its value, which is
// len(b) at the end of the object.
func MemberName(b []byte, i int) (name, nameEnd int, escaped bool, value int) {
	i = SkipSpace(b, i)
	if i < len(b) && b[i] == ',' {
		i = SkipSpace(b, i+1)
	}
	if i >= len(b) || b[i] != '"' {
		return 0, 0, false, len(b)
	}
	name = i + 1
	i, escaped = SkipString(b, i)
	nameEnd = i - 1
	i = SkipSpace(b, i)
	return name, nameEnd, escaped, SkipSpace(b, i+1) // past the colon
}

// NextItem finds the start of the item at or after b[i], where i is just past
// the bracket or an item; ok is false at the end of the array.
func NextItem(b []byte, i int) (start int, ok bool) {
	i = SkipSpace(b, i)
	if i < len(b) && b[i] == ',' {
		i = SkipSpace(b, i+1)
	}
	return i, i < len(b) && b[i] != ']'
}

// CountItems is how many items the array at b[i] has.
func CountItems(b []byte, i int) int {
	i++
	for n := 0; ; n++ {
		start, ok := NextItem(b, i)
		if !ok {
			return n
		}
		i = SkipValue(b, start)
	}
}
