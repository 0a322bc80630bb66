package signature

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
)

// braintree signs one field of a form, with the SHA-1 of the account's private key
// (developer.paypal.com/braintree/docs/guides/webhooks/parse). The field is XML in
// base64 with line feeds; the last of them may get lost on the way.
var braintree = descriptor{
	name:      "braintree",
	algorithm: sha1.New,
	encoding:  hexLower,
	key: func(secret string) ([]byte, error) {
		sum := sha1.Sum([]byte(secret))
		return sum[:], nil
	},
}

const (
	braintreeSignature = "bt_signature"
	braintreePayload   = "bt_payload"
	braintreeChallenge = "bt_challenge"
	mostPairs          = 32
)

var braintreeScheme = scheme{
	name:  braintree.name,
	reads: []string{"secrets", "public_key"},
	build: func(c *Config, f *faults) *Verifier {
		if !isPlain(c.PublicKey, "") {
			f.add("public_key", "must be the account's public key, letters and digits: it picks the signature")
		}
		p := &signedPayload{keys: braintree.keys(c, f), public: c.PublicKey}
		return &Verifier{proof: p, handshake: p.handshake()}
	},
}

// signedPayload proves by a field of a form that signs another.
type signedPayload struct {
	keys   []*key
	public string
}

func (p *signedPayload) verify(r *Request) error {
	form, err := r.form()
	if err != nil {
		return err
	}
	list, err := only(form, braintreeSignature)
	if err != nil {
		return err
	}
	payload, err := only(form, braintreePayload)
	if err != nil {
		return err
	}
	if !isXML(payload) {
		return refuse(Malformed, braintreePayload)
	}
	signatures := p.mine(list)
	if len(signatures) == 0 {
		return refuse(UnknownKey, braintreeSignature)
	}
	for _, k := range p.keys {
		for _, end := range [...]string{"", "\n"} {
			if k.givesOne(signatures, braintree.encoding, []byte(payload), []byte(end)) {
				return nil
			}
		}
	}
	return refuse(Mismatch, braintreeSignature)
}

// mine gives the signatures of the list that are by our public key.
func (p *signedPayload) mine(list string) (all [][]byte) {
	if strings.Count(list, "&") >= mostPairs {
		return nil
	}
	for pair := range strings.SplitSeq(list, "&") {
		if public, signature, _ := strings.Cut(pair, "|"); public == p.public {
			all = append(all, []byte(signature))
		}
	}
	return all
}

// isXML tells a payload from a challenge, of which anyone gets the signature: base64 of
// a text that begins with "<".
func isXML(payload string) bool {
	raw, err := base64.StdEncoding.DecodeString(payload) // passes over line feeds
	return err == nil && bytes.HasPrefix(raw, []byte("<"))
}

// handshake answers `GET ?bt_challenge=…` with our public key and the challenge's
// signature (developer.paypal.com/braintree/docs/guides/webhooks/create). Nobody signs
// the question, so its form is strict: no payload has it.
func (p *signedPayload) handshake() handshake {
	return handshake{
		proves: true,
		asked: func(r *Request) bool {
			_, n := r.first(braintreeChallenge)
			return r.Method == http.MethodGet && n > 0
		},
		answer: func(r *Request) (Answer, bool) {
			challenge, err := r.parameter(braintreeChallenge)
			if err != nil || !isChallenge(challenge) {
				return Answer{Status: http.StatusForbidden}, true
			}
			mac := p.keys[0].take()
			defer p.keys[0].leave(mac)
			return echo(p.public + "|" + string(mac.text([][]byte{challenge}, braintree.encoding))), true
		},
	}
}

func isChallenge(text []byte) bool {
	return len(text) >= 20 && len(text) <= 32 && len(bytes.Trim(text, "0123456789abcdef")) == 0
}
