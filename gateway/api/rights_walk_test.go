package api_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hookgate/gateway"
)

// Whatever tenants' tokens write, in whatever order: nothing outside of their tree
// changes, none of what binds them does, no account key is given or taken, no secret
// that they were not shown goes to another host, and nothing of others is shown.
func TestNoWalkLeavesTheTree(t *testing.T) {
	k, _ := withTree(t)
	k.want(200, "PUT", "/v1/tenants/agency", `{"headers": {"X-G": "canary-agency"}, "account_keys": ["g"]}`)
	k.want(200, "PUT", "/v1/tenants/rival", `{"headers": {"X-R": "canary-rival"}, "account_keys": ["r"], "platform": {"url": "https://bot.example.com/"}}`)
	k.want(201, "PUT", "/v1/tenants/rival/endpoints/crm", `{"url": "https://crm.example.com/", "token": "canary-rival"}`)
	k.want(201, "PUT", "/v1/tenants/rival/sources/s", payments)
	rapid.Check(t, func(rt *rapid.T) {
		w := k.walkers(rt)
		before := k.outside()
		bound := k.here.Current().Tenant("acme").Spec
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			w.step(rt)
		}
		if after := k.outside(); after != before {
			rt.Fatalf("outside of the tree it was\n%s\nand is\n%s", before, after)
		}
		if now := k.here.Current().Tenant("acme"); now != nil {
			same := []any{now.Spec.Parent, now.Spec.Limits, now.Spec.AccountKeys, now.Spec.Platform}
			if was := []any{bound.Parent, bound.Limits, bound.AccountKeys, bound.Platform}; !reflect.DeepEqual(same, was) {
				rt.Fatalf("what binds acme was %+v, is %+v", was, same)
			}
		}
		k.secretsStay(rt)
	})
}

// acmeWhole is acme with all that its own token may not write, and a secret on each
// way out.
const acmeWhole = `{"name": "Acme", "parent": "agency", "account_keys": ["acme's"], "limits": {"waits_open": 50, "children": 3},
	"platform": {"url": "https://bot.example.com/resume", "auth": {"type": "bearer", "token": "canary-bearer"}, "headers": {"X-P": "canary-platform"}}}`

type walkers struct {
	*kit
	tokens []string
}

// walkers puts the tree as it was, and gives the tokens that walk in it.
func (k *kit) walkers(rt *rapid.T) *walkers {
	for _, id := range []string{"fresh", "fresh2", "shop", "acme"} {
		k.do("DELETE", "/v1/tenants/"+id, "")
	}
	for _, part := range [][2]string{
		{"", acmeWhole},
		{"/endpoints/crm", `{"url": "https://crm.example.com/a", "event_types": ["none"], "auth": {"type": "bearer", "token": "canary-crm"}, "sign": {"type": "none"}}`},
		{"/webhooks/bank", `{"url": "https://bank.example.com/a", "profile": "chatbot", "token": "canary-bank"}`},
	} {
		if g := k.do("PUT", v1Acme+part[0], part[1]); g.status > 201 {
			rt.Fatalf("PUT %s: %d %s", part[0], g.status, g.text)
		}
	}
	if g := k.do("PUT", "/v1/tenants/shop", `{"parent": "acme", "account_keys": ["s"], "platform": {"url": "https://bot.example.com/", "auth": {"type": "bearer", "token": "canary-shop"}}}`); g.status > 201 {
		rt.Fatalf("PUT shop: %s", g.text)
	}
	return &walkers{k, []string{k.token("tenant", "acme"), k.token("tenant", "shop")}}
}

var (
	walkIDs   = []string{"acme", "shop", "agency", "rival", "filed", "fresh", "fresh2", "nobody"}
	walkParts = []string{"", "", "/endpoints/crm", "/endpoints/new", "/webhooks/bank", "/webhooks/new", "/sources/s", "/waits", "/events", "/deliveries",
		"/endpoints/crm/pause", "/endpoints/crm/rotate-secret", "/endpoints/crm/test", "/deliveries/replay", "/endpoints", "/webhooks", "/conversations/c"}
	walkBodies = []string{
		`{}`, `{"parent": "acme"}`, `{"parent": "shop"}`, `{"parent": "rival"}`, `{"parent": "agency"}`, `{"parent": "nobody"}`, acmeWhole,
		`{"parent": "acme", "account_keys": ["r"]}`, `{"parent": "acme", "account_keys": ["new"]}`, `{"parent": "agency", "account_keys": ["acme's", "new"]}`,
		`{"parent": "acme", "platform": {"url": "https://evil.example.com/", "auth": {"type": "bearer", "token": "***"}}}`,
		`{"parent": "agency", "platform": {"url": "https://evil.example.com/", "auth": {"type": "bearer", "token": "***"}}}`,
		`{"platform": {"url": "https://bot.example.com/resume", "auth": {"type": "bearer", "token": "***"}, "headers": {"X-P": "***"}}}`,
		`{"parent": "acme", "limits": {"waits_open": 1000}}`, `{"limits": {}}`, `{"parent": "acme", "headers": {"X-A": "***"}}`,
		`{"url": "https://evil.example.com/a", "auth": {"type": "bearer", "token": "***"}}`, `{"url": "https://crm.example.com/b", "auth": {"type": "bearer", "token": "***"}}`,
		`{"url": "https://evil.example.com/a", "profile": "chatbot", "token": "***"}`, `{"url": "https://bank.example.com/b", "profile": "chatbot", "token": "***"}`,
		`{"url": "https://{{ host }}/a", "headers": {"X-T": "***"}}`, `{"name": "N", "url": "https://evil.example.com/", "token": "***"}`,
		payments, `{"source": "s", "conversation_key": "c", "mode": "poll"}`, `{"events": [{"event": {"type": "none"}}]}`,
		`{"endpoint": "_platform"}`, `{"endpoint": "crm"}`, `{"event_type": "none"}`, `{"scope": "admin"}`, `{"scope": "tenant", "tenant": "rival"}`,
	}
	// walkAttacks fit together: each would do harm were it not refused.
	walkAttacks = [][2]string{
		{"acme", `{"platform": {"url": "https://evil.example.com/", "auth": {"type": "bearer", "token": "***"}}}`},
		{"acme", `{"limits": {"children": 100}}`}, {"acme", `{"account_keys": []}`}, {"acme", `{"parent": ""}`}, {"acme", `{"platform": null}`},
		{"shop", `{"parent": "acme", "platform": {"url": "https://evil.example.com/", "auth": {"type": "bearer", "token": "***"}}}`},
		{"shop", `{"parent": "acme", "account_keys": ["new"]}`}, {"fresh", `{"parent": "acme", "account_keys": ["new"]}`},
		{"fresh", `{"parent": "rival"}`}, {"fresh", `{}`}, {"rival", `{"parent": "acme"}`}, {"agency", `{"parent": "acme"}`},
		{"acme/endpoints/crm", `{"url": "https://evil.example.com/", "auth": {"type": "bearer", "token": "***"}}`},
		{"acme/webhooks/bank", `{"url": "https://evil.example.com/", "profile": "chatbot", "token": "***"}`},
		{"acme/webhooks/bank", `{"url": "https://{{ host }}/", "auth": {"type": "bearer", "token": "***"}}`},
		{"rival/endpoints/crm", `{"url": "https://evil.example.com/", "token": "***"}`}, {"rival/sources/s", payments},
	}
	walkElse = []string{"/v1/tokens", "/v1/reload", "/v1/events", "/v1/tenants", "/v2/integrations/webhook", "/v1/openapi.yaml"}
)

