package configs

import (
	"maps"
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// NotInService names the parts of a configuration that are known and checked,
// but that this version does nothing with yet.
func NotInService(c *Config) (parts []string) {
	for _, id := range slices.Sorted(maps.Keys(c.Tenants)) {
		if len(c.Tenants[id].Webhooks) > 0 {
			parts = append(parts, fields.Member("tenants", id)+".webhooks")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Routes)) {
		if c.Routes[id].Mode == gateway.ModeRelay {
			parts = append(parts, fields.Member("routes", id))
		}
	}
	return parts
}

// The bounds of SPEC 8 on one attempt.
const (
	minTimeout = time.Millisecond
	maxTimeout = 60 * time.Second
)

func (t Tenant) checkWebhooks(place string, f *faults) {
	for _, id := range slices.Sorted(maps.Keys(t.Webhooks)) {
		w, at := t.Webhooks[id], fields.Member(place, id)
		f.text(at, nameFault(id))
		f.word(at+".profile", w.Profile, "", "builder", "chatbot", "campaign")
		f.word(at+".method", w.Method, "", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
		if !strings.Contains(w.URL, "{{") { // a template is known whole only when it is rendered
			f.text(at+".url", urlFault(w.URL))
		}
		f.outbound(at, w.Auth, w.Sign, w.Timeout)
		f.word(at+".mode", w.Mode, "", "sync", "async")
		f.word(at+".on_timeout", w.OnTimeout, "", "continue")
		f.unless(len(w.Response.Variables) <= gateway.MaxVariables, at+".response.variables", "must be at most %d", gateway.MaxVariables)
	}
}

func (f *faults) outbound(at string, auth gateway.Auth, sign *gateway.Sign, timeout *gateway.Duration) {
	f.word(at+".auth.type", auth.Type, "", "none", "basic", "bearer", "header")
	if sign != nil {
		f.word(at+".sign.type", sign.Type, "standard", "standard-ed25519", "hmac", "none")
	}
	if timeout != nil {
		f.unless(time.Duration(*timeout) >= minTimeout && time.Duration(*timeout) <= maxTimeout, at+".timeout",
			"must be %s to %s", gateway.Duration(minTimeout), gateway.Duration(maxTimeout))
	}
}
