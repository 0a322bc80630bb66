package signature

import (
	"crypto/sha256"
	"encoding/json"
)

// viber signs the body with the bot's authentication token
// (developers.viber.com/docs/api/rest-bot-api, "Callbacks"). What it sends when the
// webhook is set, the event "webhook", is signed too and wants only a 200.
//
// Under the token of a message follow "delivered", "seen" and "failed", of a
// broadcast for each of its receivers, each with the moment when it happened.
var viber = descriptor{
	name:       "viber",
	header:     "X-Viber-Content-Signature",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	identities: []Identity{{ID: []string{"message_token"}, With: []string{"event", "user_id", "timestamp"}}},
	handshake:  probe(isViberProbe),
}

// isViberProbe tells the event that Viber sends when the webhook is set.
func isViberProbe(body []byte) bool {
	var probe struct {
		Event string `json:"event"`
	}
	return json.Unmarshal(body, &probe) == nil && probe.Event == "webhook"
}
