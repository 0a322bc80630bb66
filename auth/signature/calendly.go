package signature

import (
	"crypto/sha256"
	"time"
)

// calendly signs as Stripe does, in a window of three minutes (developer.calendly.com/
// api-docs, "Webhook signatures"). It sends no id of a delivery or an event.
var calendly = descriptor{
	name:      "calendly",
	header:    "Calendly-Webhook-Signature",
	prefix:    "v1=",
	list:      ',',
	stamp:     "t=",
	clock:     seconds,
	signed:    "{timestamp}.{body}",
	algorithm: sha256.New,
	encoding:  hexLower,
	window:    3 * time.Minute,
}
