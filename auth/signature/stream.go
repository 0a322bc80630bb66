package signature

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"strings"
)

// stream (getstream.io) signs the body as it was before it was compressed
// (getstream.io/chat/docs/node/webhooks_overview, "Verify events via X-Signature").
// With api_key, requests of the app's other keys are refused.
var stream = descriptor{
	name:       "stream",
	header:     "X-Signature",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	deliveryID: "header:X-Webhook-Id",
	reads:      []string{"api_key"},
	configure: func(d *descriptor, c *Config, _ *faults) {
		if c.APIKey != "" {
			d.fixed = []fixed{{"X-Api-Key", c.APIKey, Credential}}
		}
	},
	proves: func(c *Config, g *digest, _ *faults) prover {
		most := c.MaxBody
		if most <= 0 {
			most = mostInflated
		}
		return inflated{g, int64(most)}
	},
}

// mostInflated bounds the work that a stranger can make with few bytes, where nothing
// says how large a body may be: that many bytes are inflated.
const mostInflated = 1 << 20

// inflated verifies what a compressed body is made of. It keeps none of it.
type inflated struct {
	*digest
	most int64
}

func (p inflated) verify(r *Request) error {
	coding, n := r.Header.Get("Content-Encoding")
	switch {
	case n > 1:
		return refuse(DuplicateHeader, "Content-Encoding")
	case len(coding) == 0 || strings.EqualFold(string(coding), "identity"):
		return p.digest.verify(r)
	case !strings.EqualFold(string(coding), "gzip") && !strings.EqualFold(string(coding), "x-gzip"):
		return refuse(Malformed, "Content-Encoding")
	}
	var parts [mostParts][]byte
	value, _, err := p.read(r, &parts)
	if err != nil {
		return err
	}
	return p.compressed(r.Body, value)
}

// compressed checks the signature of what a compressed body is made of, which is
// inflated once for all keys.
func (p inflated) compressed(body, signature []byte) error {
	macs, all := make([]*keyed, len(p.keys)), make([]io.Writer, len(p.keys))
	for i, k := range p.keys {
		macs[i] = k.take()
		defer k.leave(macs[i])
		macs[i].mac.Reset()
		all[i] = macs[i].mac
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return refuse(Malformed, "Content-Encoding")
	}
	n, err := io.Copy(io.MultiWriter(all...), io.LimitReader(reader, p.most+1))
	if err != nil || n > p.most {
		return refuse(Malformed, "Content-Encoding")
	}
	found := 0
	for _, mac := range macs {
		found |= subtle.ConstantTimeCompare(mac.written(p.encoding), signature)
	}
	if found == 0 {
		return refuse(Mismatch, p.header)
	}
	return nil
}
