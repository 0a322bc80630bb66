package signature

import "crypto/sha1"

// intercom signs the body with the app's client secret
// (developers.intercom.com/docs/webhooks/setting-up-webhooks, "Signed
// notifications"). It is SHA-1: as a MAC it is not broken, and Intercom has no other.
var intercom = descriptor{
	name:       "intercom",
	header:     "X-Hub-Signature",
	prefix:     "sha1=",
	signed:     "{body}",
	algorithm:  sha1.New,
	encoding:   hexLower,
	deliveryID: "id",
}
