package signature

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// twilio signs the URL and after it, of a form, each name with its values, sorted
// (twilio.com/docs/usage/security, "Validating requests"). Of any other body it
// signs the URL alone, which then has the body's hash in the parameter bodySHA256.
//
// MessageSid and CallSid stay the same from one status to the next; the idempotency
// token is of one request and its retries.
//
// A request that one of Twilio's Webhooks Rules matches is signed with a shared key in place of
// the auth token, by the hash that X-Twilio-Webhooks-Signature-Settings names
// (twilio.com/docs/usage/webhooks/webhook-shared-keys, a public beta in 2026). Whoever leaves that
// field out, or puts another hash there, must know a secret all the same.
//
// A form is signed without what stands between its parts: Twilio's order, repeats
// and coding of the same values pass, and we cannot tell them apart.
var twilio = descriptor{
	name:       "twilio",
	header:     "X-Twilio-Signature",
	algorithm:  sha1.New,
	encoding:   base64Std,
	deliveryID: "header:I-Twilio-Idempotency-Token",
}

var twilioScheme = scheme{
	name:  twilio.name,
	reads: []string{"secrets"},
	build: func(c *Config, f *faults) *Verifier {
		strong := twilio
		strong.algorithm = sha256.New
		return &Verifier{proof: &urlAndForm{keys: twilio.keys(c, f), strong: strong.keys(c, &faults{})}, deliveryID: twilio.deliveryID}
	},
}

// urlAndForm has the same secrets as keys of both hashes.
type urlAndForm struct{ keys, strong []*key }

// twilioSettings names the hash where a shared key signs: key=…,algorithm=HMAC_SHA256.
const twilioSettings = "X-Twilio-Webhooks-Signature-Settings"

// keysOf gives the keys of the hash that a request is signed by.
func (p *urlAndForm) keysOf(r *Request) ([]*key, error) {
	settings, n := r.Header.Get(twilioSettings)
	if n > 1 {
		return nil, refuse(DuplicateHeader, twilioSettings)
	}
	for part := range bytes.SplitSeq(settings, []byte(",")) {
		name, value, _ := bytes.Cut(part, []byte("="))
		if string(bytes.TrimSpace(name)) != "algorithm" {
			continue
		}
		switch strings.ToUpper(string(bytes.TrimSpace(value))) {
		case "HMAC_SHA1":
			return p.keys, nil
		case "HMAC_SHA256":
			return p.strong, nil
		}
		return nil, refuse(Algorithm, twilioSettings)
	}
	return p.keys, nil
}

// bodyHash is the parameter that has the SHA-256 of a body that is no form.
const bodyHash = "bodySHA256"

func (p *urlAndForm) verify(r *Request) error {
	signature, err := r.header(twilio.header)
	if err != nil {
		return err
	}
	form, err := p.signedForm(r)
	if err != nil {
		return err
	}
	keys, err := p.keysOf(r)
	if err != nil {
		return err
	}
	called := r.url()
	for _, k := range keys {
		for _, url := range [...]string{called, otherPort(called)} {
			if k.gives(signature, twilio.encoding, []byte(url), form) {
				return nil
			}
		}
	}
	return refuse(Mismatch, twilio.header)
}

// signedForm gives what is signed after the URL. Every body is covered: as a form,
// by its hash, or it is empty.
func (p *urlAndForm) signedForm(r *Request) ([]byte, error) {
	hash, n := r.first(bodyHash)
	switch {
	case n > 1:
		return nil, refuse(DuplicateParameter, bodyHash)
	case n == 1:
		return nil, hashes(r.Body, hash)
	case len(r.Body) == 0:
		return nil, nil
	}
	kind, err := r.header("Content-Type")
	if err != nil {
		return nil, err
	}
	kind, _, _ = bytes.Cut(kind, []byte(";"))
	if !bytes.EqualFold(bytes.TrimSpace(kind), []byte("application/x-www-form-urlencoded")) {
		return nil, refuse(Malformed, bodyHash)
	}
	values, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return nil, refuse(Malformed, "body")
	}
	return sortedForm(values), nil
}

// hashes checks that hash is the SHA-256 of body, in lower-case hex.
func hashes(body, hash []byte) error {
	sum := sha256.Sum256(body)
	var want [2 * sha256.Size]byte
	hex.Encode(want[:], sum[:])
	if subtle.ConstantTimeCompare(want[:], hash) != 1 {
		return refuse(Mismatch, bodyHash)
	}
	return nil
}

// sortedForm writes each name with each of its values once, both in order.
func sortedForm(form url.Values) (text []byte) {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		slices.Sort(form[name])
		for _, value := range slices.Compact(form[name]) {
			text = append(append(text, name...), value...)
		}
	}
	return text
}

// otherPort gives the URL with its scheme's port if it has none, and without a
// port if it has one: which of the two Twilio signs depends on its product.
func otherPort(called string) string {
	scheme, rest, _ := strings.Cut(called, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, tail := rest[:end], rest[end:]
	colon := strings.LastIndexByte(host, ':')
	switch {
	case colon > strings.LastIndexByte(host, ']'):
		return scheme + "://" + host[:colon] + tail
	case scheme == "https":
		return scheme + "://" + host + ":443" + tail
	}
	return scheme + "://" + host + ":80" + tail
}
