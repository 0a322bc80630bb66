package signature

import "time"

// googlePubSub is a push subscription with authentication: Google signs who sends, to
// whom, and nothing of the body (cloud.google.com/pubsub/docs/authenticate-push-
// subscriptions). Google signs for anyone, so the service account must be the one that
// was configured. Google's own library takes no token that lasts more than a day.
var googlePubSub = tokenFamily{
	name:       "google-pubsub",
	header:     "Authorization",
	word:       "Bearer",
	algorithms: []string{"RS256"},
	reads:      []string{"audience", "email", "issuers"},
	tolerance:  fiveMinutes,
	keysAt:     "https://www.googleapis.com/oauth2/v3/certs",
	deliveryID: "message.messageId",
	policy: func(c *Config, f *faults) policy {
		f.needs("audience", c.Audience, "the audience of the subscription")
		f.needs("email", c.Email, "the service account of the subscription: Google signs for others too")
		issuers := c.Issuers
		if len(issuers) == 0 {
			issuers = []string{"https://accounts.google.com", "accounts.google.com"}
		}
		return policy{
			issued: true, ahead: 24 * time.Hour,
			rules: []rule{is("iss", Claim, issuers...), is("aud", Claim, c.Audience), is("email", Claim, c.Email)},
			more:  emailVerified,
		}
	},
}

func emailVerified(t *openToken, _ *tokenKey, _ *Request) error {
	if string(t.claims.value("email_verified")) != "true" {
		return refuse(Claim, "email_verified")
	}
	return nil
}
