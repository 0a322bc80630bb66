package signature

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// truelayer signs method, path, some headers and the body, and leaves what it signs out
// of its JWS (github.com/TrueLayer/truelayer-signing; docs.truelayer.com, "Verify
// webhooks"). Anyone has an account in its sandbox, so the keys of that are only for
// who names them, and not for a request that does (jku).
type truelayer struct {
	keys   *published
	url    string   // of the keys; "": they are configured
	must   []string // headers that must be signed
	window time.Duration
}

const (
	truelayerHeader = "Tl-Signature"
	truelayerTime   = "X-Tl-Webhook-Timestamp"
	truelayerKeys   = "https://webhooks.truelayer.com/.well-known/jwks"
	truelayerTest   = "https://webhooks.truelayer-sandbox.com/.well-known/jwks"
)

var truelayerScheme = scheme{
	name:  "truelayer",
	reads: []string{"secrets", "tolerance", "jwks_url", "kid", "required_headers"},
	build: func(c *Config, f *faults) *Verifier {
		url := or(c.JWKSURL, truelayerKeys)
		switch {
		case url != truelayerKeys && url != truelayerTest:
			f.add("jwks_url", "is %q: must be %s or %s", url, truelayerKeys, truelayerTest)
		case c.JWKSURL != "" && len(c.Secrets) > 0:
			f.add("jwks_url", "is for keys that are fetched, and secrets has some")
		}
		t := &truelayer{keys: newPublished(c, url, truelayerAlgorithms, f), url: url, must: []string{truelayerTime}, window: (&descriptor{window: fiveMinutes}).tolerance(c, f)}
		for _, name := range c.RequiredHeaders {
			f.headerName("required_headers", name)
		}
		t.must = append(t.must, c.RequiredHeaders...)
		return &Verifier{proof: t, deliveryID: "event_id"}
	},
}

func (p *truelayer) verify(r *Request) error {
	text, err := r.header(truelayerHeader)
	if err != nil {
		return err
	}
	t, ok := openJWS(text)
	if !ok {
		return refuse(Malformed, truelayerHeader)
	}
	defer t.close()
	names, err := p.head(t)
	if err != nil {
		return err
	}
	if err := p.recent(r); err != nil {
		return err
	}
	return p.prove(t, names, r)
}

// head judges the header of the token, and gives the names of the signed fields.
func (p *truelayer) head(t *openToken) (names []string, err error) {
	if err := allowed(truelayerAlgorithms, t.alg); err != nil {
		return nil, err
	}
	if version, _ := t.header.text("tl_version"); string(version) != "2" {
		return nil, refuse(Version, truelayerHeader)
	}
	if t.header.value("jku") != nil && len(p.keys.own) == 0 {
		if at, _ := t.header.text("jku"); string(at) != p.url {
			return nil, refuse(Claim, "jku")
		}
	}
	if len(t.payload) > 0 { // what is signed is the request, and nothing that the token brings
		return nil, refuse(Malformed, truelayerHeader)
	}
	list, _ := t.header.text("tl_headers")
	for name := range strings.SplitSeq(string(list), ",") {
		if name != "" {
			names = append(names, name)
		}
	}
	if len(names) > mostSignedFields {
		return nil, refuse(Malformed, truelayerHeader)
	}
	for _, must := range p.must {
		if !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, must) }) {
			return nil, refuse(MissingHeader, must)
		}
	}
	return names, nil
}

// mostSignedFields bounds what a stranger can make us put together.
const mostSignedFields = 16

var truelayerAlgorithms = []string{"ES512"}

// recent judges the time, which is signed.
func (p *truelayer) recent(r *Request) error {
	text, err := r.header(truelayerTime)
	if err != nil {
		return err
	}
	at, ok := zulu(text)
	if !ok {
		return refuse(Malformed, truelayerTime)
	}
	return within(p.window, r, at, truelayerTime)
}

// prove verifies what is signed: with the path as it was called, or with one slash at
// its end more or less, which TrueLayer leaves open.
func (p *truelayer) prove(t *openToken, names []string, r *Request) error {
	var fields []byte
	for _, name := range names {
		value, err := r.header(name)
		if err != nil {
			return err
		}
		fields = append(append(append(append(fields, name...), ": "...), value...), '\n')
	}
	path := pathOf(r.url())
	other, cut := strings.CutSuffix(path, "/")
	if !cut {
		other += "/"
	}
	var err error
	for _, path := range [...]string{path, other} {
		t.detached = [][]byte{[]byte(r.Method + " " + path + "\n"), fields, r.Body}
		_, err = p.keys.prove(t, r, truelayerHeader)
		if refused := (*Error)(nil); !errors.As(err, &refused) || refused.Reason != Mismatch {
			break // it is good, or another path makes it no better
		}
	}
	return err
}
