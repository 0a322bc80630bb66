package signature

import (
	"crypto/hmac"
	"hash"
	"slices"
	"time"
)

// descriptor says how a family of senders signs: a keyed hash over a template.
type descriptor struct {
	name   string
	header string  // has the signature
	also   string  // a second header that may have one too: one that holds is enough
	either bool    // the second may come without the first
	prefix string  // stands before each signature
	list   byte    // between the items of header; 0: it holds one signature and nothing else
	shape  shape   // of the list
	format *format // in place of prefix, list and stamp: how an operator says it; nil: none
	blanks bool    // may follow what is between the items

	stamp     string        // the prefix of the item that is the timestamp, for schemes that list it
	timestamp string        // or the header that has the timestamp
	clock     clock         // how the timestamp is written
	window    time.Duration // default tolerance; 0: the family knows no time

	id       string                  // the header that {id} stands for
	barred   string                  // the characters that would end an id in what is signed
	fixed    []fixed                 // what else must be there, as it is
	signed   string                  // a template
	asSigned func(url string) string // what {url} stands for; nil: the URL as it was called

	algorithm func() hash.Hash
	plain     bool // a hash of a text that has the secret in it, and no HMAC
	encoding  encoding
	upperHex  bool                                // upper-case hex passes too
	padless   bool                                // base64 passes with its padding and without
	key       func(secret string) ([]byte, error) // nil: the secret's own bytes

	deliveryID string     // where one place says it all
	identities []Identity // where it does not

	reads     []string                                  // fields of Config besides secrets and tolerance
	configure func(d *descriptor, c *Config, f *faults) // what those say of the family
	proves    func(*Config, *digest, *faults) prover    // what more must hold; nil: nothing
	handshake func(*Config, *digest) handshake
	open      func(*Config, *digest) opener // what a body hides; nil: it says all itself
}

// shape is what else may stand in a list, and where.
type shape byte

const (
	anyItems  shape = iota // several signatures may, and what nobody here knows, in any order
	onceEach               // the time and the signature stand there once, in any order
	timeFirst              // the time, then the signature, and nothing else
)

// fixed is a header that must have one value. Our senders set it.
type fixed struct {
	name, value string
	reason      Reason // why another value is refused
}

// fiveMinutes is the window that most schemes advise (SPEC 14).
const fiveMinutes = 5 * time.Minute

// stamped tells whether a request brings a time in a field of its own.
func (d *descriptor) stamped() bool { return d.stamp != "" || d.timestamp != "" || d.format != nil }

// newKey makes a key of a secret's bytes.
func (d *descriptor) newKey(secret []byte) *key {
	if !d.plain {
		return newKey(func() hash.Hash { return hmac.New(d.algorithm, secret) })
	}
	k := newKey(d.algorithm)
	k.secret = secret
	return k
}

func (d descriptor) scheme() scheme {
	reads := append(slices.Clone(d.reads), "secrets")
	if d.window > 0 {
		reads = append(reads, "tolerance")
	}
	return scheme{name: d.name, reads: reads, build: func(c *Config, f *faults) *Verifier {
		return d.build(c, f)
	}}
}

func (d descriptor) build(c *Config, f *faults) *Verifier {
	g := newDigest(d, c, f)
	v := &Verifier{proof: g, deliveryID: d.deliveryID, identities: d.identities}
	if d.proves != nil {
		v.proof = d.proves(c, g, f)
	}
	if d.handshake != nil {
		v.handshake = d.handshake(c, g)
	}
	if d.open != nil {
		v.open = d.open(c, g)
	}
	return v
}
