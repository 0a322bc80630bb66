package signature

import "crypto/sha256"

// hookdeck signs the body; a second signature stands beside the first while the secret
// is rotated (hookdeck.com/docs/authentication#hookdeck-webhook-signature-verification).
// Whether Hookdeck itself could verify who sent the event to it stands in a header,
// which is not signed: check_source asks for that, too.
var hookdeck = descriptor{
	name:       "hookdeck",
	header:     "X-Hookdeck-Signature",
	also:       "X-Hookdeck-Signature-2",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   base64Std,
	deliveryID: "header:X-Hookdeck-EventID",
	reads:      []string{"check_source"},
	configure: func(d *descriptor, c *Config, _ *faults) {
		if c.CheckSource {
			d.fixed = []fixed{{"X-Hookdeck-Verified", "true", SourceUnverified}}
		}
	},
}
