package signature

import (
	"crypto/sha256"
	"encoding/json"
	"time"
)

// mailgun signs within the JSON body, and only a timestamp and a token: what the
// event says is not covered (documentation.mailgun.com/docs/mailgun/user-manual/
// webhooks/securing-webhooks). So nothing but the single use of a token keeps one
// that was seen from being sent again with another event: the token is the delivery
// id, and a source may name no other.
var mailgun = descriptor{
	name:       "mailgun",
	clock:      tenDigits,
	algorithm:  sha256.New,
	encoding:   hexLower,
	window:     fiveMinutes,
	deliveryID: "signature.token",
}

var mailgunScheme = scheme{
	name:  mailgun.name,
	reads: []string{"secrets", "tolerance"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{
			proof:      &inBody{keys: mailgun.keys(c, f), window: mailgun.tolerance(c, f)},
			deliveryID: mailgun.deliveryID,
			onlyID:     true,
		}
	},
}

// inBody proves by a member of the body.
type inBody struct {
	keys   []*key
	window time.Duration
}

const inBodyField = "signature" // the member, as errors name it

func (p *inBody) verify(r *Request) error {
	timestamp, token, signature, ok := readMailgun(r.Body)
	if !ok {
		return refuse(Malformed, inBodyField)
	}
	at, ok := mailgun.clock.read(timestamp)
	if !ok {
		return refuse(Malformed, inBodyField+".timestamp")
	}
	if err := within(p.window, r, at, inBodyField+".timestamp"); err != nil {
		return err
	}
	for _, k := range p.keys {
		if k.gives(signature, hexLower, timestamp, token) {
			return nil
		}
	}
	return refuse(Mismatch, inBodyField)
}

// readMailgun finds what the body says in its member signature. It reads strictly:
// a name that is there twice, or in another case, could be one thing to us and
// another to whoever reads the token as a delivery id.
func readMailgun(body []byte) (timestamp, token, signature []byte, ok bool) {
	outer, ok := members(body, "signature")
	if !ok {
		return nil, nil, nil, false
	}
	inner, ok := members(outer[0], "timestamp", "token", "signature")
	for i := range inner {
		var text string
		ok = ok && json.Unmarshal(inner[i], &text) == nil && text != ""
		inner[i] = []byte(text)
	}
	if !ok {
		return nil, nil, nil, false
	}
	return inner[0], inner[1], inner[2], true
}
