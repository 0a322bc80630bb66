package rawjson

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// View shows bytes as a string without a copy, for calls that keep nothing.
func View(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Bytes shows a string as bytes without a copy, for calls that change nothing.
func Bytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// AppendUnescaped appends the text of a JSON string, given what stands between
// its quotes. Half a surrogate pair becomes U+FFFD, as in encoding/json.
func AppendUnescaped(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 >= len(raw) {
			dst = append(dst, c)
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, used := escapedRune(raw, i+1)
			dst = utf8.AppendRune(dst, r)
			i += used
		default: // a quote, backslash or slash stands for itself
			dst = append(dst, raw[i])
		}
	}
	return dst
}

// escapedRune reads the digits after \u, and the second half of a pair.
func escapedRune(raw []byte, i int) (r rune, used int) {
	r, ok := hex4(raw, i)
	if !ok {
		return utf8.RuneError, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if i+5 < len(raw) && raw[i+4] == '\\' && raw[i+5] == 'u' {
		if low, ok := hex4(raw, i+6); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(b []byte, i int) (r rune, ok bool) {
	if i+4 > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+4] {
		r <<= 4
		switch {
		case c >= '0' && c <= '9':
			r |= rune(c - '0')
		case c >= 'a' && c <= 'f':
			r |= rune(c - 'a' + 10)
		case c >= 'A' && c <= 'F':
			r |= rune(c - 'A' + 10)
		default:
			return 0, false
		}
	}
	return r, true
}

// HasEscape says whether what stands between the quotes has a backslash.
func HasEscape(raw []byte) bool {
	for _, c := range raw {
		if c == '\\' {
			return true
		}
	}
	return false
}
