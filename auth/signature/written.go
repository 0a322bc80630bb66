package signature

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// CheckSigning is CheckSecrets for what we sign with: the keys are of our choice, and so
// of the length that the specification asks for. A provider's may be shorter, and his
// own library takes them.
func CheckSigning(c Config) []Fault {
	f := faults(CheckSecrets(c))
	for i, secret := range c.Secrets {
		if raw, ok := whsecKey(secret); ok && secret != "" && c.Type == standard.name && (len(raw) < leastWhsec || len(raw) > mostWhsec) {
			f.add(fmt.Sprintf("secrets[%d]", i), "has a key of %d bytes: %s", len(raw), whsecForm)
		}
	}
	return f
}

// CheckSecrets tells which secrets of c nobody meant to write as they are (SPEC 15 and
// 17): with white space at an end, which the other side does not have, or in a form that
// its library refuses. It is for whoever writes them. Compile takes them all the same:
// a store may hold some from before they were refused, and goes on as it did.
func CheckSecrets(c Config) []Fault {
	var f faults
	check := func(field, secret string) {
		if fault := SecretFault(secret); fault != "" {
			f.add(field, "%s", fault)
		}
	}
	for i, secret := range c.Secrets {
		field := fmt.Sprintf("secrets[%d]", i)
		switch {
		case secret == "" || readsKeys(c.Type): // the one is told of already, the other may have many lines
		case SecretFault(secret) == "" && slices.Contains(whsecTypes, c.Type):
			f.whsec(field, secret)
		default:
			check(field, secret)
		}
	}
	check("username", c.Username)
	check("password", c.Password)
	check("verify_token", c.VerifyToken)
	check("verification_token", c.VerificationToken)
	for i, t := range c.Tokens {
		check(fmt.Sprintf("tokens[%d].secret", i), t.Secret)
	}
	return f
}

// SecretFault says what is wrong with the text of a secret, "" if nothing is: the line
// end of a file that was read is the common one, and what it signs nobody verifies.
func SecretFault(secret string) string {
	switch {
	case strings.TrimFunc(secret, blank) != secret:
		return "has white space at an end, which is no part of a secret: write it without"
	case strings.ContainsFunc(secret, unicode.IsControl):
		return "has a control character, which no secret has"
	case strings.HasPrefix(secret, sealedText):
		return "is a sealed value, of hookgate export --secrets sealed: hookgate apply takes it, nothing else does"
	}
	return ""
}

// sealedText begins what package seal gives, which would verify and sign nothing.
const sealedText = "hgs1:"

// blank tells what nobody sees: spaces, line ends, and the marks that editors put before
// a text.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// readsKeys tells whether a type's secrets are public keys, in PEM or JSON.
func readsKeys(name string) bool {
	t, is := tokenFamilyOf(name)
	return is && t.keysAt != "" || name == truelayerScheme.name
}

// whsecTypes are those whose secrets are Standard Webhooks' own.
var whsecTypes = []string{standard.name, svix.name}

const (
	leastWhsec = 24 // bytes (Standard Webhooks 1.0.0, "Signature scheme")
	mostWhsec  = 64
)

const whsecForm = `must be "whsec_" and 24 to 64 bytes in base64, with + and / in its alphabet and = to fill it up at its end, as "openssl rand -base64 32" writes them`

// whsec refuses a secret that a library of the other side refuses, or reads as another:
// Go's, Python's and JavaScript's want the padding and the standard alphabet.
func (f *faults) whsec(field, secret string) {
	if _, ok := whsecKey(secret); !ok {
		f.add(field, "is not in the form that the libraries of senders and receivers read: %s", whsecForm)
	}
}

func whsecKey(secret string) ([]byte, bool) {
	return base64Text([]byte(strings.TrimPrefix(secret, whsecPrefix)))
}
