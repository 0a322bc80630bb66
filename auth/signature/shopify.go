package signature

import "crypto/sha256"

// shopify signs the body with the app's client secret
// (shopify.dev/docs/apps/build/webhooks/subscribe/https). Repeats are known by the
// event: one subscription sends an event again under its id, not under that of the
// delivery (shopify.dev/docs/apps/build/webhooks/ignore-duplicates). One act of a
// merchant may be an event of several topics: the id alone is not said to be another
// for each, so the topic and the shop are part of it.
//
// What Shopify calls Events comes with headers of their own, without the "X-": signed
// alike, and known by the delivery's id (shopify.dev/docs/apps/build/events/
// verify-deliveries).
var shopify = descriptor{
	name:       "shopify",
	header:     "X-Shopify-Hmac-Sha256",
	also:       "Shopify-Hmac-Sha256",
	either:     true,
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   base64Std,
	identities: []Identity{{ID: []string{"header:X-Shopify-Event-Id", "header:Shopify-Webhook-Id"}, With: []string{"header:X-Shopify-Topic", "header:X-Shopify-Shop-Domain"}}},
}
