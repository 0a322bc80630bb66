package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
)

// zoom signs version, timestamp and body with the app's secret token
// (developers.zoom.us/docs/api/webhooks, "Verify webhook events"). Its tracking id
// is another one for each delivery, so a repeat is known by its body, which has the
// event's time.
var zoom = descriptor{
	name:      "zoom",
	header:    "X-Zm-Signature",
	prefix:    "v0=",
	timestamp: "X-Zm-Request-Timestamp",
	clock:     seconds,
	signed:    "v0:{timestamp}:{body}",
	algorithm: sha256.New,
	encoding:  hexLower,
	window:    fiveMinutes,
	handshake: zoomHandshake,
}

// zoomHandshake answers the signed event endpoint.url_validation with its token
// and the token's HMAC, by the secret that the request is signed with. Whoever gets
// an HMAC of a text of theirs could ask for that of "v0:…" and so for a signature:
// a token has no colon.
func zoomHandshake(_ *Config, g *digest) handshake {
	return handshake{
		asked: func(r *Request) bool {
			return bytes.Contains(r.Body, []byte(`"endpoint.url_validation"`))
		},
		answer: func(r *Request) (Answer, bool) {
			key, err := g.matching(r)
			token := zoomToken(r.Body)
			if err != nil || token == "" {
				return Answer{}, false
			}
			mac := key.take()
			defer key.leave(mac)
			body := append([]byte(`{"plainToken":"`), token...)
			body = append(body, `","encryptedToken":"`...)
			body = append(body, mac.text([][]byte{[]byte(token)}, hexLower)...)
			return Answer{Status: http.StatusOK, ContentType: "application/json", Body: append(body, `"}`...)}, true
		},
	}
}

// zoomToken gives the token of a validation, "" where the body is none.
func zoomToken(body []byte) string {
	var event struct {
		Event   string `json:"event"`
		Payload struct {
			PlainToken string `json:"plainToken"`
		} `json:"payload"`
	}
	if json.Unmarshal(body, &event) != nil || event.Event != "endpoint.url_validation" {
		return ""
	}
	token := event.Payload.PlainToken
	if len(token) > mostChallenge || !isPlain(token, "-_+/=.") {
		return ""
	}
	return token
}
