package signature_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"testing"

	"hookgate/auth/signature"
)

// FuzzTokenFlip: what a sender of any type that signs with tokens signs passes, and with
// one bit of token or body flipped it does not.
func FuzzTokenFlip(f *testing.F) {
	f.Add(uint(0), "evt_1", []byte(`{"a":1}`), uint(3))
	f.Add(uint(5), "evt_2", []byte(``), uint(3000))
	kinds := []string{"jwt", "messagebird", "qstash", "livekit", "vonage"}
	f.Fuzz(func(t *testing.T, which uint, id string, body []byte, bit uint) {
		id = id[:min(len(id), 256)] // a token of more than mostToken bytes is refused unread
		c := sample(kinds[which%uint(len(kinds))], []byte("s3cret"))
		m := signature.Message{ID: "i" + id, At: now, Body: append(body, '.'), Method: "POST", URL: called}
		fields := headersOf(compileSender(t, c), m)
		v := compile(t, c)
		r := &signature.Request{Method: m.Method, URL: func() string { return called }, Header: fields, Body: m.Body, Now: now}
		if err := v.Verify(r); err != nil {
			t.Fatalf("%s: its own sender is refused: %v", c.Type, err)
		}
		r.Body = bytes.Clone(m.Body)
		r.Body[bit/8%uint(len(r.Body))] ^= 1 << (bit % 8)
		if v.Verify(r) == nil {
			t.Fatalf("%s: another body passes", c.Type)
		}
		r.Body = m.Body
		value := []byte(fields[0][1])
		from := bytes.LastIndexByte(value, ' ') + 1 // the word before it may be in any case
		value[from+int(bit/8%uint(len(value)-from))] ^= 1 << (bit % 8)
		r.Header = pairs{{fields[0][0], string(value)}}
		if v.Verify(r) == nil {
			t.Fatalf("%s: another token passes", c.Type)
		}
	})
}

// FuzzTokenClaims: whatever a header and claims are, what passes is JSON that
// encoding/json reads too, with an exp to come.
func FuzzTokenClaims(f *testing.F) {
	f.Add(`{"alg":"HS256"}`, `{"exp":1700000001}`)
	f.Add(`{"alg":"HS256","x":{"a":[1,"}"]}}`, `{ "exp" : 9999999999 , "a":[{}] }`)
	f.Add(`{"alg":"HS256"}`, `{"exp":1700000000.01}`) // seconds may have parts (RFC 7519 2)
	v := compile(f, jwtOf(signature.TokenConfig{}, "s3cret"))
	f.Fuzz(func(t *testing.T, header, claims string) {
		if v.Verify(bearing(token(header, claims, hs(sha256.New, "s3cret")))) != nil {
			return
		}
		var head struct{ Alg string }
		var says map[string]json.RawMessage
		if json.Unmarshal([]byte(header), &head) != nil || head.Alg != "HS256" || json.Unmarshal([]byte(claims), &says) != nil {
			t.Fatalf("passed: %q %q", header, claims)
		}
		var end float64
		if json.Unmarshal(says["exp"], &end) != nil || end <= float64(now.Unix()-30) {
			t.Fatalf("passed: %q", claims)
		}
	})
}

// isTokenType tells whether a type's senders sign with tokens.
func isTokenType(name string) bool { return name == "jwt" || slices.Contains(tokenTypes, name) }
