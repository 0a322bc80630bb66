package signature

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// tokenMaker signs with tokens as the senders of a type do, by the type's own rules.
type tokenMaker struct {
	*tokenProof
	word  string        // before the token, as "Bearer "
	lasts time.Duration // 0: its tokens name no end
	key   *key
}

// defaultLasts is how long a token of type jwt is good.
const defaultLasts = 5 * time.Minute

// newTokenMaker makes the sender of a type of tokenSending.
func newTokenMaker(c *Config, f *faults) *tokenMaker {
	m := &tokenMaker{lasts: defaultLasts}
	t, is := tokenFamilyOf(c.Type)
	switch {
	case is:
		m.tokenProof, m.word, m.lasts = t.described(c, f), t.word, t.lasts
	case len(c.Secrets) == 0: // newShared tells of it
		m.tokenProof = &tokenProof{algorithms: []string{"HS256"}}
	default:
		if m.tokenProof = describeToken(c, f); m.place.word != nil {
			m.word = "Bearer"
		}
		if m.place.query {
			f.add("in", "is query: what is signed are headers")
		}
	}
	if m.word != "" {
		m.word += " "
	}
	if keys := newShared(c, m.algorithms[:1], f)[m.algorithms[0]]; len(keys) > 0 {
		m.key = keys[0]
	}
	return m
}

// sign gives set the header that has the token of a message.
func (m *tokenMaker) sign(msg Message, set func(name string, value []byte)) {
	text := []byte(`{"alg":` + quoted(m.algorithms[0]) + `,"typ":"JWT"}`)
	token := base64.RawURLEncoding.AppendEncode(nil, text)
	token = base64.RawURLEncoding.AppendEncode(append(token, '.'), m.claims(msg))
	mac := m.key.take()
	defer m.key.leave(mac)
	signature := mac.text([][]byte{token}, base64URL)
	set(m.place.name, slices.Concat([]byte(m.word), token, []byte("."), signature))
}

// claims writes what the token says.
func (m *tokenMaker) claims(msg Message) []byte {
	at := msg.At.Unix()
	text := []byte(`{"iat":` + strconv.FormatInt(at, 10))
	if m.lasts > 0 {
		text = append(text, `,"nbf":`+strconv.FormatInt(at, 10)+`,"exp":`+strconv.FormatInt(at+int64(m.lasts.Seconds()), 10)...)
	}
	text = append(text, `,"jti":`+quoted(msg.ID)...)
	r := Request{Method: msg.Method, URL: func() string { return msg.URL }, Body: msg.Body}
	for i := range m.rules {
		if p := &m.rules[i]; !p.absent {
			text = append(text, ","+quoted(p.claim)+":"+quoted(string(p.says(nil, &r)))...)
		}
	}
	return append(text, '}')
}

// quoted writes a text as JSON.
func quoted(text string) string {
	raw, _ := json.Marshal(text) // of a text it never fails
	return string(raw)
}
