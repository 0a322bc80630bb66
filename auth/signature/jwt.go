package signature

import (
	"net/url"
	"strings"
	"time"
)

// jwtScheme is a token of a sender that we have no name for, as the operator describes
// it (SPEC 15 and 17).
var jwtScheme = scheme{
	name: "jwt",
	reads: []string{
		"in", "name", "algorithms", "secrets", "jwks_url", "public_keys", "issuer", "audience", "body_hash", "leeway",
	},
	build: func(c *Config, f *faults) *Verifier {
		p := describeToken(c, f)
		p.keys = tokenKeys(c, p.algorithms, f)
		return &Verifier{proof: p}
	},
}

const (
	defaultLeeway = 30 * time.Second
	mostLeeway    = 10 * time.Minute
)

// describeToken makes the proof of what an operator wrote for jwt, without its keys.
func describeToken(c *Config, f *faults) *tokenProof {
	p := &tokenProof{place: placeOf(c, f), policy: policy{leeway: defaultLeeway}}
	if len(c.Secrets) > 0 {
		p.algorithms = algorithmsOf(c.Algorithms, sharedAlgorithms, "secrets", []string{"HS256"}, f)
	} else {
		p.algorithms = algorithmsOf(c.Algorithms, publicAlgorithms, "public keys", []string{"RS256", "ES256"}, f)
	}
	if c.Leeway != nil {
		if p.leeway = *c.Leeway; p.leeway < 0 || p.leeway > mostLeeway {
			f.add("leeway", "is %s: must be 0s to %s", p.leeway, mostLeeway)
		}
	}
	if c.Issuer != "" {
		p.rules = append(p.rules, is("iss", Claim, c.Issuer))
	}
	p.rules = append(p.rules, forUs(c.Audience))
	if c.BodyHash != nil {
		p.rules = append(p.rules, bodyHashOf(c.BodyHash, f))
	}
	return p
}

// placeOf says where the token is.
func placeOf(c *Config, f *faults) (p tokenPlace) {
	p.name = c.Name
	switch c.In {
	case "query":
		p.query = true
		f.needs("name", c.Name, "the name of the parameter")
	case "header", "":
		p.name = or(c.Name, "Authorization")
		f.headerName("name", p.name)
		if strings.EqualFold(p.name, "Authorization") {
			p.before("Bearer")
		}
	default:
		f.word("in", c.In, "header", "query")
	}
	return p
}

// forUs makes the rule of whom a token is for. One that names somebody is refused where
// nobody said that we are it (RFC 7519, section 4.1.3).
func forUs(audience string) rule {
	p := is("aud", Claim, audience)
	p.listed, p.absent = true, audience == ""
	return p
}

// bodyHashOf makes the rule of body_hash.
func bodyHashOf(h *BodyHash, f *faults) rule {
	hash, encoding := or(h.Hash, "sha256"), or(h.Encoding, "hex")
	f.needs("body_hash.claim", h.Claim, "the name of the claim that has the hash")
	if hashSums[hash] == nil {
		f.add("body_hash.hash", "is %q: must be %s", h.Hash, sorted(hashSums))
	}
	if hashTexts[encoding] == nil {
		f.add("body_hash.encoding", "is %q: must be %s", h.Encoding, sorted(hashTexts))
	}
	p := covers(h.Claim, hash, encoding).orNoBody()
	p.padded = encoding == "base64url"
	return p
}

// tokenKeys makes the keyring of jwt, of the one kind of keys that is set.
func tokenKeys(c *Config, algorithms []string, f *faults) keyring {
	ways := 0
	for _, set := range []bool{len(c.Secrets) > 0, c.JWKSURL != "", len(c.PublicKeys) > 0} {
		if set {
			ways++
		}
	}
	switch {
	case ways != 1:
		f.add("secrets", "is one of three, beside jwks_url and public_keys: set one, and only one")
	case len(c.Secrets) > 0:
		return newShared(c, algorithms, f)
	case len(c.PublicKeys) > 0:
		return &published{own: publicKeys(c.PublicKeys, algorithms, f)}
	}
	if u, err := url.Parse(c.JWKSURL); c.JWKSURL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "") {
		f.add("jwks_url", "must be an https URL without user and fragment: who can change what it answers can sign")
	}
	return &published{set: c.KeySets.at(c.JWKSURL)}
}
