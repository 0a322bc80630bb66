package signature

// vonage signs messages and calls with the account's signature secret; a body's hash
// is in the token (developer.vonage.com/en/getting-started/concepts/webhooks, "Signed
// webhooks"). Its tokens name no end, so their beginning counts.
var vonage = tokenFamily{
	name:       "vonage",
	header:     "Authorization",
	word:       "Bearer",
	algorithms: []string{"HS256"},
	reads:      []string{"api_key"},
	tolerance:  fiveMinutes,
	deliveryID: "message_uuid",
	policy: func(c *Config, f *faults) policy {
		f.needs("api_key", c.APIKey, "the account's API key")
		return policy{timeless: true, window: fiveMinutes, rules: []rule{
			is("api_key", Claim, c.APIKey),
			covers("payload_hash", "sha256", "hex").orNoBody(),
		}}
	},
}
