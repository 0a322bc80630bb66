package directory_test

import (
	"encoding/json"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/retry"
)

// What is never retried may be a number or a text, and is shown as it was written:
// of endpoints, webhooks and the platform.
func TestNeverIsShownAsItWasWritten(t *testing.T) {
	const written = `[400,"422","5xx","tls",404]`
	policy := read[gateway.Retry](t, `{"never": `+written+`}`)
	e, faults := directory.CompileEndpoint(gateway.Meta{ID: "e"}, gateway.Endpoint{URL: "https://x.example.com/", Retry: &policy}, nil, strict)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	w := webhook(t, `{"retry": {"max_attempts": 3, "never": `+written+`}}`)
	made := tenant(t, "acme", gateway.Tenant{Platform: &gateway.Platform{URL: "https://x.example.com/", Retry: &policy}})
	for _, p := range []retry.Policy{e.Retry, w.Retry, made.Platform.Retry} {
		for status, again := range map[int]bool{400: false, 422: false, 503: false, 404: false, 401: true} {
			if _, is := p.Next(1, retry.OfStatus(status), status, 0, 0); is != again {
				t.Errorf("%v: another attempt after %d: %t", p.Never, status, is)
			}
		}
	}
	for _, shown := range []*gateway.Retry{e.Effective().Retry, w.Effective().Retry, made.Spec.Platform.Retry} {
		if text, err := json.Marshal(shown.Never); err != nil || string(text) != written {
			t.Errorf("shown as %s, %v", text, err)
		}
	}
	for _, text := range []string{"true", "{}", "[400]"} {
		if json.Unmarshal([]byte(text), new(gateway.Status)) == nil {
			t.Errorf("%s is a status", text)
		}
	}
}
