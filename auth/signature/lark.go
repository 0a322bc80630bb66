package signature

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
)

// lark is Lark and Feishu: time, nonce, encrypt key and body are hashed, and the body
// hides the event, encrypted by that key (open.larksuite.com/document/server-docs/
// event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-
// configuration-case). Within it stands the app's verification token.
var lark = descriptor{
	name:       "lark",
	header:     "X-Lark-Signature",
	timestamp:  "X-Lark-Request-Timestamp",
	clock:      tenDigits,
	window:     fiveMinutes,
	id:         "X-Lark-Request-Nonce",
	signed:     "{timestamp}{id}{secret}{body}",
	plain:      true,
	algorithm:  sha256.New,
	encoding:   hexLower,
	deliveryID: "header.event_id",
	reads:      []string{"verification_token"},
	configure: func(_ *descriptor, c *Config, f *faults) {
		if c.VerificationToken == "" {
			f.add("verification_token", "is missing: set the one of the app's page Events and Callbacks")
		}
	},
	proves:    func(c *Config, g *digest, _ *faults) prover { return newLarkEvents(c, g) },
	handshake: larkHandshake,
	open:      func(c *Config, g *digest) opener { return newLarkEvents(c, g).open },
}

// larkEvents reads what the bodies hide.
type larkEvents struct {
	*digest
	sealed []larkKey // by the secrets
	token  []sum
}

func newLarkEvents(c *Config, g *digest) *larkEvents {
	p := &larkEvents{digest: g, token: []sum{sumOf(c.VerificationToken)}}
	for _, k := range g.keys {
		p.sealed = append(p.sealed, newLarkKey(k.secret))
	}
	return p
}

func (p *larkEvents) verify(r *Request) error {
	if err := p.digest.verify(r); err != nil {
		return err
	}
	_, err := p.event(r.Body)
	return err
}

// larkEvent is what is looked at of an event, of either version.
type larkEvent struct {
	Type, Token, Challenge string
	Header                 struct{ Token string }
}

// event reads an event, which must have the right token.
func (p *larkEvents) event(body []byte) (e larkEvent, err error) {
	opened, ok := p.open(body)
	if !ok || json.Unmarshal(opened, &e) != nil {
		return e, refuse(Malformed, "encrypt")
	}
	token := e.Token
	if token == "" {
		token = e.Header.Token
	}
	if got := sumOf(token); !among(p.token, (*[sha256.Size]byte)(&got)) || token == "" {
		return e, refuse(Credential, "token")
	}
	return e, nil
}

// open gives the event that a body hides, by whichever secret it is encrypted.
func (p *larkEvents) open(body []byte) ([]byte, bool) {
	values, ok := members(body, "encrypt")
	var text string
	if !ok || json.Unmarshal(values[0], &text) != nil {
		return nil, false
	}
	for _, k := range p.sealed {
		if opened, ok := k.open(text); ok && json.Valid(opened) {
			return opened, true
		}
	}
	return nil, false
}

// mostLarkProbe is how large a handshake's body may be, in bytes.
const mostLarkProbe = 4 << 10

// larkHandshake answers the event url_verification with its challenge. Whether Lark
// signs it was not seen: the token within proves it, which only who has the encrypt
// key can put there.
func larkHandshake(c *Config, g *digest) handshake {
	events := newLarkEvents(c, g)
	return handshake{
		proves: true,
		asked:  func(r *Request) bool { return len(r.Body) <= mostLarkProbe && r.Method == http.MethodPost },
		answer: func(r *Request) (Answer, bool) {
			e, err := events.event(r.Body)
			if err != nil || e.Type != "url_verification" || e.Challenge == "" || len(e.Challenge) > mostChallenge {
				return Answer{}, false
			}
			body, err := json.Marshal(map[string]string{"challenge": e.Challenge})
			return Answer{Status: http.StatusOK, ContentType: "application/json", Body: body}, err == nil
		},
	}
}
