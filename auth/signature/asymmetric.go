package signature

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
)

// asymmetricFamily is a descriptor whose content is signed with a private key. Who
// verifies holds nothing that could sign.
type asymmetricFamily struct {
	descriptor
	decode  func(text []byte) (signature []byte, ok bool)
	public  func(secret string) (publicKey, error)
	private func(secret string) (privateKey, error) // nil: only the provider can sign
}

// publicKey checks the signature of a message; privateKey makes it.
type (
	publicKey  func(message, signature []byte) bool
	privateKey func(message []byte) (signature []byte)
)

// asymmetricFamilies are those that sign with a private key, a line each.
var asymmetricFamilies = []asymmetricFamily{standardEd25519, discord, telnyx, sendgrid}

func (d asymmetricFamily) scheme() scheme {
	return scheme{name: d.name, reads: []string{"secrets", "tolerance"}, build: func(c *Config, f *faults) *Verifier {
		a := &asymmetric{digest: newFields(d.descriptor, c, f), decode: d.decode}
		a.public = secrets(c.Secrets, f, d.public)
		v := &Verifier{proof: a, deliveryID: d.deliveryID, identities: d.identities}
		if d.handshake != nil {
			v.handshake = d.handshake(c, a.digest)
		}
		return v
	}}
}

// asymmetric is an asymmetricFamily with its keys.
type asymmetric struct {
	*digest // which fields there are and what is signed; it has no keys
	decode  func(text []byte) (signature []byte, ok bool)
	private []privateKey
	public  []publicKey
}

func newAsymmetricSigner(d asymmetricFamily, c *Config, f *faults) *asymmetric {
	a := &asymmetric{digest: newFields(d.descriptor, c, f)}
	a.private = secrets(c.Secrets, f, d.private)
	return a
}

// mostSignatures bounds the work that one bad request can make: a signature costs as
// much to verify as a thousand comparisons.
const mostSignatures = 8

// mostChecks bounds how often signatures are tried with keys for one request.
const mostChecks = 32

func (a *asymmetric) verify(r *Request) error {
	var parts [mostParts][]byte
	value, _, err := a.read(r, &parts)
	if err != nil {
		return err
	}
	message, tried, checks := bytes.Join(parts[:len(a.template)], nil), 0, 0
	check := curveWork + hashByte*len(message)
	for item := range a.items(value) {
		text, is := bytes.CutPrefix(item, []byte(a.prefix))
		if !is {
			continue
		}
		if tried++; tried > mostSignatures {
			return refuse(Malformed, a.header)
		}
		sig, ok := a.decode(text)
		for i := 0; ok && i < len(a.public); i++ {
			if checks++; checks > mostChecks {
				return refuse(Mismatch, a.header)
			}
			if err := r.spend(check); err != nil {
				return err
			}
			if a.public[i](message, sig) {
				return nil
			}
		}
	}
	return refuse(Mismatch, a.header)
}

// base64Ed25519 reads a signature of Ed25519 in the one text that stands for it.
func base64Ed25519(text []byte) ([]byte, bool) {
	sig, ok := base64Text(text)
	return sig, ok && len(sig) == ed25519.SignatureSize
}

// base64Text reads base64 with its padding, in the one text that stands for the bytes.
func base64Text(text []byte) ([]byte, bool) {
	raw, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	return raw, err == nil && base64.StdEncoding.EncodedLen(len(raw)) == len(text) // decoding passes over line ends
}

// sign appends the value of the signature header: a signature for each key, as far as
// the header has room.
func (a *asymmetric) sign(to []byte, c *content) []byte {
	parts := a.template.parts(c)
	message := bytes.Join(parts[:len(a.template)], nil)
	for i, key := range a.private {
		if i > 0 && a.list == 0 {
			break
		}
		if i > 0 {
			to = append(to, a.list)
		}
		to = append(to, a.prefix...)
		to = base64.StdEncoding.AppendEncode(to, key(message))
	}
	return to
}
