package signature

import "crypto/sha256"

// razorpay signs the body with the webhook's secret
// (razorpay.com/docs/webhooks/validate-test).
var razorpay = descriptor{
	name:       "razorpay",
	header:     "X-Razorpay-Signature",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	deliveryID: "header:x-razorpay-event-id",
}
