package inbound_test

import (
	"strings"
	"testing"

	"hookgate/gateway"
)

// Who only looks takes, parks and remembers nothing, whoever may call and wherever the
// key is: link scanners ask by HEAD for what people send each other (case c12).
func TestLookingTakesNothing(t *testing.T) {
	secrets := []gateway.Secret{"c2VjcmV0IG9mIGEgcHJvdmlkZXIh"}
	verifies := map[string]gateway.Verify{
		"none": anybody, "bearer": {Type: "bearer", Secrets: secrets}, "basic": {Type: "basic", Username: "u", Password: "p"},
		"token":  {Type: "token", In: "query", Name: "key", Secrets: secrets},
		"stripe": {Type: "stripe", Secrets: secrets}, "github": {Type: "github", Secrets: secrets}, "twilio": {Type: "twilio", Secrets: secrets},
		"slack": {Type: "slack", Secrets: secrets}, "standard": {Type: "standard", Secrets: secrets}, "square": {Type: "square", Secrets: secrets},
		"meta": {Type: "meta", Secrets: secrets, VerifyToken: "v"}, "lark": {Type: "lark", Secrets: secrets, VerificationToken: "v"},
		"hmac": {Type: "hmac", Header: "X-Sig", Algorithm: "sha256", Secrets: secrets},
	}
	sources := map[string]gateway.Source{
		"path": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "path"}},
		"all":  {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "query", Path: "chat"}, Methods: []string{"HEAD", "OPTIONS", "GET"}, Dedupe: gateway.Dedupe{ID: "query:id"}},
		"off":  {Verify: anybody, Enabled: number(false)},
		"slow": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "query", Path: "chat"}, RateLimit: &gateway.Rate{PerSecond: 0.001, Burst: 1}},
	}
	for name, v := range verifies {
		sources[name] = gateway.Source{Verify: v, ConversationKey: gateway.KeyPlace{In: "query", Path: "chat"}}
	}
	k := newKit(t, sources)
	for source := range verifies {
		k.looks(t, "/hooks/acme/"+source+"?chat=c1&key=c2VjcmV0IG9mIGEgcHJvdmlkZXIh", "GET, POST, PUT, PATCH, HEAD, OPTIONS")
	}
	k.open("path", "c1")
	k.open("all", "c1")
	k.open("slow", "c1")
	k.looks(t, "/hooks/acme/path/c1", "GET, POST, PUT, PATCH, HEAD, OPTIONS")
	k.looks(t, "/hooks/acme/path", "GET, POST, PUT, PATCH, HEAD, OPTIONS")
	k.looks(t, "/hooks/acme/path/", "GET, POST, PUT, PATCH, HEAD, OPTIONS")
	k.looks(t, "/hooks/acme/all?chat=c1&id=7", "HEAD, OPTIONS, GET")
	for range 3 {
		k.looks(t, "/hooks/acme/slow?chat=c1", "GET, POST, PUT, PATCH, HEAD, OPTIONS")
	}
	if k.failed != 0 {
		t.Errorf("%d verifications failed: nobody was to be verified", k.failed)
	}
	for _, p := range []post{{path: "/hooks/acme/path/c1"}, {method: "GET", path: "/hooks/acme/all?chat=c1&id=7"}, {path: "/hooks/acme/slow?chat=c1"}} {
		if a := k.send(p); a.outcome != "resumed" {
			t.Errorf("%s afterwards: %d %s", p.path, a.status, a.raw)
		}
	}
	if a := k.send(post{method: "DELETE", path: "/hooks/acme/all?chat=c1"}); a.status != 405 || a.header.Get("Allow") != "HEAD, OPTIONS, GET" {
		t.Errorf("DELETE: %d, Allow %q", a.status, a.header.Get("Allow"))
	}
	for _, path := range []string{"/hooks/acme/nothing", "/hooks/nobody/path", "/hooks/acme/off", "/hooks/acme/nothing/c1"} {
		for _, method := range []string{"HEAD", "OPTIONS"} {
			if a := k.send(post{method: method, path: path}); a.status != 404 || method == "HEAD" && a.raw != "" || a.header.Get("Allow") != "" {
				t.Errorf("%s %s: %d %q, Allow %q", method, path, a.status, a.raw, a.header.Get("Allow"))
			}
		}
	}
}

