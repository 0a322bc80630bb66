package signature

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
)

// line signs the body with the channel secret
// (developers.line.biz/en/docs/messaging-api/verify-webhook-signature). A webhook
// that is sent again keeps its webhookEventId.
var line = descriptor{
	name:       "line",
	header:     "X-Line-Signature",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   base64Std,
	deliveryID: "events[0].webhookEventId",
	handshake:  lineHandshake,
}

// mostProbe is how large a body may be that only tries the URL out, in bytes.
const mostProbe = 512

// lineHandshake answers the request of LINE's "Verify" button: signed, without an
// event (developers.line.biz/en/reference/messaging-api, "Request body").
func lineHandshake(*Config, *digest) handshake {
	return handshake{
		asked: func(r *Request) bool { return len(r.Body) <= mostProbe },
		answer: func(r *Request) (Answer, bool) {
			var probe struct {
				Events *[]json.RawMessage `json:"events"`
			}
			is := json.Unmarshal(r.Body, &probe) == nil && probe.Events != nil && len(*probe.Events) == 0
			return Answer{Status: http.StatusOK}, is
		},
	}
}
