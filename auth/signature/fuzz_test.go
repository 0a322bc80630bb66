package signature_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// digests are all families that sign, and the generic one in its two encodings.
func digests(secret []byte) (all []signature.Config) {
	for _, name := range signature.Senders() {
		if isTokenType(name) { // FuzzTokenFlip has these
			continue
		}
		switch name {
		case "hmac":
			all = append(all, sample(name, secret),
				signature.Config{Type: "hmac", Header: "X-Sig", Encoding: "base64", Algorithm: "sha512", Prefix: "p ", Signed: "{timestamp}.{body}", TimestampHeader: "X-Time", Secrets: []string{string(secret)}})
		case "standard-ed25519", "telnyx", "sendgrid": // have no secret of bytes
		default:
			all = append(all, sample(name, secret))
		}
	}
	return all
}

// eitherCase lists the families whose hex may be in upper case, too.
var eitherCase = []string{"hmac", "gocardless", "onfido", "retell", "gitea", "pagerduty"}

// signsURL lists the families that sign the URL that was called.
var signsURL = []string{"square", "hubspot", "hubspot-v2", "messagebird", "qstash", "atlassian-connect"}

func flip(text string, bit uint) string {
	b := []byte(text)
	b[bit/8%uint(len(b))] ^= 1 << (bit % 8)
	return string(b)
}

