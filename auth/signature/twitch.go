package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"time"
)

// twitch signs id, timestamp and body of EventSub, in a window of ten minutes
// (dev.twitch.tv/docs/eventsub/handling-webhook-events). Nothing stands between the
// three: an id without a colon holds no timestamp, so that there is one way to take
// them apart.
var twitch = descriptor{
	name:       "twitch",
	header:     "Twitch-Eventsub-Message-Signature",
	prefix:     "sha256=",
	timestamp:  "Twitch-Eventsub-Message-Timestamp",
	clock:      rfc3339,
	id:         "Twitch-Eventsub-Message-Id",
	barred:     ":",
	signed:     "{id}{timestamp}{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	window:     10 * time.Minute,
	deliveryID: "header:Twitch-Eventsub-Message-Id",
	handshake:  twitchHandshake,
}

// twitchHandshake answers the signed request of the message type
// webhook_callback_verification with its challenge.
func twitchHandshake(*Config, *digest) handshake {
	return handshake{
		asked: func(r *Request) bool {
			kind, n := r.Header.Get("Twitch-Eventsub-Message-Type")
			return n == 1 && bytes.Equal(kind, []byte("webhook_callback_verification"))
		},
		answer: func(r *Request) (Answer, bool) {
			var probe struct {
				Challenge string `json:"challenge"`
			}
			if json.Unmarshal(r.Body, &probe) != nil || probe.Challenge == "" || len(probe.Challenge) > mostChallenge {
				return Answer{}, false
			}
			return echo(probe.Challenge), true
		},
	}
}