// looks asks by HEAD and OPTIONS, with a body and without.
func (k *kit) looks(t *testing.T, path, allow string) {
	t.Helper()
	for _, body := range []string{"", `{"conversation_key":"c1"}`} {
		head := k.send(post{method: "HEAD", path: path, kind: asJSON, body: body})
		if head.status != 200 || head.raw != "" || head.outcome != "handshake" {
			t.Errorf("HEAD %s: %d %s %q", path, head.status, head.outcome, head.raw)
		}
		options := k.send(post{method: "OPTIONS", path: path, kind: asJSON, body: body})
		if options.status != 204 || options.raw != "" || options.header.Get("Allow") != allow {
			t.Errorf("OPTIONS %s: %d %q, Allow %q", path, options.status, options.raw, options.header.Get("Allow"))
		}
		for name := range options.header {
			if strings.HasPrefix(name, "Access-Control-") || name == "Vary" {
				t.Errorf("OPTIONS %s: %s without cors", path, name)
			}
		}
	}
}

// A page of an allowed origin may call and read every answer, one of another may not,
// and no credential of the browser ever counts.
func TestSharing(t *testing.T) {
	const shop = "https://shop.example.com"
	strict := gateway.Verify{Type: "token", In: "header", Name: "X-Token", Secrets: []gateway.Secret{"let me in, please"}}
	k := newKit(t, map[string]gateway.Source{
		"some": {Verify: strict, CORS: &gateway.CORS{Origins: gateway.Texts{"HTTPS://Shop.Example.com:443", "http://a.test:8080"}, Headers: gateway.Texts{"Content-Type", "X-Token"}}},
		"any":  {Verify: anybody, Methods: []string{"POST"}, CORS: &gateway.CORS{Origins: gateway.Texts{"*"}}},
		"hub":  {Verify: anybody, CORS: &gateway.CORS{Origins: gateway.Texts{"*"}}, Handshake: &gateway.Handshake{Type: "cloudevents", Origins: gateway.Texts{"grid.test"}}},
	})
	body := `{"conversation_key":"c1"}`
	for name, c := range map[string]struct {
		post   post
		status int
		shared string // Access-Control-Allow-Origin
		fields map[string]string
	}{
		"asked before": {post{method: "OPTIONS", path: "/hooks/acme/some", header: map[string]string{"Origin": shop, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-token"}}, 204, shop,
			map[string]string{"Access-Control-Allow-Methods": "GET, POST, PUT, PATCH", "Access-Control-Allow-Headers": "Content-Type, X-Token", "Access-Control-Max-Age": "600", "Allow": "GET, POST, PUT, PATCH, HEAD, OPTIONS"}},
		"asked by another": {post{method: "OPTIONS", path: "/hooks/acme/some", header: map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}}, 204, "",
			map[string]string{"Access-Control-Allow-Methods": "", "Access-Control-Allow-Headers": "", "Access-Control-Max-Age": "", "Allow": "GET, POST, PUT, PATCH, HEAD, OPTIONS"}},
		"another scheme":  {post{method: "OPTIONS", path: "/hooks/acme/some", header: map[string]string{"Origin": "http://shop.example.com"}}, 204, "", nil},
		"another port":    {post{method: "OPTIONS", path: "/hooks/acme/some", header: map[string]string{"Origin": "http://a.test"}}, 204, "", nil},
		"no origin":       {post{method: "OPTIONS", path: "/hooks/acme/any"}, 204, "", nil},
		"null":            {post{method: "OPTIONS", path: "/hooks/acme/some", header: map[string]string{"Origin": "null"}}, 204, "", nil},
		"taken":           {post{path: "/hooks/acme/some", kind: asJSON, body: body, header: map[string]string{"Origin": shop, "X-Token": "let me in, please"}}, 202, shop, map[string]string{"Access-Control-Expose-Headers": "Hookgate-Outcome, Retry-After"}},
		"refused":         {post{path: "/hooks/acme/some", kind: asJSON, body: body, header: map[string]string{"Origin": shop}}, 401, shop, nil},
		"by another":      {post{path: "/hooks/acme/some", kind: asJSON, body: body, header: map[string]string{"Origin": "https://evil.example", "X-Token": "let me in, please"}}, 200, "", nil},
		"looked at":       {post{method: "HEAD", path: "/hooks/acme/some", header: map[string]string{"Origin": shop}}, 200, shop, nil},
		"anybody":         {post{path: "/hooks/acme/any", kind: asJSON, body: body, header: map[string]string{"Origin": shop}}, 202, "*", nil},
		"a wrong method":  {post{method: "PUT", path: "/hooks/acme/any", header: map[string]string{"Origin": shop}}, 405, "*", map[string]string{"Allow": "POST"}},
		"asked of POST":   {post{method: "OPTIONS", path: "/hooks/acme/any", header: map[string]string{"Origin": shop}}, 204, "*", map[string]string{"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}},
		"a sender's hand": {post{method: "OPTIONS", path: "/hooks/acme/hub", header: map[string]string{"WebHook-Request-Origin": "grid.test"}}, 200, "", map[string]string{"Webhook-Allowed-Origin": "grid.test", "Allow": "GET, POST, PUT, PATCH, HEAD, OPTIONS"}},
		"another's hand":  {post{method: "OPTIONS", path: "/hooks/acme/hub", header: map[string]string{"WebHook-Request-Origin": "evil.test"}}, 403, "", map[string]string{"Webhook-Allowed-Origin": ""}},
		"not a hand":      {post{method: "OPTIONS", path: "/hooks/acme/hub"}, 204, "", map[string]string{"Webhook-Allowed-Origin": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "by another" { // it is a duplicate of what was taken, or the first
				k.send(post{path: "/hooks/acme/some", kind: asJSON, body: body, header: map[string]string{"X-Token": "let me in, please"}})
			}
			a := k.send(c.post)
			if a.status != c.status && !(name == "taken" && a.status == 200) || a.header.Get("Access-Control-Allow-Origin") != c.shared {
				t.Errorf("%d, shared with %q: want %d, %q", a.status, a.header.Get("Access-Control-Allow-Origin"), c.status, c.shared)
			}
			if vary := a.header.Values("Vary"); len(vary) != 1 || vary[0] != "Origin" || a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("Vary %q, credentials %q", vary, a.header.Get("Access-Control-Allow-Credentials"))
			}
			for field, want := range c.fields {
				if got := a.header.Get(field); got != want {
					t.Errorf("%s is %q, want %q", field, got, want)
				}
			}
		})
	}
}

// Codings, media types and schemes of authorization have no case (case c02).
func TestNamesOfCallbacksHaveNoCase(t *testing.T) {
	secret := []gateway.Secret{"let me in, please"}
	k := newKit(t, map[string]gateway.Source{
		"open":   {Verify: anybody},
		"bearer": {Verify: gateway.Verify{Type: "bearer", Secrets: secret}},
		"basic":  {Verify: gateway.Verify{Type: "basic", Username: "u", Password: "p"}},
	})
	body := `{"conversation_key":"c1"}`
	for name, p := range map[string]post{
		"gzip":      {path: "/hooks/acme/open", kind: asJSON, body: zipped(body), header: map[string]string{"Content-Encoding": "GZIP"}},
		"x-gzip":    {path: "/hooks/acme/open", kind: asJSON, body: zipped(body), header: map[string]string{"Content-Encoding": "X-Gzip"}},
		"identity":  {path: "/hooks/acme/open", kind: asJSON, body: body, header: map[string]string{"Content-Encoding": "Identity"}},
		"json":      {path: "/hooks/acme/open", kind: "Application/JSON; Charset=UTF-8", body: body},
		"+json":     {path: "/hooks/acme/open", kind: "APPLICATION/VND.X+JSON", body: body},
		"form":      {path: "/hooks/acme/open", kind: "Application/X-WWW-Form-URLencoded", body: "conversation_key=c1"},
		"multipart": {path: "/hooks/acme/open", kind: "Multipart/Form-Data; Boundary=x", body: "--x\r\nContent-Disposition: Form-Data; Name=\"conversation_key\"\r\n\r\nc1\r\n--x--\r\n"},
		"bearer":    {path: "/hooks/acme/bearer", kind: asJSON, body: body, header: map[string]string{"Authorization": "bEARER let me in, please"}},
		"basic":     {path: "/hooks/acme/basic", kind: asJSON, body: body, header: map[string]string{"Authorization": "BASIC dTpw"}},
		"a url":     {path: "/hooks/acme/open", kind: asJSON, body: `{"conversation_key":"HTTPS://App.Example/c/c1/?x=1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			source := strings.TrimPrefix(p.path, "/hooks/acme/")
			k.open(source, "c1")
			if a := k.send(p); a.outcome != "resumed" {
				t.Errorf("%d %s", a.status, a.raw)
			}
		})
	}
}
