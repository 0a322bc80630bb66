package signature

import "crypto/sha256"

// github signs the body alone
// (docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).
// Its older X-Hub-Signature, SHA-1, is not looked at. A redelivery has the first one's
// X-GitHub-Delivery, which is an event's and not a request's: webhooks of a repository
// and of its organisation have it in common (docs.github.com/en/rest/repos/webhooks,
// "guid").
var github = descriptor{
	name:       "github",
	header:     "X-Hub-Signature-256",
	prefix:     "sha256=",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	deliveryID: "header:X-GitHub-Delivery",
}
