package signature

import "crypto/sha256"

// pagerduty lists signatures of the body, of several keys and versions
// (developer.pagerduty.com/docs/verifying-webhook-signatures). It sends no empty body.
var pagerduty = descriptor{
	name:       "pagerduty",
	header:     "X-PagerDuty-Signature",
	prefix:     "v1=",
	list:       ',',
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	upperHex:   true,
	deliveryID: "event.id",
	proves:     func(_ *Config, g *digest, _ *faults) prover { return withBody{g} },
}

// withBody refuses a request without a body.
type withBody struct{ *digest }

func (p withBody) verify(r *Request) error {
	if len(r.Body) == 0 {
		return refuse(Malformed, "body")
	}
	return p.digest.verify(r)
}
