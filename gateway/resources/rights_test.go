package resources_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/resources"
)

const bound = `{"parent": "", "account_keys": ["k1"], "headers": {"X-A": "canary-header"}, "limits": {"events_per_second": 5, "children": 2},
	"platform": {"url": "https://bot.example.com/resume", "auth": {"type": "bearer", "token": "canary-bearer"}, "headers": {"X-P": "canary-platform"},
		"sign": {"type": "hmac", "secrets": ["canary-sign"], "header": "X-Sign", "algorithm": "sha256", "encoding": "hex"}}}`

// A mask keeps a secret only where it was sent already, whoever writes it (SPEC 16).
func TestMaskStandsForNothingElsewhere(t *testing.T) {
	const (
		tenant   = `{"headers": {"X-A": "***"}, "platform": {"url": "URL", "auth": {"type": "bearer", "token": "***"}, "headers": {"X-P": "***"}, "sign": {"type": "hmac", "secrets": ["***"], "header": "X-Sign"}}}`
		endpoint = `{"url": "URL", "token": "***", "auth": {"type": "basic", "username": "u", "password": "***"}, "headers": {"X-E": "***"}, "sign": {"type": "hmac", "secrets": ["***"], "header": "X-Sign"}}`
		webhook  = `{"url": "URL", "profile": "chatbot", "token": "***", "auth": {"type": "basic", "username": "u", "password": "***"}, "headers": {"X-W": "***"}, "sign": {"type": "hmac", "secrets": ["***"], "header": "X-Sign"}}`
	)
	own := []string{"auth.password", "headers.X-E", "token"}
	for _, c := range []struct {
		was, now string
		stays    bool
	}{
		{"https://crm.example.com/a", "https://crm.example.com/b?c", true},
		{"https://crm.example.com/a", "https://CRM.example.com.:443/a", true},
		{"https://crm.example.com:443", "https://crm.example.com?x=//evil.example.com", true},
		{"https://8.8.8.8/", "https://8.8.8.8:443/x", true},
		{"https://crm.example.com/a", "https://evil.example.com/a", false},
		{"https://crm.example.com/a", "http://crm.example.com/a", false},
		{"https://crm.example.com/a", "https://crm.example.com:8443/a", false},
		{"http://crm.example.com:443/a", "https://crm.example.com/a", false},
		{"https://crm.example.com/a", "https://crm.example.com.evil.example.com/a", false},
		{"https://crm.example.com/a", "https://evil.example.com/crm.example.com", false},
		{"https://crm.example.com/a", "https://evil.example.com?@crm.example.com/a", false},
	} {
		k := newKit(t)
		fill := func(body, url string) string {
			return strings.ReplaceAll(strings.ReplaceAll(body, "URL", url), "***", "canary")
		}
		k.tenant("acme", fill(tenant, c.was))
		k.endpoint("acme", "e", fill(endpoint, c.was))
		k.webhook("acme", "w", fill(webhook, c.was))
		_, _, ofTenant := k.Tenants.Put(admin, "acme", tree(t, strings.ReplaceAll(tenant, "URL", c.now)))
		_, _, _, ofEndpoint := k.Endpoints.Put(of("acme"), "acme", "e", tree(t, strings.ReplaceAll(endpoint, "URL", c.now)))
		_, _, ofWebhook := k.Webhooks.Put(of("acme"), "acme", "w", tree(t, strings.ReplaceAll(webhook, "URL", c.now)))
		for at, got := range map[string]struct {
			err    error
			faults []string
		}{
			"tenant":   {ofTenant, []string{"headers.X-A", "platform.auth.token", "platform.headers.X-P"}},
			"endpoint": {ofEndpoint, own},
			"webhook":  {ofWebhook, []string{"auth.password", "headers.X-W", "token"}},
		} {
			switch places := paths(got.err); {
			case c.stays && got.err != nil:
				t.Errorf("%s from %s to %s: %s", at, c.was, c.now, explain(got.err))
			case !c.stays && !slices.Equal(places, got.faults):
				t.Errorf("%s from %s to %s: faults at %q, want %q", at, c.was, c.now, places, got.faults)
			case !c.stays && !strings.Contains(explain(got.err), "stay the same: write the value again"):
				t.Errorf("%s: %s", at, explain(got.err))
			}
		}
		if c.stays { // what was kept is what there was
			now := k.here.Current().Tenant("acme")
			e, w := now.Endpoint("e").Spec, now.Webhook("w").Spec
			for _, secret := range []gateway.Secret{
				now.Spec.Headers[0].Value, now.Spec.Platform.Auth.Token, now.Spec.Platform.Sign.Secrets[0], e.Token, e.Auth.Password, w.Token, w.Headers[0].Value,
			} {
				if secret != "canary" {
					t.Errorf("from %s to %s a secret is %q now", c.was, c.now, secret.Reveal())
				}
			}
		}
	}
}

