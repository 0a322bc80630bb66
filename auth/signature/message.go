package signature

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// rfc9421 is HTTP Message Signatures: the sender signs components of the request,
// and says in Signature-Input which. So it could leave out what matters: the
// operator's list says what a signature must cover, and one that covers less is
// worth nothing (RFC 9421, section 3.2.1). The body is covered by its digest (RFC
// 9530), which is checked wherever it is signed.
var rfc9421 = descriptor{
	name:     ListsSigned,
	header:   "Signature",
	clock:    seconds,
	encoding: base64Std,
	window:   fiveMinutes,
}

const (
	mostInput      = 4 << 10 // of Signature-Input, in bytes
	messageInput   = "Signature-Input"
	messageCovers  = "@method @target-uri content-digest"
	messageHMAC    = "hmac-sha256" // as the parameter alg names them (RFC 9421, section 3.3)
	messageEd25519 = "ed25519"
)

// ListsSigned is the type whose Signed may be written as a list: its words.
const ListsSigned = "rfc9421"

var messageScheme = scheme{
	name:  rfc9421.name,
	reads: []string{"algorithm", "signed", "secrets", "tolerance"},
	build: func(c *Config, f *faults) *Verifier {
		m := &message{window: rfc9421.tolerance(c, f), covers: coveredBy(or(c.Signed, messageCovers), f)}
		if !slices.Contains([]string{"", messageHMAC, messageEd25519}, c.Algorithm) {
			f.word("algorithm", c.Algorithm, messageHMAC, messageEd25519)
		}
		m.keys = secrets(c.Secrets, f, func(secret string) (messageKey, error) { return messageKeyOf(secret, c.Algorithm) })
		return &Verifier{proof: m}
	},
}

// coveredBy reads the operator's list of components.
func coveredBy(list string, f *faults) (names []string) {
	for _, name := range strings.Fields(list) {
		name = strings.ToLower(name)
		switch {
		case name[0] == '@' && !slices.Contains(derived, name):
			f.add("signed", "has %q: known are %s, and the names of headers", name, strings.Join(derived, " "))
		case name[0] != '@' && !isToken(name):
			f.add("signed", "has %q: no header can have this name", name)
		case slices.Contains(names, name):
			f.add("signed", "has %q twice", name)
		}
		names = append(names, name)
	}
	switch {
	case len(names) == 0:
		f.add("signed", "has no component: what is not signed can be changed")
	case len(names) > mostComponents:
		f.add("signed", "has %d components: use at most %d", len(names), mostComponents)
	}
	return names
}

// message proves by a signature over components of the request.
type message struct {
	covers []string // what a signature must cover
	keys   []messageKey
	window time.Duration
	bases  sync.Pool // of *base
}

// verify looks for a label whose signature is right and covers enough. Whatever the
// others are, they are read to the end: what is not well formed proves nothing.
func (m *message) verify(r *Request) error {
	input, err := r.header(messageInput)
	if err != nil {
		return err
	}
	value, err := r.header(rfc9421.header)
	if err != nil {
		return err
	}
	if len(input) > mostInput {
		return refuse(Malformed, messageInput)
	}
	signatures, ok := byteSequences(value)
	if !ok {
		return refuse(Malformed, rfc9421.header)
	}
	b := m.take(r)
	defer m.leave(b)
	var refused error
	var labels dictionary
	passed, fields := false, cursor{input}
	for more := true; more; {
		var c claim
		if !c.read(&fields) || !labels.add(c.label, c.text) || !fields.comma(&more) {
			return refuse(Malformed, messageInput)
		}
		if passed {
			continue
		}
		err := m.check(b, &c, signatures.get(c.label))
		passed = err == nil
		if refused == nil {
			refused = err
		}
	}
	if passed {
		return nil
	}
	return refused
}

// check verifies one label. What costs most comes last.
func (m *message) check(b *base, c *claim, signature []byte) error {
	switch {
	case signature == nil:
		return refuse(Malformed, rfc9421.header)
	case c.unknown:
		return refuse(Version, messageInput)
	}
	for _, name := range m.covers {
		if !c.covers(name) {
			return refuse(MissingParameter, messageInput+" "+name)
		}
	}
	if err := c.fresh(b.request, m.window); err != nil {
		return err
	}
	if err := b.write(c, m.covers); err != nil {
		return err
	}
	if err := m.matches(b, c, signature); err != nil {
		return err
	}
	if c.covers(contentDigest) {
		return digestOfBody(b.request)
	}
	return nil
}

// matches tells whether a key gave the signature. A label that names its algorithm
// means only keys of that one.
func (m *message) matches(b *base, c *claim, signature []byte) error {
	text, tried := b.text, false
	for i := range m.keys {
		k := &m.keys[i]
		if c.algorithm != nil && string(c.algorithm) != k.algorithm() {
			continue
		}
		if err := b.request.spend(curveWork); err != nil {
			return err
		}
		if tried = true; k.signed(text, signature) {
			return nil
		}
	}
	if !tried {
		return refuse(Version, messageInput)
	}
	return refuse(Mismatch, rfc9421.header)
}

func (m *message) take(r *Request) *base {
	b, is := m.bases.Get().(*base)
	if !is {
		b = new(base)
	}
	b.request = r
	return b
}

// mostBase bounds what a pooled base keeps of memory, in bytes.
const mostBase = 32 << 10

func (m *message) leave(b *base) {
	b.request, b.target = nil, target{}
	if cap(b.text) <= mostBase {
		m.bases.Put(b)
	}
}
