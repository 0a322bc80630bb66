package signature_test

import (
	"slices"
	"testing"

	"hookgate/auth/signature"
)

// called is a URL that HubSpot does not sign as it is called.
const called = "https://gw.example.test/hooks/a/b?x=%2F%20"

// What a sender of any type signs passes that type's verifier, and with a byte
// more it does not.
func TestSendersPassTheirVerifiers(t *testing.T) {
	for _, name := range signature.Senders() {
		sender, receiver := samplePair(t, name, []byte("s3cret"))
		if name == "hmac" {
			sender.Signed, sender.TimestampHeader = "{timestamp}.{body}", "X-Time"
			receiver = sender
		}
		body := dressed(receiver, []byte(`{}`), now)
		fields := headersOf(compileSender(t, sender), signature.Message{ID: "evt_1", At: now, Body: body, Method: "POST", URL: called})
		if got, want := signature.SignsURL(sender), slices.Contains(signsURL, name); got != want {
			t.Errorf("%s signs the URL: %t, want %t", name, got, want)
		}
		v := compile(t, receiver)
		r := &signature.Request{Method: "POST", URL: func() string { return called }, Header: fields, Body: body, Now: now}
		if err := v.Verify(r); err != nil {
			t.Errorf("%s: its sender is refused: %v", name, err)
		}
		if _, another := samplePair(t, name, []byte("an0ther")); compile(t, another).Verify(r) == nil {
			t.Errorf("%s: another secret passes", name)
		}
		if name == "atlassian-connect" { // it signs the query, and not the body
			r.URL = func() string { return called + "&y=1" }
		}
		r.Body = append(body, ' ')
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
