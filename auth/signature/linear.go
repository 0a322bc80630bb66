package signature

import (
	"crypto/sha256"
	"time"
)

// linear signs the body, which has the time in it (linear.app/developers/webhooks,
// "Securing webhooks"). The header Linear-Timestamp is not signed, and not looked at.
var linear = descriptor{
	name:       "linear",
	header:     "Linear-Signature",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	clock:      milliseconds,
	window:     time.Minute,
	deliveryID: "header:Linear-Delivery",
	proves:     func(_ *Config, g *digest, _ *faults) prover { return timedBody{g, "webhookTimestamp"} },
}

// timedBody looks at a time that is a member of the body.
type timedBody struct {
	*digest
	member string
}

// verify looks at the time last: only who signs makes us read the body.
func (p timedBody) verify(r *Request) error {
	if err := p.digest.verify(r); err != nil {
		return err
	}
	values, ok := members(r.Body, p.member)
	if !ok {
		return refuse(Malformed, p.member)
	}
	at, ok := p.clock.read(values[0])
	if !ok {
		return refuse(Malformed, p.member)
	}
	return within(p.window, r, at, p.member)
}
