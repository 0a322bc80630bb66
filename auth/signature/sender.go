package signature

import (
	"slices"
	"strings"
)

// sending lists the types that CompileSender knows: what we sign outward, and the
// families.
var sending = func() (all []scheme) {
	for _, s := range signing {
		if s.name != "none" {
			all = append(all, s)
		}
	}
	for _, d := range families[1:] { // the first is listed: it is ours too
		all = append(all, scheme{name: d.name, reads: append(slices.Clone(d.reads), "secrets")})
	}
	for _, d := range asymmetricFamilies[1:] { // as is the first of these
		if d.private != nil {
			all = append(all, scheme{name: d.name, reads: []string{"secrets"}})
		}
	}
	return append(all, tokenSending...)
}()

// Senders lists the types that CompileSender knows.
func Senders() []string { return names(sending) }

// CompileSender makes a signer that signs as the senders of c's type do, or says
// all that is wrong with c: what Compile makes of the same type and secret passes
// what it signs. It is for trying a source or a receiver out; what hookgate itself
// sends is signed by CompileSigner's few types.
//
// The secret of standard-ed25519, telnyx and sendgrid is the private key; Compile reads
// the public one.
func CompileSender(c Config) (*Signer, []Fault) {
	if p := composerOf(c.Type); p != nil {
		return p.compile(c)
	}
	return compileSigner(c, sending)
}

// SignsURL tells whether the senders of c's type, one of Senders, sign the URL that
// they call.
func SignsURL(c Config) bool {
	if composerOf(c.Type) != nil || c.Type == shopifyProxy.name {
		return true
	}
	if t, is := tokenFamilyOf(c.Type); is {
		return t.signsURL
	}
	if c.Type == rfc9421.name {
		return strings.Contains(strings.ReplaceAll(or(c.Signed, messageCovers), "@method", ""), "@")
	}
	signed := c.Signed
	if a, is := asymmetricOf(c.Type); is {
		signed = a.signed
	} else if c.Type != "hmac" && c.Type != jwtScheme.name && slices.Contains(names(sending), c.Type) {
		signed = family(c.Type).signed
	}
	t, _ := parseTemplate(signed) // one with a fault signs nothing
	return t.count(partURL)+t.count(partPath) > 0
}

// family finds the descriptor of a provider.
func family(name string) descriptor {
	for _, d := range families {
		if d.name == name {
			return d
		}
	}
	panic("signature: no family has the name of a listed type") // sending and signing list only these
}

// asymmetricOf finds a family that signs with a private key.
func asymmetricOf(name string) (asymmetricFamily, bool) {
	for _, d := range asymmetricFamilies {
		if d.name == name {
			return d, true
		}
	}
	return asymmetricFamily{}, false
}
