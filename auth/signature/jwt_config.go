package signature

import (
	"slices"
	"time"
)

// TokenConfig is what an operator writes beside the rest for types that verify tokens
// (SPEC 15; the words of the providers are those of vectors/providers-2.md).
type TokenConfig struct {
	Algorithms      []string       // jwt: which may be; default HS256 with secrets, RS256 and ES256 with keys
	PublicKeys      []string       // jwt: PEM, a JWK or a JWK set
	JWKSURL         string         // jwt: where the keys are; truelayer: where its sandbox has them
	Issuer          string         // jwt: what iss must be
	Audience        string         // jwt, google-pubsub: what aud must be
	BodyHash        *BodyHash      // jwt: which claim has the body's hash
	Leeway          *time.Duration // jwt: how far its times may be from our clock; nil: 30 s
	Email           string         // google-pubsub: of the service account that sends
	Issuers         []string       // google-pubsub: what iss may be; default Google's two
	AppID           string         // botframework: of the bot
	ClientKey       string         // atlassian-connect: what iss must be
	BaseURL         string         // atlassian-connect: of the app; its path is not signed
	KID             string         // providers: the id of the key among secrets that has none of its own
	Endorsements    []string       // botframework: the channels that this key may sign for
	RequiredHeaders []string       // truelayer: which must be signed, beside the time
	// KeySets gives the keys at URLs; nil, as where a configuration is only checked,
	// refuses every request that needs one.
	KeySets *KeySets
}

// BodyHash says how a token covers the body.
type BodyHash struct {
	Claim    string // which has the hash
	Hash     string // sha256 (default), sha384, sha512
	Encoding string // hex (default), base64, base64url without padding
}

// mostWords bounds a list of names.
const mostWords = 64

// unreadTokens is unread for what types that verify tokens read.
func (f *faults) unreadTokens(c *Config, reads []string) {
	fields := [...]struct {
		name string
		set  bool
	}{
		{"algorithms", len(c.Algorithms) > 0},
		{"app_id", c.AppID != ""},
		{"audience", c.Audience != ""},
		{"base_url", c.BaseURL != ""},
		{"body_hash", c.BodyHash != nil},
		{"client_key", c.ClientKey != ""},
		{"email", c.Email != ""},
		{"endorsements", len(c.Endorsements) > 0},
		{"issuer", c.Issuer != ""},
		{"issuers", len(c.Issuers) > 0},
		{"jwks_url", c.JWKSURL != ""},
		{"kid", c.KID != ""},
		{"leeway", c.Leeway != nil},
		{"public_keys", len(c.PublicKeys) > 0},
		{"required_headers", len(c.RequiredHeaders) > 0},
	}
	for _, words := range [...]struct {
		name string
		list *[]string
	}{{"algorithms", &c.Algorithms}, {"endorsements", &c.Endorsements}, {"issuers", &c.Issuers}, {"required_headers", &c.RequiredHeaders}} {
		if n := len(*words.list); n > mostWords {
			f.add(words.name, "has %d: set at most %d", n, mostWords)
			*words.list = nil // each of so many would be a fault
		}
	}
	for _, field := range fields {
		if field.set && !slices.Contains(reads, field.name) {
			f.add(field.name, "is not read by type %s: remove it", c.Type)
		}
	}
}

// needs reports a word that a type cannot do without.
func (f *faults) needs(field, value, what string) {
	if value == "" {
		f.add(field, "is missing: set %s", what)
	}
}
