package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
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
			var event struct {
				Event   string `json:"event"`
				Payload struct {
					PlainToken string `json:"plainToken"`
				} `json:"payload"`
			}
			key, err := g.matching(r)
			if err != nil || json.Unmarshal(r.Body, &event) != nil || event.Event != "endpoint.url_validation" || !isZoomToken(event.Payload.PlainToken) {
				return Answer{}, false
			}
			mac := key.take()
			defer key.leave(mac)
			body := append([]byte(`{"plainToken":"`), event.Payload.PlainToken...)
			body = append(body, `","encryptedToken":"`...)
			body = append(body, mac.text([][]byte{[]byte(event.Payload.PlainToken)}, hexLower)...)
			return Answer{Status: http.StatusOK, ContentType: "application/json", Body: append(body, `"}`...)}, true
		},
	}
}

func isZoomToken(token string) bool {
	return token != "" && len(token) <= mostChallenge && !strings.ContainsFunc(token, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-_+/=.", c))
	})
}