// The host of a builder's url may be a template: then the variables of a call say
// where it goes, and only the same text goes to the same place.
func TestMaskStaysBehindATemplatedHost(t *testing.T) {
	const body = `{"url": %q, "headers": {"X-W": %q}}`
	for _, c := range []struct {
		was, now string
		stays    bool
	}{
		{"https://{{ host }}/a", "https://{{ host }}/a", true},
		{"https://{{ host }}/a", "https://{{ host }}/b", false},
		{"https://{{ host }}/a", "https://{{ other }}/a", false},
		{"https://bank.example.com/{{ a }}", "https://bank.example.com/{{ b }}", true},
		{"https://bank.example.com/a", "https://bank.example.com{{ b }}", false},
		{"https://bank.example.com/a", "https://{{ 'bank.example.com' }}/a", false},
		{"https://bank.example.com/a", "https://bank.example.com{% if x %}.evil.example.com/{% endif %}/a", false},
		{"https://bank.example.com/a", "{{ 'https' }}://bank.example.com/a", false},
	} {
		k := newKit(t)
		k.tenant("acme", `{}`)
		k.webhook("acme", "w", fmt.Sprintf(body, c.was, "canary"))
		_, _, err := k.Webhooks.Put(of("acme"), "acme", "w", tree(t, fmt.Sprintf(body, c.now, "***")))
		kept := k.here.Current().Tenant("acme").Webhook("w").Spec
		if c.stays != (err == nil) || kept.Headers[0].Value != "canary" || !c.stays && !slices.Contains(paths(err), "headers.X-W") {
			t.Errorf("from %s to %s: %v", c.was, c.now, err)
		}
	}
}

