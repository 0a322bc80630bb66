package gateway

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// MaxKey is the longest conversation key in bytes (SPEC 5).
const MaxKey = 256

// MaxAliases is how many keys one conversation may have. More than a platform
// gives (key, id, external key, url), and few enough to look each of them up.
const MaxAliases = 16

// Key gives the conversation key that a value stands for: a URL (http, https)
// stands for its last path segment, percent-decoded, without query, fragment
// and trailing slash; anything else for itself. It is false for what no key can
// be: empty, over MaxKey bytes, no UTF-8, or with control characters or spaces, or
// with U+FFFD, which stands for what could not be read: of halves of surrogate
// pairs, for any of 2,048, so that a callback would find another's wait.
func Key(value string) (string, bool) {
	if IsWebURL(value) {
		value = lastSegment(value)
	}
	if value == "" || len(value) > MaxKey || !utf8.ValidString(value) {
		return "", false
	}
	for i := 0; i < len(value); i++ {
		if value[i] <= ' ' || value[i] == 0x7f {
			return "", false
		}
	}
	// C1 controls, Unicode spaces and U+FFFD are two bytes or more in UTF-8.
	if strings.ContainsFunc(value, isHiddenRune) {
		return "", false
	}
	return value, true
}

// IsWebURL says whether a text begins as a URL of http or https does; a scheme has no
// case (RFC 3986, 3.1).
func IsWebURL(text string) bool {
	scheme, _, found := strings.Cut(text[:min(len(text), len("https://"))], "://")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

func isHiddenRune(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case r <= 0xa0, r == 0x1680, r >= 0x2000 && r <= 0x200a, r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000, r == utf8.RuneError:
		return true
	}
	return false
}

func lastSegment(raw string) string {
	_, rest, _ := strings.Cut(raw, "://")
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 { // a host alone names no conversation
		return ""
	}
	path := strings.TrimSuffix(rest[slash+1:], "/")
	segment, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil {
		return ""
	}
	return segment
}

// IsName says whether s may be an id that a person picks:
// ^[a-z0-9][a-z0-9_-]{0,62}$ (SPEC 3).
func IsName(s string) bool {
	if len(s) == 0 || len(s) > 63 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		lower := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !lower && (i == 0 || c != '_' && c != '-') {
			return false
		}
	}
	return true
}
