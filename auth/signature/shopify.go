package signature

import "crypto/sha256"

// shopify signs the body with the app's client secret
// (shopify.dev/docs/apps/build/webhooks/subscribe/https). Repeats are known by the
// event: one subscription sends an event again under its id, not under that of the
// delivery (shopify.dev/docs/apps/build/webhooks/ignore-duplicates).
var shopify = descriptor{
	name:       "shopify",
	header:     "X-Shopify-Hmac-Sha256",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   base64Std,
	deliveryID: "header:X-Shopify-Event-Id",
}