// step makes one call, and looks at what its answer shows.
func (w *walkers) step(rt *rapid.T) {
	token := rapid.SampledFrom(w.tokens).Draw(rt, "token")
	method := rapid.SampledFrom([]string{"GET", "PUT", "PUT", "PUT", "POST", "POST", "DELETE"}).Draw(rt, "method")
	path := "/v1/tenants/" + rapid.SampledFrom(walkIDs).Draw(rt, "tenant") + rapid.SampledFrom(walkParts).Draw(rt, "part")
	if rapid.IntRange(0, 9).Draw(rt, "else") == 0 {
		path = rapid.SampledFrom(walkElse).Draw(rt, "path")
	}
	body := rapid.SampledFrom(walkBodies).Draw(rt, "body")
	if rapid.IntRange(0, 3).Draw(rt, "attack") == 0 {
		attack := rapid.SampledFrom(walkAttacks).Draw(rt, "attacks")
		method, path, body = "PUT", "/v1/tenants/"+attack[0], attack[1]
	}
	g, err := w.try(token, method, path, body)
	if err != nil {
		rt.Fatal(err)
	}
	for len(w.opened) > 0 {
		<-w.opened
	}
	if strings.Contains(g.text, "canary") || g.status >= 500 {
		rt.Fatalf("%s %s %s: %d %s", method, path, body, g.status, g.text)
	}
}

// outside is all that an admin sees of who does not lie below acme.
func (k *kit) outside() string {
	var text strings.Builder
	for _, id := range []string{"agency", "rival", "filed"} {
		for _, of := range []string{"", "/sources", "/endpoints", "/webhooks", "/waits", "/events", "/deliveries"} {
			fmt.Fprintln(&text, k.want(200, "GET", "/v1/tenants/"+id+of, "").text)
		}
	}
	for t := range k.here.Current().Tenants() {
		if !k.here.Current().Under(t.ID, "acme") {
			fmt.Fprintln(&text, t.ID, t.Spec.Parent, t.Spec.AccountKeys)
		} else if keys := map[string][]string{"acme": {"acme's"}, "shop": {"s"}}[t.ID]; !slices.Equal(keys, t.Spec.AccountKeys) && len(t.Spec.AccountKeys) > 0 {
			fmt.Fprintln(&text, t.ID, "was given", t.Spec.AccountKeys)
		}
	}
	return text.String()
}

// secretsStay looks where each secret that no token was shown now goes.
func (k *kit) secretsStay(rt *rapid.T) {
	for t := range k.here.Current().Tenants() {
		var sent [][2]string // url, and a secret that goes there
		if p := t.Spec.Platform; p != nil {
			sent = append(sent, [2]string{p.URL, p.Auth.Token.Reveal()})
			for _, h := range p.Headers {
				sent = append(sent, [2]string{p.URL, h.Value.Reveal()})
			}
		}
		for _, e := range t.Endpoints() {
			sent = append(sent, [2]string{e.Spec.URL, e.Spec.Auth.Token.Reveal()}, [2]string{e.Spec.URL, e.Spec.Token.Reveal()})
		}
		for _, h := range t.Webhooks() {
			sent = append(sent, [2]string{h.Spec.URL, h.Spec.Auth.Token.Reveal()}, [2]string{h.Spec.URL, h.Spec.Token.Reveal()})
		}
		for _, s := range sent {
			if s[1] == gateway.Masked || strings.Contains(s[1], "canary") && !strings.Contains(s[0], "bot.example.com") && !strings.Contains(s[0], "crm.example.com") && !strings.Contains(s[0], "bank.example.com") {
				rt.Fatalf("%s is sent to %s by %s", s[1], s[0], t.ID)
			}
		}
	}
}
