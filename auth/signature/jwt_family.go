package signature

import (
	"slices"
	"time"
)

// tokenFamily says how a provider signs with tokens: where they are, with which keys,
// and what they say. Its rules read backwards for the sender, as descriptors do.
type tokenFamily struct {
	name       string
	header     string
	word       string   // stands before the token, in any case, as "Bearer"; "": nothing does
	algorithms []string // the first is the sender's
	reads      []string // fields of Config besides secrets and tolerance
	tolerance  time.Duration
	lasts      time.Duration // how long the sender's tokens are good; 0: they have no exp
	policy     func(*Config, *faults) policy
	keysAt     string // the URL of the provider's keys; "": it has the secrets
	deliveryID string
	signsURL   bool
}

// tokenFamilies are the providers that sign with a JWT, a line each.
var tokenFamilies = []tokenFamily{
	messagebird,
	qstash,
	livekit,
	vonage,
	atlassian,
	googlePubSub,
	botFramework,
}

// tokenSchemes lists the types that verify tokens.
var tokenSchemes = func() []scheme {
	all := []scheme{jwtScheme}
	for _, t := range tokenFamilies {
		all = append(all, t.scheme())
	}
	return append(all, truelayerScheme)
}()

// tokenSending lists the types whose tokens a secret makes.
var tokenSending = func() []scheme {
	all := []scheme{{name: jwtScheme.name, reads: []string{"in", "name", "secrets", "algorithms", "issuer", "audience", "body_hash"}}}
	for _, t := range tokenFamilies {
		if t.keysAt == "" {
			all = append(all, scheme{name: t.name, reads: append(slices.Clone(t.reads), "secrets")})
		}
	}
	return all
}()

func (t tokenFamily) scheme() scheme {
	reads := append(slices.Clone(t.reads), "secrets", "tolerance")
	if t.keysAt != "" {
		reads = append(reads, "kid")
	}
	return scheme{name: t.name, reads: reads, build: func(c *Config, f *faults) *Verifier {
		return &Verifier{proof: t.proof(c, f), deliveryID: t.deliveryID}
	}}
}

func (t tokenFamily) proof(c *Config, f *faults) *tokenProof {
	p := t.described(c, f)
	if t.keysAt == "" {
		p.keys = newShared(c, t.algorithms, f)
	} else {
		p.keys = newPublished(c, t.keysAt, t.algorithms, f)
	}
	return p
}

// described makes the proof without its keys.
func (t tokenFamily) described(c *Config, f *faults) *tokenProof {
	p := &tokenProof{place: tokenPlace{name: t.header}, algorithms: t.algorithms, policy: t.policy(c, f)}
	if t.word != "" {
		p.place.before(t.word)
	}
	d := descriptor{window: t.tolerance}
	if width := d.tolerance(c, f); p.window > 0 {
		p.window = width
	} else {
		p.leeway = width
	}
	return p
}

// tokenFamilyOf finds a provider.
func tokenFamilyOf(name string) (tokenFamily, bool) {
	for _, t := range tokenFamilies {
		if t.name == name {
			return t, true
		}
	}
	return tokenFamily{}, false
}
