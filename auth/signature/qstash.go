package signature

import "time"

// qstash is Upstash's: a token has the URL and the hash of the body. Its two secrets are
// the current key and the next (upstash.com/docs/qstash/howto/signature). It signs a
// body's hash where there is no body, too.
var qstash = tokenFamily{
	name:       "qstash",
	header:     "Upstash-Signature",
	algorithms: []string{"HS256"},
	lasts:      5 * time.Minute,
	deliveryID: "header:Upstash-Message-Id",
	signsURL:   true,
	policy: func(*Config, *faults) policy {
		return policy{rules: []rule{
			is("iss", Claim, "Upstash"),
			{claim: "sub", reason: Mismatch, says: func(to []byte, r *Request) []byte { return append(to, r.url()...) }},
			covers("body", "sha256", "base64url").orPadded(),
		}}
	},
}
