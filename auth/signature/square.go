package signature

import "crypto/sha256"

// square signs the notification URL, byte for byte as it is subscribed, and the
// body (developer.squareup.com/docs/webhooks/step3validate). Its older SHA-1
// signature is not looked at.
var square = descriptor{
	name:       "square",
	header:     "X-Square-HmacSha256-Signature",
	signed:     "{url}{body}",
	algorithm:  sha256.New,
	encoding:   base64Std,
	deliveryID: "event_id",
}
