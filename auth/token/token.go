// Package token makes, hashes and compares the tokens of internal callers
// (SPEC 3).
//
// A token reads "hg_admin_…", "hg_platform_…" or "hg_tenant_…": the prefix lets
// people and secret scanners know what they found, and grants nothing. Only the
// SHA-256 of a token is kept. A made token carries 190 random bits, so its plain
// hash cannot be searched, and a slow hash would only slow every request.
//
// A request goes this way: Bearer takes the token out of the header, Hash makes
// its digest, and the digest is looked up or compared. Because what is looked up
// is a hash, the time of a lookup says nothing about the token.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"hookgate/auth"
)

const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	random   = 32 // characters of base62: 190 bits
	leastLen = 16 // characters of a token that a person chose (SPEC 14, "Tokens")
)

// New makes a token of the scope.
func New(scope auth.Scope) string {
	b := make([]byte, 0, 64)
	b = append(b, prefix(scope)...)
	var draw [64]byte
	for end := len(b) + random; len(b) < end; {
		rand.Read(draw[:]) // never fails: the runtime ends the process instead
		for _, d := range draw {
			// 62 does not divide 256: values past the last whole multiple are
			// drawn again, else the first letters would come more often.
			if d < 4*62 && len(b) < end {
				b = append(b, alphabet[d%62])
			}
		}
	}
	return string(b)
}

// ScopeOf reads the scope from a token's prefix: a hint for messages to people,
// never a proof. A token that somebody chose has none.
func ScopeOf(token string) (auth.Scope, bool) {
	for _, scope := range auth.Scopes() {
		if strings.HasPrefix(token, prefix(scope)) {
			return scope, true
		}
	}
	return "", false
}

func prefix(scope auth.Scope) string { return "hg_" + string(scope) + "_" }

// CheckChosen tells what is wrong with a token given by environment or file,
// which may be any text of 16 or more characters. The error does not hold it.
func CheckChosen(token string) error {
	switch {
	case utf8.RuneCountInString(token) < leastLen:
		return errors.New("token is too short: use 16 or more characters")
	case strings.TrimSpace(token) != token:
		return errors.New("token begins or ends with white space, which no header can carry")
	case strings.ContainsFunc(token, unicode.IsControl):
		return errors.New("token has a control character, which no header can carry")
	}
	return nil
}

// Digest is the SHA-256 of a token: what is kept of it, and a key for maps.
type Digest [sha256.Size]byte

// Hash digests a token.
func Hash[T string | []byte](token T) Digest { return sha256.Sum256([]byte(token)) }

// Equal compares two digests in constant time.
func (d Digest) Equal(other Digest) bool {
	return subtle.ConstantTimeCompare(d[:], other[:]) == 1
}

// Bearer takes the token out of the value of an Authorization header
// (RFC 6750, section 2.1). The scheme's case does not matter (RFC 9110, section
// 11.1). The result is a part of value; ok is false when there is none.
func Bearer(value []byte) (token []byte, ok bool) {
	const scheme = "bearer"
	if len(value) <= len(scheme) || value[len(scheme)] != ' ' {
		return nil, false
	}
	for i := range len(scheme) {
		if value[i]|0x20 != scheme[i] {
			return nil, false
		}
	}
	rest := value[len(scheme)+1:]
	for len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	return rest, len(rest) > 0
}
