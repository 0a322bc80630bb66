package signature_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// What is signed passes, and with any one bit of what it covers flipped it does not.
func FuzzMessage(f *testing.F) {
	f.Add(uint(0), "/foo?a=b", "v", "nonce", int64(1700000000), []byte(`{"a":1}`), uint(3))
	f.Add(uint(1), "/", "a, b", "", int64(1), []byte(nil), uint(700))
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	public := base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	configs := []signature.Config{
		{Type: "rfc9421", Secrets: []string{messageSecret}},
		{Type: "rfc9421", Secrets: []string{public}, Algorithm: "ed25519"},
	}
	f.Fuzz(func(t *testing.T, which uint, tail, value, nonce string, at int64, body []byte, bit uint) {
		tail, value, nonce = "/"+printable(tail), "v"+printable(value)+"v", strings.NewReplacer(`"`, "", `\`, "").Replace(printable(nonce))
		when := time.Unix(at&0xffffffff, 0)
		called, body := "https://gw.example.test"+tail, append(body, '.')
		digest := sha256Digest(string(body))
		covered := []component{{"@method", "POST"}, {"@target-uri", called}, {"content-digest", digest}, {"x-value", value}}
		input, sig := message(covered, ";created="+strconv.FormatInt(when.Unix(), 10)+`;nonce="`+nonce+`"`)
		if which %= 2; which == 1 {
			text := ""
			for _, c := range covered {
				text += `"` + c.name + `": ` + c.value + "\n"
			}
			sig = base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(text+`"@signature-params": `+input)))
		}
		v := compile(t, configs[which])
		header := pairs{{"Content-Digest", digest}, {"X-Value", value}, {"Signature-Input", "s=" + input}, {"Signature", "s=:" + sig + ":"}}
		r := &signature.Request{Method: "POST", URL: func() string { return called }, Header: header, Body: body, Now: when}
		if len(input) > 4<<10-2 {
			return // too long to be read
		}
		if err := v.Verify(r); err != nil {
			t.Fatalf("what is signed is refused: %v: %q", err, header)
		}
		for name, change := range map[string]func(*signature.Request){
			"the body":   func(r *signature.Request) { r.Body = []byte(flip(string(body), bit)) },
			"the method": func(r *signature.Request) { r.Method = flip(r.Method, bit) },
			"the path": func(r *signature.Request) {
				other := "https://gw.example.test" + flip(tail, bit)
				r.URL = func() string { return other }
			},
		} {
			bad := *r
			if change(&bad); v.Verify(&bad) == nil {
				t.Fatalf("one flipped bit of %s passed", name)
			}
		}
		if other := flip(called, bit); !strings.EqualFold(other, called) {
			bad := *r
			bad.URL = func() string { return other }
			if v.Verify(&bad) == nil {
				t.Fatalf("one flipped bit of the URL passed: %q", other)
			}
		}
		for i, field := range header {
			fields := slices.Clone(header)
			fields[i][1] = flip(field[1], bit)
			bad := *r
			bad.Header = fields
			if v.Verify(&bad) == nil {
				t.Fatalf("one flipped bit of %s passed: %q", field[0], fields[i][1])
			}
			if bad.Header = append(fields, field); v.Verify(&bad) == nil {
				t.Fatalf("a second %s passed", field[0])
			}
		}
	})
}

// printable leaves of a text what a header or a URL can have.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return -1
		}
		return c
	}, text)
}

// Whatever a stranger writes into the two headers, it does not pass, and nothing
// panics.
func FuzzMessageStranger(f *testing.F) {
	input, sig := message(usual(), created)
	f.Add("s="+input, "s=:"+sig[:8]+":", messageURL, messageDigest)
	f.Add(`a=("x";sf "@query-param";name="p");created=1;alg="ed25519",b=()`, "a=::, b=:AA==:", "", "md5=:A:")
	f.Add(`s=("@path" "@query" "date");created=1700000000;expires=-1;n=1.5;t=a/b;z;q=?1;w=:AA==:`, "s=:AA", "https://", "")
	v := compile(f, signature.Config{Type: "rfc9421", Secrets: []string{"YSBzZWNyZXQgdGhhdCBubyBmdXp6ZXIgZmluZHM=", messagePublic}, Signed: "@method"})
	f.Fuzz(func(t *testing.T, input, sig, called, digest string) {
		r := &signature.Request{
			Method: "POST", URL: func() string { return called }, Now: now,
			Header: pairs{{"Signature-Input", input}, {"Signature", sig}, {"Content-Digest", digest}, {"Date", input}},
		}
		var refused *signature.Error
		if err := v.Verify(r); !errors.As(err, &refused) {
			t.Fatalf("a stranger passed, or no *Error: %v", err)
		}
	})
}
