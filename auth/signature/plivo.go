package signature

import (
	"bytes"
	"crypto/sha256"
	"net/url"
	"slices"
	"strings"
)

// plivo is version 3 of Plivo's signatures: URL, query and form, sorted, and a nonce
// (plivo.com/docs/voice/concepts/signature-validation). Names and values of a form are
// joined with nothing between: another split of the same text has the same signature,
// and no check can tell.
var plivo = descriptor{
	name:       "plivo",
	header:     "X-Plivo-Signature-V3",
	id:         "X-Plivo-Signature-V3-Nonce",
	list:       ',',
	algorithm:  sha256.New,
	encoding:   base64Std,
	identities: plivoMessage,
}

// plivoV2 signs neither query nor form, so it passes only where a source asks for it by
// name.
var plivoV2 = descriptor{
	name:       "plivo-v2",
	header:     "X-Plivo-Signature-V2",
	id:         "X-Plivo-Signature-V2-Nonce",
	algorithm:  sha256.New,
	encoding:   base64Std,
	identities: plivoMessage,
}

// plivoMessage: the statuses of a message follow under its id, for each of its parts.
var plivoMessage = []Identity{{ID: []string{"MessageUUID"}, With: []string{"Status", "PartInfo"}}}

var (
	plivoScheme   = plivoOf(&plivo, plivoParameters)
	plivoV2Scheme = plivoOf(&plivoV2, noParameters)
)

func noParameters(*Request) (string, error) { return "", nil }

func plivoOf(d *descriptor, parameters func(*Request) (string, error)) scheme {
	return scheme{
		name:  d.name,
		reads: []string{"secrets"},
		build: func(c *Config, f *faults) *Verifier {
			return &Verifier{proof: &nonced{d, d.keys(c, f), parameters}, identities: d.identities}
		},
	}
}

// nonced proves by a signature of the URL and a nonce.
type nonced struct {
	*descriptor
	keys       []*key
	parameters func(*Request) (string, error) // what is signed between the two
}

func (p *nonced) verify(r *Request) error {
	value, err := r.header(p.header)
	if err != nil {
		return err
	}
	nonce, err := r.header(p.id)
	if err != nil {
		return err
	}
	if !isPlain(string(nonce), "") { // with a full stop the border before it could be moved
		return refuse(Malformed, p.id)
	}
	parameters, err := p.parameters(r)
	if err != nil {
		return err
	}
	base, _, _ := strings.Cut(r.url(), "?")
	signatures := p.signatures(value)
	for _, k := range p.keys {
		if k.givesOne(signatures, p.encoding, []byte(base), []byte(parameters), nonce) {
			return nil
		}
	}
	return refuse(Mismatch, p.header)
}

// signatures gives what the header lists, or all of it where it is no list.
func (p *nonced) signatures(value []byte) [][]byte {
	if p.list == 0 {
		return [][]byte{value}
	}
	return bytes.SplitN(value, []byte{p.list}, mostPairs)
}

// plivoParameters gives query and form as version 3 signs them, and the full stop before
// the nonce. Every body is covered: it is a form, or it is empty.
func plivoParameters(r *Request) (string, error) {
	query, err := r.query()
	if err != nil {
		return "", err
	}
	var form url.Values
	if len(r.Body) > 0 {
		if form, err = r.form(); err != nil {
			return "", err
		}
	}
	text := sortedPairs(query, "=", "&")
	switch {
	case text != "" && len(form) > 0:
		text = "?" + text + "."
	case text != "" || len(form) > 0:
		text = "?" + text
	}
	return text + sortedPairs(form, "", "") + ".", nil
}

// sortedPairs writes names and values, both sorted.
func sortedPairs(values url.Values, between, after string) string {
	var pairs []string
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		list := slices.Sorted(slices.Values(values[name]))
		for _, value := range list {
			pairs = append(pairs, name+between+value)
		}
	}
	return strings.Join(pairs, after)
}
