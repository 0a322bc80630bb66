package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// messagebird is Bird: a token has the hashes of the URL and the body
// (developers.messagebird.com/api/#verifying-http-requests).
var messagebird = tokenFamily{
	name:       "messagebird",
	header:     "MessageBird-Signature-JWT",
	algorithms: []string{"HS256", "HS384", "HS512"},
	tolerance:  5 * time.Second,
	lasts:      time.Minute,
	deliveryID: "message.id",
	signsURL:   true,
	policy: func(*Config, *faults) policy {
		return policy{named: true, rules: []rule{
			is("iss", Claim, "MessageBird"),
			{claim: "url_hash", reason: Mismatch, says: urlHash},
			covers("payload_hash", "sha256", "hex").orNoBody(),
		}}
	},
}

// urlHash appends the hash of the URL as it was called, in hex.
func urlHash(to []byte, r *Request) []byte {
	to = append(to, r.url()...)
	sum := sha256.Sum256(to)
	return hex.AppendEncode(to[:0], sum[:])
}
