package signature

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
)

// discord is interactions and webhook events: timestamp and body are signed with
// Ed25519, and the secret is the application's public key (docs.discord.com/
// developers/interactions/overview, "Setting up an endpoint"). Discord names no
// window; a message of its own is as young as any other's.
var discord = asymmetricFamily{
	descriptor: descriptor{
		name:       "discord",
		header:     "X-Signature-Ed25519",
		timestamp:  "X-Signature-Timestamp",
		clock:      tenDigits,
		signed:     "{timestamp}{body}",
		window:     fiveMinutes,
		deliveryID: "id",
		handshake:  func(*Config, *digest) handshake { return discordHandshake },
	},
	decode: hexSignature,
	public: ed25519Public(hexKey),
}

func hexKey(secret string) (ed25519.PublicKey, error) {
	raw, err := hex.DecodeString(secret)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("must be the application's public key: 64 hex digits")
	}
	return raw, lowOrderFault(raw)
}

// hexSignature reads a signature in lower case, the one text that stands for it.
func hexSignature(text []byte) ([]byte, bool) {
	var sig [ed25519.SignatureSize]byte
	if len(text) != hex.EncodedLen(len(sig)) || bytes.ContainsAny(text, "ABCDEF") {
		return nil, false
	}
	_, err := hex.Decode(sig[:], text)
	return sig[:], err == nil
}

// discordHandshake answers PING: of interactions {"type":1} with the same, of
// webhook events {"type":0} with 204 (docs.discord.com/developers/events/
// webhook-events). An event that is no PING has type 1 too, and a member event.
var discordHandshake = handshake{
	asked: func(r *Request) bool {
		return bytes.Contains(r.Body, []byte(`"type"`)) && !bytes.Contains(r.Body, []byte(`"event"`))
	},
	answer: func(r *Request) (Answer, bool) {
		var ping struct {
			Type  *int            `json:"type"`
			Event json.RawMessage `json:"event"`
		}
		switch {
		case json.Unmarshal(r.Body, &ping) != nil || ping.Type == nil || ping.Event != nil:
		case *ping.Type == 1:
			return Answer{Status: http.StatusOK, ContentType: "application/json", Body: []byte(`{"type":1}`)}, true
		case *ping.Type == 0:
			return Answer{Status: http.StatusNoContent}, true
		}
		return Answer{}, false
	},
}