// A tenant's token writes back what it reads, whatever that has, and changes none
// of what binds its tenant, nor where the operator's secrets are sent.
func TestOwnBoundsAreForThoseAbove(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", bound)
	shown, err := json.Marshal(k.here.Current().Tenant("acme").Spec)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"what was read":     string(shown),
		"nothing":           `{}`,
		"a name":            `{"name": "Acme", "headers": {"X-A": "***"}}`,
		"its own header":    `{"headers": {"X-A": "another"}}`,
		"empty for nothing": `{"platform": ` + strings.Replace(platformOf(t, string(shown)), `"retry":null`, `"retry":{}`, 1) + `}`,
	} {
		before := k.tenant("acme", bound).Spec
		if _, _, err := k.Tenants.Put(of("acme"), "acme", tree(t, body)); err != nil {
			t.Errorf("%s: %s", name, explain(err))
		}
		now := k.here.Current().Tenant("acme").Spec
		if !sameBounds(before, now) {
			t.Errorf("%s changed what binds the tenant: %+v", name, now)
		}
	}
	platform := platformOf(t, string(shown))
	for name, body := range map[string]string{
		"another url":      `{"platform": ` + strings.Replace(platform, "bot.example.com", "evil.example.com", 1) + `}`,
		"another path":     `{"platform": ` + strings.Replace(platform, "/resume", "/other", 1) + `}`,
		"another token":    `{"platform": ` + strings.Replace(platform, `"token":"***"`, `"token":"x"`, 1) + `}`,
		"a wrong guess":    `{"platform": ` + strings.Replace(platform, `"token":"***"`, `"token":"canary"`, 1) + `}`,
		"a right guess":    `{"platform": ` + strings.Replace(platform, `"token":"***"`, `"token":"canary-bearer"`, 1) + `}`,
		"another header":   `{"platform": ` + strings.Replace(platform, `"X-P":"***"`, `"X-P":"***","X-Q":"x"`, 1) + `}`,
		"no header":        `{"platform": ` + strings.Replace(platform, `"X-P":"***"`, ``, 1) + `}`,
		"one attempt":      `{"platform": ` + strings.Replace(platform, `"retry":null`, `"retry":{"schedule":[]}`, 1) + `}`,
		"a timeout":        `{"platform": ` + strings.Replace(platform, `"timeout":null`, `"timeout":"1s"`, 1) + `}`,
		"no platform":      `{"platform": null}`,
		"only the url":     `{"platform": {"url": "https://bot.example.com/resume"}}`,
		"no limits":        `{"limits": {}}`,
		"more children":    `{"limits": {"events_per_second": 5, "children": 3}}`,
		"no account keys":  `{"account_keys": []}`,
		"null for a key":   `{"account_keys": null}`,
		"more than before": `{"account_keys": ["k1", "k2"]}`,
		"a parent":         `{"parent": "acme"}`,
	} {
		_, _, err := k.Tenants.Put(of("acme"), "acme", tree(t, body))
		if code(err) != gateway.CodeForbidden {
			t.Errorf("%s: %v, want forbidden", name, err)
		}
	}
	k.sameAfterRestart(resources.File{})
}

func platformOf(t *testing.T, tenant string) string {
	var v struct{ Platform json.RawMessage }
	if err := json.Unmarshal([]byte(tenant), &v); err != nil {
		t.Fatal(err)
	}
	return string(v.Platform)
}

func sameBounds(a, b gateway.Tenant) bool {
	return fmt.Sprintf("%+v", a.Limits) == fmt.Sprintf("%+v", b.Limits) && a.Platform.Auth.Token.Reveal() == b.Platform.Auth.Token.Reveal() &&
		a.Platform.URL == b.Platform.URL && a.Platform.Retry == b.Platform.Retry && a.Parent == b.Parent && slices.Equal(a.AccountKeys, b.AccountKeys)
}

