package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
)

// slack signs version, timestamp and body
// (docs.slack.dev/authentication/verifying-requests-from-slack).
var slack = descriptor{
	name:       "slack",
	header:     "X-Slack-Signature",
	prefix:     "v0=",
	timestamp:  "X-Slack-Request-Timestamp",
	clock:      seconds,
	signed:     "v0:{timestamp}:{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	window:     fiveMinutes,
	deliveryID: "event_id",
	handshake:  slackHandshake,
}

// slackHandshake answers the signed `{"type":"url_verification","challenge":…}`
// with the challenge (docs.slack.dev/reference/events/url_verification).
func slackHandshake(*Config, *digest) handshake {
	return handshake{
		asked: func(r *Request) bool {
			return bytes.Contains(r.Body, []byte(`"url_verification"`))
		},
		answer: func(r *Request) (Answer, bool) {
			var event struct{ Type, Challenge string }
			if json.Unmarshal(r.Body, &event) != nil || event.Type != "url_verification" || len(event.Challenge) > mostChallenge {
				return Answer{}, false
			}
			return echo(event.Challenge), true
		},
	}
}
