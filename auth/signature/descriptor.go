package signature

import (
	"crypto/hmac"
	"hash"
	"slices"
	"time"
)

// descriptor says how a family of senders signs: a keyed hash over a template.
type descriptor struct {
	name      string
	header    string                  // has the signature
	prefix    string                  // stands before each signature
	list      byte                    // between the items of header; 0: it holds one signature and nothing else
	stamp     string                  // the prefix of the item that is the timestamp, for schemes that list it
	timestamp string                  // or the header that has the timestamp
	clock     clock                   // how the timestamp is written
	id        string                  // the header that {id} stands for
	barred    string                  // the characters that would end an id in what is signed
	signed    string                  // a template
	asSigned  func(url string) string // what {url} stands for; nil: the URL as it was called

	keyed     func(algorithm func() hash.Hash, secret []byte) hash.Hash // nil: HMAC
	algorithm func() hash.Hash
	encoding  encoding
	upperHex  bool                                // upper-case hex passes too
	window    time.Duration                       // default tolerance
	key       func(secret string) ([]byte, error) // nil: the secret's own bytes

	deliveryID string     // where one place says it all
	identities []Identity // where it does not
	reads      []string   // fields of Config besides secrets and tolerance
	handshake  func(*Config, *digest) handshake
}

// fiveMinutes is the window that most schemes advise (SPEC 14).
const fiveMinutes = 5 * time.Minute

// stamped tells whether the family signs a time.
func (d *descriptor) stamped() bool { return d.stamp != "" || d.timestamp != "" }

// mac gives what makes signatures with a secret.
func (d *descriptor) mac(secret []byte) func() hash.Hash {
	if d.keyed == nil {
		return func() hash.Hash { return hmac.New(d.algorithm, secret) }
	}
	return func() hash.Hash { return d.keyed(d.algorithm, secret) }
}

func (d descriptor) scheme() scheme {
	reads := append(slices.Clone(d.reads), "secrets")
	if d.stamped() {
		reads = append(reads, "tolerance")
	}
	return scheme{name: d.name, reads: reads, build: func(c *Config, f *faults) *Verifier {
		return d.build(c, f)
	}}
}

func (d descriptor) build(c *Config, f *faults) *Verifier {
	g := newDigest(d, c, f)
	v := &Verifier{proof: g, deliveryID: d.deliveryID, identities: d.identities}
	if d.handshake != nil {
		v.handshake = d.handshake(c, g)
	}
	return v
}
