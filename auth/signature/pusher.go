package signature

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// pusher (Channels) signs the body with the secret of one of the app's tokens, and says
// by its key which (pusher.com/docs/channels/server_api/webhooks, "Security"). The key
// belongs to secrets; tokens are the app's other pairs, in a rotation.
var pusher = descriptor{
	name:      "pusher",
	header:    pusherHeader,
	signed:    "{body}",
	algorithm: sha256.New,
	encoding:  hexLower,
	reads:     []string{"key", "tokens"},
	configure: func(d *descriptor, c *Config, f *faults) {
		if c.Key == "" {
			f.add("key", "is missing: set the app's key, which says whose secrets these are")
		}
		d.fixed = []fixed{{pusherKey, c.Key, Credential}}
	},
	proves: func(c *Config, g *digest, f *faults) prover {
		p := pairs{g}
		for i, t := range c.Tokens {
			p = append(p, g.of(t, i, f))
		}
		if len(p) > mostSecrets {
			f.add("tokens", "has %d: set at most %d", len(c.Tokens), mostSecrets-1)
		}
		p.check(f)
		return p
	},
}

const (
	pusherHeader = "X-Pusher-Signature"
	pusherKey    = "X-Pusher-Key"
)

// Token is a key with its secret, as pusher has several.
type Token struct{ Key, Secret string }

// of makes the digest of another pair.
func (g *digest) of(t Token, i int, f *faults) *digest {
	pair := *g.layout
	other := digest{layout: &pair}
	place := fmt.Sprintf("tokens[%d]", i)
	if t.Key == "" {
		f.add(place+".key", "is missing")
	}
	if t.Secret == "" {
		f.add(place+".secret", "is missing")
	}
	other.fixed = []fixed{{pusherKey, t.Key, Credential}}
	other.keys = []*key{g.newKey([]byte(t.Secret))}
	return &other
}

// pairs proves by the pair that a request names.
type pairs []*digest

// check reports keys that are there twice: which secret counts could not be told.
func (p pairs) check(f *faults) {
	seen := map[string]bool{}
	for i, g := range p {
		name := g.fixed[0].value
		if name != "" && seen[name] {
			f.add(fmt.Sprintf("tokens[%d].key", i-1), "is there twice")
		}
		seen[name] = true
	}
}

func (p pairs) verify(r *Request) error {
	named, err := r.header(pusherKey)
	if err != nil {
		return err
	}
	for _, g := range p {
		if bytes.Equal(named, []byte(g.fixed[0].value)) {
			return g.verify(r)
		}
	}
	return refuse(Credential, pusherKey)
}
