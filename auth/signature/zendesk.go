package signature

import "crypto/sha256"

// zendesk signs timestamp and body, with the secret's text as it is although it
// looks like base64 (developer.zendesk.com/documentation/webhooks/verifying). The
// Z that ends a timestamp tells it from the body.
var zendesk = descriptor{
	name:       "zendesk",
	header:     "X-Zendesk-Webhook-Signature",
	timestamp:  "X-Zendesk-Webhook-Signature-Timestamp",
	clock:      rfc3339,
	signed:     "{timestamp}{body}",
	algorithm:  sha256.New,
	encoding:   base64Std,
	window:     fiveMinutes,
	deliveryID: "header:X-Zendesk-Webhook-Invocation-Id",
}
