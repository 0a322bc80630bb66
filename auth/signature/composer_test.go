package signature_test

import (
	"slices"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

// What a composer of any type signs passes that type's verifier, and with another URL it
// does not; with another body neither, where the scheme covers it.
func TestComposersPassTheirVerifiers(t *testing.T) {
	bodies := map[string]string{"plivo": "a=1&b=%20", "plivo-v2": "a=1"}
	for _, name := range signature.Composers() {
		c, composes := composedConfigs[name]
		if c.Type = name; !composes { // rfc9421: what it signs is the operator's to say
			c.Secrets = []string{"c2VjcmV0"}
		}
		const called = "https://gw.example.test/hooks/a/b?data.id=7&x=%20y"
		body := bodies[name]
		if body == "" {
			body = `{"a":1}`
		}
		fields := headersOf(compileSender(t, c), signature.Message{ID: "evt1", At: now, Body: []byte(body), Method: "POST", URL: called})
		v := compile(t, c)
		r := func(called, body string) *signature.Request {
			return &signature.Request{
				Method: "POST", URL: func() string { return called }, Query: signature.Parameters(called), Header: fields, Body: []byte(body), Now: now,
			}
		}
		if err := v.Verify(r(called, body)); err != nil {
			t.Errorf("%s: its sender is refused: %v", name, err)
		}
		if err := v.Verify(r(strings.Replace(called, "data.id=7", "data.id=8", 1), body)); (err == nil) != (name == "plivo-v2") {
			t.Errorf("%s: another query: %v", name, err)
		}
		covered := !slices.Contains([]string{"plivo-v2", "mercadopago"}, name)
		if err := v.Verify(r(called, body+"0")); (err == nil) == covered {
			t.Errorf("%s: another body: %v", name, err)
		}
		if !signature.SignsURL(c) {
			t.Errorf("%s is said not to sign the URL", name)
		}
	}
}

func TestComposerFaults(t *testing.T) {
	for field, c := range map[string]signature.Config{
		"secrets":         {Type: "plivo"},
		"tolerance":       {Type: "mercadopago", Secrets: []string{"x"}, Tolerance: 1},
		"application_key": {Type: "sinch-application", Secrets: []string{"c2VjcmV0"}},
		"secrets[0]":      {Type: "contentful", Secrets: []string{"x"}},
	} {
		if s, faults := signature.CompileSender(c); s != nil || len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%s: faults %v, want one at %s", c.Type, faults, field)
		}
	}
}

// What no receiver would take is not signed.
func TestComposersSignNothingAmbiguous(t *testing.T) {
	for kind, called := range map[string]string{"mercadopago": "https://a.test/?data.id=1&data.id=2", "plivo": "https://a.test/?a=%zz", "contentful": "https://a.test/?a?b"} {
		c := composedConfigs[kind]
		c.Type = kind
		if fields := headersOf(compileSender(t, c), signature.Message{ID: "evt1", At: now, Method: "POST", URL: called}); len(fields) > 0 {
			t.Errorf("%s: %v", kind, fields)
		}
	}
}
