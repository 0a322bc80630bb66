package signature_test

import (
	"slices"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

// called is a URL that HubSpot does not sign as it is called.
const called = "https://gw.example.test/hooks/a/b?x=%2F%20"

// What a sender of any type signs passes that type's verifier, and with a byte
// more it does not.
func TestSendersPassTheirVerifiers(t *testing.T) {
	private, public := signature.NewEd25519Secret()
	for _, name := range signature.Senders() {
		secret := strings.TrimPrefix(signature.NewSecret(), "whsec_") // base64, as some want it
		sender := signature.Config{Type: name, Secrets: []string{secret}}
		if name == "hmac" {
			sender.Header, sender.Signed, sender.TimestampHeader = "X-Sig", "{timestamp}.{body}", "X-Time"
		}
		if isTokenType(name) {
			sender = tokenSample(name, secret)
		}
		receiver := sender
		if name == "standard-ed25519" {
			sender.Secrets, receiver.Secrets = []string{private}, []string{public}
		}
		fields := headersOf(compileSender(t, sender), signature.Message{ID: "evt_1", At: now, Body: []byte(`{}`), Method: "POST", URL: called})
		if got, want := signature.SignsURL(sender), slices.Contains(signsURL, name); got != want {
			t.Errorf("%s signs the URL: %t, want %t", name, got, want)
		}
		v := compile(t, receiver)
		r := &signature.Request{Method: "POST", URL: func() string { return called }, Header: fields, Body: []byte(`{}`), Now: now}
		if err := v.Verify(r); err != nil {
			t.Errorf("%s: its sender is refused: %v", name, err)
		}
		if name == "atlassian-connect" { // it signs the query, and not the body
			r.Body, r.URL = nil, func() string { return called + "&y=1" }
		}
		r.Body = append(r.Body, ' ')
		if err := v.Verify(r); err == nil {
			t.Errorf("%s: another body passes", name)
		}
	}
}

// Who only shows a secret signs nothing, and a clock's tolerance is the receiver's.
func TestSenderFaults(t *testing.T) {
	for _, name := range []string{"", "none", "token", "bearer", "basic", "nonesuch"} {
		s, faults := signature.CompileSender(signature.Config{Type: name})
		if s != nil || len(faults) != 1 || faults[0].Field != "type" {
			t.Errorf("type %q: %v, want one fault at type", name, faults)
		}
		if slices.Contains(signature.Senders(), name) {
			t.Errorf("%q is listed as a sender", name)
		}
	}
	if _, faults := signature.CompileSender(signature.Config{Type: "stripe", Secrets: []string{"x"}, Tolerance: 1}); len(faults) != 1 || faults[0].Field != "tolerance" {
		t.Errorf("tolerance: %v", faults)
	}
}
