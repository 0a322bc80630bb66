package signature

import (
	"bytes"
	"crypto/sha256"
	"net/http"
)

// meta is WhatsApp, Messenger and Instagram: the body is signed with the app
// secret (developers.facebook.com/docs/graph-api/webhooks/getting-started).
var meta = descriptor{
	name:       "meta",
	header:     "X-Hub-Signature-256",
	prefix:     "sha256=",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	deliveryID: "entry[0].changes[0].value.messages[0].id",
	reads:      []string{"verify_token"},
	handshake:  metaHandshake,
}

// metaHandshake answers `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`
// with the challenge. The request is not signed: the token is its proof. Without
// a token of ours nothing passes, since an empty one counts as missing.
func metaHandshake(c *Config, _ *digest) handshake {
	right := []sum{sumOf(c.VerifyToken)}
	return handshake{
		proves: true,
		asked: func(r *Request) bool {
			if r.Method != http.MethodGet {
				return false
			}
			mode, err := r.parameter("hub.mode")
			return err == nil && bytes.Equal(mode, []byte("subscribe"))
		},
		answer: func(r *Request) (Answer, bool) {
			token, errToken := r.parameter("hub.verify_token")
			got := sha256.Sum256(token)
			challenge, errChallenge := r.parameter("hub.challenge")
			if !among(right, &got) || errToken != nil || errChallenge != nil || len(challenge) > mostChallenge {
				return Answer{Status: http.StatusForbidden}, true
			}
			return echo(string(challenge)), true
		},
	}
}
