package signature

import "crypto/sha256"

// stripe lists the timestamp and its signatures in one header,
// "t=1700000000,v1=…,v1=…" (docs.stripe.com/webhooks/signature). Its "whsec_…" is
// the key as it stands, not base64. We also refuse timestamps of the future.
var stripe = descriptor{
	name:       "stripe",
	header:     "Stripe-Signature",
	prefix:     "v1=",
	list:       ',',
	stamp:      "t=",
	clock:      seconds,
	signed:     "{timestamp}.{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	window:     fiveMinutes,
	deliveryID: "id",
}
