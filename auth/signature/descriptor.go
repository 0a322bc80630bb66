package signature

import (
	"hash"
	"slices"
	"time"
)

// descriptor says how a family of senders signs: an HMAC over a template.
type descriptor struct {
	name      string
	header    string // has the signature
	prefix    string // stands before each signature
	list      byte   // between the items of header; 0: it holds one signature and nothing else
	stamp     string // the prefix of the item that is the timestamp, for schemes that list it
	timestamp string // or the header that has the timestamp: Unix seconds
	id        string // the header that {id} stands for
	signed    string // a template

	algorithm func() hash.Hash
	encoding  encoding
	upperHex  bool                                // upper-case hex passes too
	window    time.Duration                       // default tolerance
	key       func(secret string) ([]byte, error) // nil: the secret's own bytes

	deliveryID string
	reads      []string // fields of Config besides secrets and tolerance
	handshake  func(*Config) handshake
}

// fiveMinutes is the window that most schemes advise (SPEC 14).
const fiveMinutes = 5 * time.Minute

// stamped tells whether the family signs a time.
func (d *descriptor) stamped() bool { return d.stamp != "" || d.timestamp != "" }

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
	v := &Verifier{proof: newDigest(d, c, f), deliveryID: d.deliveryID}
	if d.handshake != nil {
		v.handshake = d.handshake(c)
	}
	return v
}
