package signature_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// digests are all families that sign, and the generic one in its two encodings.
func digests(secret []byte) []signature.Config {
	plain, key := []string{string(secret)}, []string{base64.StdEncoding.EncodeToString(secret)}
	return []signature.Config{
		{Type: "standard", Secrets: key},
		{Type: "svix", Secrets: key},
		{Type: "stripe", Secrets: plain},
		{Type: "github", Secrets: plain},
		{Type: "slack", Secrets: plain},
		{Type: "meta", Secrets: plain},
		{Type: "hmac", Header: "X-Sig", Secrets: plain},
		{Type: "hmac", Header: "X-Sig", Encoding: "base64", Algorithm: "sha512", Prefix: "p ", Signed: "{timestamp}.{body}", TimestampHeader: "X-Time", Secrets: plain},
	}
}

func flip(text string, bit uint) string {
	b := []byte(text)
	b[bit/8%uint(len(b))] ^= 1 << (bit % 8)
	return string(b)
}

// What is signed passes, and with any one bit of body, signature, timestamp or
// id flipped it does not.
func FuzzDigest(f *testing.F) {
	for which := range digests(nil) {
		f.Add(uint(which), []byte("s3cret"), "evt_1", int64(1674087231), []byte(`{"type":"order.paid"}`), uint(3))
	}
	f.Fuzz(func(t *testing.T, which uint, secret []byte, id string, at int64, body []byte, bit uint) {
		all := digests(append(secret, 'k')) // never empty
		c := all[which%uint(len(all))]
		v := compile(t, c)
		when := time.Unix(max(at, -at)&0xffffffff, 0)
		m := signature.Message{ID: "i" + strings.ReplaceAll(id, ".", ""), At: when, Body: append(body, '.')}
		r := &signature.Request{Header: headersOf(compileSender(t, c), m), Body: m.Body, Now: when}
		if err := v.Verify(r); err != nil {
			t.Fatalf("%s: what is signed is refused: %v", c.Type, err)
		}
		bad := *r
		bad.Body = []byte(flip(string(m.Body), bit))
		if v.Verify(&bad) == nil {
			t.Fatalf("%s: one flipped bit of the body passed", c.Type)
		}
		for i, field := range r.Header.(pairs) {
			fields := slices.Clone(r.Header.(pairs))
			fields[i][1] = flip(field[1], bit)
			if c.Type == "hmac" && strings.EqualFold(fields[i][1], field[1]) {
				continue // the same hex in another case
			}
			bad := *r
			bad.Header = fields
			if v.Verify(&bad) == nil {
				t.Fatalf("%s: one flipped bit of %s passed: %q", c.Type, field[0], fields[i][1])
			}
			if bad.Header = append(fields, field); v.Verify(&bad) == nil {
				t.Fatalf("%s: a second %s passed", c.Type, field[0])
			}
		}
	})
}

// What is right passes, and with any one bit flipped it does not.
func FuzzCredential(f *testing.F) {
	f.Add(uint(0), "s3cret", uint(3))
	f.Add(uint(1), "s3cret", uint(8))
	f.Add(uint(2), "p:w", uint(15))
	f.Add(uint(3), "s3cret", uint(0))
	f.Fuzz(func(t *testing.T, which uint, secret string, bit uint) {
		c, name, before, right := credentialCase(which, secret)
		v, faults := signature.Compile(c)
		if len(faults) > 0 {
			if secret != "" && strings.TrimSpace(secret) == secret && !strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 }) {
				t.Fatalf("%q is refused as a secret: %v", secret, faults)
			}
			return
		}
		ask := func(values ...string) error {
			r, query := &signature.Request{Header: pairs{}, Now: now}, map[string][]string{}
			for _, value := range values {
				query[name] = append(query[name], value)
				r.Header = append(r.Header.(pairs), [2]string{name, value})
			}
			if c.In == "query" {
				r.Header, r.Query = pairs{}, queryOf(query)
			}
			return v.Verify(r)
		}
		if err := ask(before + right); err != nil {
			t.Fatalf("%s: the right one is refused: %v", c.Type, err)
		}
		if ask(before+flip(right, bit)) == nil {
			t.Fatalf("%s: one flipped bit passed", c.Type)
		}
		if ask(before+right, before+right) == nil || ask() == nil || ask(before) == nil {
			t.Fatalf("%s: two, none or an empty one passed", c.Type)
		}
	})
}

// credentialCase returns a configuration, where its credential goes, what stands
// before it there, and the credential.
func credentialCase(which uint, secret string) (c signature.Config, name, before, right string) {
	c = signature.Config{Secrets: []string{"another one, which no flip of a bit reaches", secret}}
	switch which % 4 {
	case 0:
		c.Type, c.In, c.Name = "token", "header", "X-Token"
		return c, c.Name, "", secret
	case 1:
		c.Type, c.In, c.Name = "token", "query", "token"
		return c, c.Name, "", secret
	case 2:
		c = signature.Config{Type: "basic", Username: "ann", Password: secret}
		return c, "Authorization", "Basic ", base64.StdEncoding.EncodeToString([]byte("ann:" + secret))
	}
	c.Type = "bearer"
	return c, "Authorization", "Bearer ", secret
}

// Whoever does not know the secret is refused, whatever they send, and with an
// *Error; nothing panics.
func FuzzStranger(f *testing.F) {
	f.Add("v1,AAAA", "1700000000", "msg_1", []byte(`{}`), "subscribe")
	f.Add("t=1700000000,v1=ab", "", ".", []byte(`{"type":"url_verification"}`), "")
	f.Add("Basic OnA=", "-1", "", []byte(nil), "x")
	f.Add("sha256=", "99999999999999999999", "\x00", []byte("\xff"), "\xff")
	var all []*signature.Verifier
	for _, c := range digests([]byte("a secret that no fuzzer finds")) {
		all = append(all, compile(f, c))
	}
	for which := range uint(4) {
		c, _, _, _ := credentialCase(which, "a secret that no fuzzer finds")
		all = append(all, compile(f, c))
	}
	f.Fuzz(func(t *testing.T, sig, at, id string, body []byte, query string) {
		r := &signature.Request{
			Method: "GET", Body: body, Now: now,
			Query: func(string) ([]byte, int) { return []byte(query), 1 },
			Header: pairs{{"webhook-signature", sig}, {"svix-signature", sig}, {"stripe-signature", sig}, {"x-hub-signature-256", sig},
				{"x-slack-signature", sig}, {"x-sig", sig}, {"authorization", sig}, {"x-token", sig},
				{"webhook-timestamp", at}, {"svix-timestamp", at}, {"x-slack-request-timestamp", at}, {"x-time", at},
				{"webhook-id", id}, {"svix-id", id}},
		}
		for _, v := range all {
			if a, is := v.Handshake(r); is && !a.Refused() {
				t.Fatalf("a stranger's handshake is answered: %+v", a)
			}
			var refused *signature.Error
			if err := v.Verify(r); !errors.As(err, &refused) {
				t.Fatalf("a stranger passed, or no *Error: %v", err)
			}
		}
	})
}
