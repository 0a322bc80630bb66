package signature

import (
	"crypto/sha256"
	"encoding/json"
)

// line signs the body with the channel secret
// (developers.line.biz/en/docs/messaging-api/verify-webhook-signature). A webhook
// that is sent again keeps each event's webhookEventId, and says in it that it is one
// (deliveryContext.isRedelivery).
var line = descriptor{
	name:       "line",
	header:     "X-Line-Signature",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   base64Std,
	identities: []Identity{{Each: "events", ID: []string{"webhookEventId"}}},
	handshake:  probe(isLineProbe),
}

// isLineProbe tells the request of LINE's "Verify" button: it is without an event
// (developers.line.biz/en/reference/messaging-api, "Request body").
func isLineProbe(body []byte) bool {
	var probe struct {
		Events *[]json.RawMessage `json:"events"`
	}
	return json.Unmarshal(body, &probe) == nil && probe.Events != nil && len(*probe.Events) == 0
}