// Who is above a tenant writes its platform and its limits; its account keys are
// the operator's to give, and whether an id or a key is taken elsewhere is not told.
func TestWhatChildrenAreGiven(t *testing.T) {
	k := newKit(t)
	k.tenant("agency", `{"account_keys": ["k1"], "limits": {"children": 3}}`)
	k.tenant("child", `{"parent": "agency", "account_keys": ["k2"], "platform": {"url": "https://bot.example.com/", "auth": {"type": "bearer", "token": "canary"}}}`)
	k.tenant("stranger", `{"account_keys": ["k3"]}`)
	k.tenant("theirs", `{"parent": "stranger"}`)
	refused := map[string]string{}
	for name, c := range map[string]struct {
		by, id, body string
		code         gateway.Code
	}{
		"a platform":             {"agency", "child", `{"parent": "agency", "platform": {"url": "https://other.example.com/", "auth": {"type": "bearer", "token": "its own"}}}`, ""},
		"keys left out":          {"agency", "child", `{"parent": "agency"}`, ""},
		"keys repeated":          {"agency", "child", `{"parent": "agency", "account_keys": ["k2"]}`, ""},
		"keys given":             {"agency", "child", `{"parent": "agency", "account_keys": ["k2", "k9"]}`, gateway.CodeForbidden},
		"keys taken away":        {"agency", "child", `{"parent": "agency", "account_keys": []}`, gateway.CodeForbidden},
		"a key of its own":       {"agency", "fresh", `{"parent": "agency", "account_keys": ["k1"]}`, gateway.CodeForbidden},
		"a key of a stranger":    {"agency", "fresh", `{"parent": "agency", "account_keys": ["k3"]}`, gateway.CodeForbidden},
		"a key of nobody":        {"agency", "fresh", `{"parent": "agency", "account_keys": ["k4"]}`, gateway.CodeForbidden},
		"elsewhere, there":       {"agency", "stranger", `{}`, gateway.CodeForbidden},
		"elsewhere, not there":   {"agency", "nobody", `{}`, gateway.CodeForbidden},
		"below, but theirs":      {"agency", "theirs", `{"parent": "agency"}`, gateway.CodeForbidden},
		"below a stranger":       {"agency", "fresh", `{"parent": "stranger"}`, gateway.CodeForbidden},
		"below nobody":           {"agency", "fresh", `{"parent": "nobody"}`, gateway.CodeForbidden},
		"its own parent":         {"child", "agency", `{}`, gateway.CodeForbidden},
		"by a deleted one's":     {"gone", "gone", `{}`, gateway.CodeForbidden},
		"below a deleted one":    {"gone", "fresh", `{"parent": "gone"}`, gateway.CodeInvalidField},
		"a faulty one elsewhere": {"agency", "stranger", `{"nmae": 1}`, gateway.CodeForbidden},
	} {
		_, _, err := k.Tenants.Put(of(c.by), c.id, tree(t, c.body))
		if code(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if err != nil {
			refused[name] = explain(err)
		}
	}
	for _, alike := range [][]string{
		{"elsewhere, there", "elsewhere, not there", "below, but theirs", "below a stranger", "below nobody", "its own parent", "a faulty one elsewhere"},
		{"a key of its own", "a key of a stranger", "a key of nobody"},
	} {
		for _, one := range alike {
			if refused[one] != refused[alike[0]] {
				t.Errorf("%s is told apart: %s; and %s: %s", one, refused[one], alike[0], refused[alike[0]])
			}
		}
	}
	if k.here.Current().Tenant("fresh") != nil {
		t.Error("a refused tenant was made")
	}
}

// limits.children counts the whole tree, and binds tenants' tokens alone.
func TestChildrenAreCounted(t *testing.T) {
	k := newKit(t)
	k.tenant("agency", `{"limits": {"children": 3}}`)
	k.tenant("other", `{}`)
	put := func(by, id, parent, limits string) []string {
		_, _, err := k.Tenants.Put(of(by), id, tree(t, `{"parent": "`+parent+`"`+limits+`}`))
		if err != nil && code(err) != gateway.CodeInvalidField {
			t.Errorf("%s by %s: %v", id, by, err)
		}
		return paths(err)
	}
	over := []string{"parent"}
	if p := append(append(put("agency", "a", "agency", ""), put("a", "b", "a", "")...), put("agency", "c", "agency", `, "limits": {"children": 0}`)...); p != nil {
		t.Errorf("three below agency: %q", p)
	}
	if p := put("agency", "d", "agency", ""); !slices.Equal(p, over) {
		t.Errorf("a fourth: %q", p)
	}
	if p := put("a", "d", "b", ""); !slices.Equal(p, over) {
		t.Errorf("a fourth, two levels below: %q", p)
	}
	if p := put("a", "b", "a", `, "name": "again"`); p != nil {
		t.Errorf("one that is there is written: %q", p)
	}
	if p := put("agency", "b", "c", ""); !slices.Equal(p, over) {
		t.Errorf("one that is moved to where none may be: %q", p)
	}
	if p := put("agency", "b", "agency", ""); p != nil {
		t.Errorf("one that is moved within: %q", p)
	}
	k.tenant("d", `{"parent": "agency"}`) // the operator may
	for i := range gateway.DefaultChildren {
		if p := put("other", fmt.Sprintf("o%d", i), "other", ""); p != nil {
			t.Fatalf("below other, %d: %q", i, p)
		}
	}
	if p := put("other", "more", "o1", ""); !slices.Equal(p, over) {
		t.Errorf("more than the default: %q", p)
	}
	k.sameAfterRestart(resources.File{})
}
