package signature

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
)

// viber signs the body with the bot's authentication token
// (developers.viber.com/docs/api/rest-bot-api, "Callbacks"). What it sends when the
// webhook is set, the event "webhook", is signed too and wants only a 200.
var viber = descriptor{
	name:       "viber",
	header:     "X-Viber-Content-Signature",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	deliveryID: "message_token",
	handshake:  viberHandshake,
}

// viberHandshake answers the signed event that Viber sends when the webhook is set.
func viberHandshake(*Config, *digest) handshake {
	return handshake{
		asked: func(r *Request) bool { return len(r.Body) <= mostProbe },
		answer: func(r *Request) (Answer, bool) {
			var probe struct {
				Event string `json:"event"`
			}
			is := json.Unmarshal(r.Body, &probe) == nil && probe.Event == "webhook"
			return Answer{Status: http.StatusOK}, is
		},
	}
}
