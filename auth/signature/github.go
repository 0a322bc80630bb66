package signature

import "crypto/sha256"

// github signs the body alone
// (docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).
// Its older X-Hub-Signature, SHA-1, is not looked at.
var github = descriptor{
	name:       "github",
	header:     "X-Hub-Signature-256",
	prefix:     "sha256=",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	deliveryID: "header:X-GitHub-Delivery",
}