// What is signed passes, and with any one bit of body, signature, timestamp or
// id flipped it does not.
func FuzzDigest(f *testing.F) {
	for which := range digests([]byte("s3cret")) {
		f.Add(uint(which), []byte("s3cret"), "evt_1", int64(1674087231), []byte(`{"type":"order.paid"}`), uint(3))
	}
	f.Fuzz(func(t *testing.T, which uint, secret []byte, id string, at int64, body []byte, bit uint) {
		all := digests(append(secret, 'k')) // never empty
		c := all[which%uint(len(all))]
		v := compile(t, c)
		when := time.Unix(1e9+at&0xffffffff, 0)
		id = "i" + strings.NewReplacer(".", "", ":", "").Replace(id)
		m := signature.Message{ID: id, At: when, Body: dressed(c, append(body, '.'), when), Method: "POST", URL: called}
		r := &signature.Request{
			Method: m.Method, URL: func() string { return called },
			Header: headersOf(compileSender(t, c), m), Body: m.Body, Now: when,
		}
		if err := v.Verify(r); err != nil {
			t.Fatalf("%s: what is signed is refused: %v", c.Type, err)
		}
		bad := *r
		bad.Body = []byte(flip(string(m.Body), bit))
		if v.Verify(&bad) == nil {
			t.Fatalf("%s: one flipped bit of the body passed", c.Type)
		}
		if other := flip(called, bit); slices.Contains(signsURL, c.Type) && !strings.EqualFold(other, called) {
			bad := *r
			bad.URL = func() string { return other }
			if v.Verify(&bad) == nil {
				t.Fatalf("%s: one flipped bit of the URL passed: %q", c.Type, other)
			}
		}
		for i, field := range r.Header.(pairs) {
			fields := slices.Clone(r.Header.(pairs))
			fields[i][1] = flip(field[1], bit)
			if slices.Contains(eitherCase, c.Type) && strings.EqualFold(fields[i][1], field[1]) {
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

// odd are the providers that are provers of their own.
func odd(secret string) []signature.Config {
	return []signature.Config{
		{Type: "telegram", Secrets: []string{secret}},
		{Type: "twilio", Secrets: []string{secret}},
		{Type: "mailgun", Secrets: []string{secret}},
		{Type: "paypal", Secrets: []string{"1JE4291016473214C"}},
		{Type: "mtls", Fingerprints: []string{strings.Repeat("0a", 32)}},
		{Type: "rfc9421", Secrets: []string{base64.StdEncoding.EncodeToString([]byte(secret))}},
		{Type: "rfc9421", Secrets: []string{"MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="}, Signed: "x"},
		{Type: "gitlab", Secrets: []string{secret}},
		{Type: "telnyx", Secrets: []string{"bL3OT5Iwn1lulGIJpue8g4hCLrLIuFQ8hgEWznCplIc="}},
		{Type: "sendgrid", Secrets: []string{"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHq10SHK+ecVug7TUI+qV+hV98EJIkudA+g4+Jyz0vTAtxRpN8c8r1+jOrlIN8Agkw7p6sfqN2qZbG4ITSeGzeA=="}},
		{Type: "discord", Secrets: []string{"da2a4b1d972e340289ea57d28f2944197a5804a44a216a596fca5d9b60195c61"}},
	}
}

// composed are the providers that compose what they sign, but for Braintree and
// CloudEvents, who ask without a signature.
func composed(secret string) (all []signature.Config) {
	for kind, c := range composedConfigs {
		if c.Type = kind; kind == "braintree" || kind == "cloudevents-handshake" {
			continue
		}
		switch kind {
		case "adyen":
			c.Secrets = []string{hex.EncodeToString([]byte(secret))}
		case "sinch-application":
			c.Secrets = []string{base64.StdEncoding.EncodeToString([]byte(secret))}
		case "contentful":
			c.Secrets = []string{(secret + strings.Repeat("x", 64))[:64]}
		case "aws-sns", "sns":
		default:
			c.Secrets = []string{secret}
		}
		all = append(all, c)
	}
	return all
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

// stranger has a header for whatever is asked for: a signature, a time or an id.
type stranger struct{ signature, at, id string }

func (s stranger) Get(name string) ([]byte, int) {
	value := s.signature
	switch name = strings.ToLower(name); {
	case strings.Contains(name, "time"):
		value = s.at
	case strings.HasSuffix(name, "-id") || strings.HasSuffix(name, "-type"):
		value = s.id
	}
	return []byte(value), 1
}

// Whoever does not know the secret is refused, whatever they send, and with an
// *Error; nothing panics.
func FuzzStranger(f *testing.F) {
	f.Add("v1,AAAA", "1700000000", "msg_1", []byte(`{}`), "subscribe")
	f.Add("t=1700000000,v1=ab", "", ".", []byte(`{"type":"url_verification"}`), "")
	f.Add("Basic OnA=", "-1", "", []byte(nil), "x")
	f.Add("sha256=", "99999999999999999999", "\x00", []byte("\xff"), "\xff")
	f.Add("HMAC x", "2023-11-14T22:13:20Z", "m1", []byte(`{"signature":{"timestamp":"1700000000","token":"a","signature":"b"}}`), "")
	f.Add("v0=", "1700000000000", "webhook_callback_verification", []byte(`{"event":"endpoint.url_validation","payload":{"plainToken":"a"}}`), "")
	f.Add("", "1700000000", "", []byte(`{"type":1,"events":[]}`), "")
	f.Add(`s=("x");created=1700000000`, "1700000000", "", []byte(nil), "")
	f.Add(`s=:AAAA:, t=:AAAA:`, "1700000000", "", []byte(nil), "")
	f.Add("ts=1700000000,v1=ab", "1700000000000", "req-1", []byte(`{"notificationItems":[{"NotificationRequestItem":{"additionalData":{"hmacSignature":"x"}}}]}`), "1700000000")
	f.Add("Application 669e3673-4c5e:AAAA", "2023-11-14T22:13:20Z", "12", []byte(`{"Type":"Notification","TopicArn":"t","SignatureVersion":"2","Signature":"AAAA"}`), "x")
	f.Add("multipart/form-data; boundary=B", "", "", []byte("--B\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{}\r\n--B--\r\n"), "")
	var all []*signature.Verifier
	for _, c := range digests([]byte("a secret that no fuzzer finds")) {
		all = append(all, compile(f, c))
	}
	for which := range uint(4) {
		c, _, _, _ := credentialCase(which, "a secret that no fuzzer finds")
		all = append(all, compile(f, c))
	}
	for _, c := range append(odd("a_secret_that_no_fuzzer_finds"), composed("a_secret_that_no_fuzzer_finds")...) {
		all = append(all, compile(f, c))
	}
	f.Fuzz(func(t *testing.T, sig, at, id string, body []byte, query string) {
		r := &signature.Request{
			Method: "GET", Body: body, Now: now, Header: stranger{sig, at, id},
			Query: func(string) ([]byte, int) { return []byte(query), 1 },
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
