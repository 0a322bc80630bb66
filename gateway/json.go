package gateway

import (
	"strconv"
	"unicode/utf8"
)

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD, as in encoding/json; HTML is left as it is.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscaped(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\ufffd"...)
			start = i + 1
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// StringSize is how many bytes AppendString appends for s.
func StringSize[T string | []byte](s T) int {
	n := 2
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			n += escapedSize(c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		if r == utf8.RuneError && size == 1 {
			n += len("\ufffd")
		} else {
			n += size
		}
		i += size
	}
	return n
}

// maxEscaped is what one byte may become in a JSON string.
const maxEscaped = len(`\u0000`)

func escapedSize(c byte) int {
	switch {
	case c == '"', c == '\\', c == '\n', c == '\r', c == '\t':
		return len(`\n`)
	case c < ' ':
		return maxEscaped
	}
	return 1
}

// AppendWord appends s as a JSON string; "" is null.
func AppendWord(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return AppendString(dst, s)
}

// AppendMember appends a comma and a member whose value is a string. The name is a
// constant that needs no escapes.
func AppendMember(dst []byte, name, value string) []byte {
	return AppendString(appendName(dst, name), value)
}

// AppendOptional is AppendMember; "" is null.
func AppendOptional(dst []byte, name, value string) []byte {
	return AppendWord(appendName(dst, name), value)
}

func appendName(dst []byte, name string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

// AppendRaw appends JSON as it is; nothing is null.
func AppendRaw(dst []byte, raw Raw) []byte { return appendOr(dst, raw, "null") }

func appendOr(dst []byte, raw Raw, otherwise string) []byte {
	if len(raw) == 0 {
		return append(dst, otherwise...)
	}
	return append(dst, raw...)
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	dst = append(dst, '\\', 'u', '0', '0')
	if c < 0x10 {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, uint64(c), 16)
}
