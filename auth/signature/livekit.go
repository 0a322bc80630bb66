package signature

import "time"

// livekit sends its token without a word before it, and with the hash of the body
// (docs.livekit.io/home/server/webhooks).
var livekit = tokenFamily{
	name:       "livekit",
	header:     "Authorization",
	algorithms: []string{"HS256"},
	reads:      []string{"api_key"},
	tolerance:  10 * time.Second,
	lasts:      5 * time.Minute,
	deliveryID: "id",
	policy: func(c *Config, f *faults) policy {
		f.needs("api_key", c.APIKey, "the API key that belongs to the secret")
		return policy{rules: []rule{
			is("iss", Claim, c.APIKey),
			covers("sha256", "sha256", "base64"),
		}}
	},
}
