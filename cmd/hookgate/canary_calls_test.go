package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// hook is a webhook with a secret wherever one may be; text has %s for the base of
// its backend's url, and then one %q for each secret.
type hook struct {
	name, text string
	secrets    []string // what each is called; a header is shown to those who edit it
}

var hooks = []hook{
	{"basic", `{ "url": "%s/{{ way }}", "auth": { "type": "basic", "username": "clinic", "password": %q }, "headers": { "X-Hook": %q } }`, []string{"word", "header"}},
	{"bearer", `{ "url": "%s/{{ way }}", "mode": "async", "body": { "way": "{{ way }}" }, "auth": { "type": "bearer", "token": %q }, "headers": { "X-Hook": %q },
        "sign": { "type": "standard", "secrets": [%q] }, "retry": { "schedule": ["1ms"] } }`, []string{"token", "header", "whsec"}},
	{"signed", `{ "url": "%s/{{ way }}", "method": "POST", "auth": { "type": "header", "name": "X-Key", "value": %q },
        "sign": { "type": "hmac", "header": "X-Sig", "secrets": [%q] } }`, []string{"key", "secret"}},
	{"faulty", `{ "url": "%s/{{ way }}", "headers": { "X-Hook": %q, "X-Fault": "{{ way * 2 }}" } }`, []string{"header"}},
	{"chat", `{ "profile": "chatbot", "url": "%s/good", "token": %q, "headers": { "X-Hook": %q }, "auth": { "type": "basic", "username": "clinic", "password": %q } }`,
		[]string{"token", "header", "word"}},
	{"mute", `{ "profile": "chatbot", "url": "%s/text", "token": %q }`, []string{"token"}},
	{"dead", `{ "profile": "chatbot", "url": "%s/", "token": %q }`, []string{"token"}}, // nobody listens there
}

// called is what a secret of a tenant's webhook is called. The name has to be short
// to be another one's than every other.
func (h hook) called(tenant, secret string) string { return tenant + " " + h.name + " " + secret }

// write writes the webhook with its secrets as secret gives them.
func (h hook) write(n *nest, tenant string, secret func(name, prefix string) string) string {
	base := n.backend.URL
	if h.name == "dead" {
		base = "http://" + closedPort(n.t)
	}
	args := []any{base}
	for _, s := range h.secrets {
		prefix := ""
		if s == "whsec" {
			prefix = "whsec_"
		}
		args = append(args, secret(h.called(tenant, s), prefix))
	}
	return fmt.Sprintf(h.text, args...)
}

// canaryBackend answers by path, and proves the connections of one.
func canaryBackend(q gatewaytest.Received) gatewaytest.Reply {
	u, err := url.Parse(q.Path)
	if err != nil {
		return gatewaytest.Reply{Status: http.StatusBadRequest}
	}
	switch {
	case u.Path == "/good" && u.Query().Has("challenge"):
		return gatewaytest.Reply{Body: u.Query().Get("challenge")}
	case u.Path == "/good":
		return gatewaytest.Reply{Body: `{"attributes":{"mood":"good"}}`}
	case u.Path == "/text":
		return gatewaytest.Reply{Body: "<html>"}
	}
	return gatewaytest.Reply{Status: http.StatusInternalServerError, Body: "not today"}
}

const canaryConnection = `{ "name": "canary", "storyId": "0123456789abcdef01234567", "url": %q, "token": %q, "headers": { "X-Hook": %q }, "auth": { "username": "clinic", "password": %q } }`

// connect makes a connection of beta, and fails to make another.
func (n *nest) connect(tenant *program.Client) {
	n.t.Helper()
	const path = "/v2/integrations/webhook"
	a := n.want(201, "tenant", tenant, "POST", path, fmt.Sprintf(canaryConnection, n.backend.URL+"/good",
		n.plant("beta v2 token", ""), n.plant("beta v2 header", ""), n.plant("beta v2 word", "")))
	if n.connection = a.Field("id"); n.connection == "" {
		n.t.Fatalf("no id of a connection: %s", a)
	}
	unproven := n.plant("an unproven token", "")
	for _, base := range []string{n.backend.URL + "/text", "http://" + closedPort(n.t), "https://user:" + unproven + "@crm.example"} {
		a := n.call("tenant", tenant, "POST", path, fmt.Sprintf(canaryConnection, base, unproven, unproven, unproven))
		if a.Status/100 != 4 {
			n.t.Errorf("a connection to %s: %s", base, a)
		}
	}
}

// calls calls and runs each webhook in all ways that it can end.
func (n *nest) calls(tenant string, clients map[string]*program.Client) {
	n.t.Helper()
	for who, client := range clients {
		for _, h := range hooks {
			for _, way := range []string{"good", "bad", "text"} {
				n.calledOnce(tenant, h.name, who, client, way)
			}
		}
	}
}

// calledOnce makes a call and a run of a webhook. The outcome of an async call is
// awaited.
func (n *nest) calledOnce(tenant, webhook, who string, client *program.Client, way string) {
	n.t.Helper()
	path := "/v1/tenants/" + tenant + "/webhooks/" + webhook
	body := `{"conversation_key":"called","variables":{"way":"` + way + `"}}`
	n.want(200, who, client, "POST", path+"/run", body)
	a := n.call(who, client, "POST", path+"/call", body)
	if a.Status == 200 && webhook != "bearer" {
		return
	}
	if a.Status != 202 || webhook != "bearer" {
		n.t.Fatalf("POST %s/call as %s: %s", path, who, a)
	}
	if _, err := n.platform.Await(n.t.Context(), func(q gatewaytest.Received) bool {
		return strings.Contains(string(q.Body), a.Field("id"))
	}); err != nil {
		n.t.Fatal(err)
	}
}

// badHooks sends webhooks with secrets in them that are refused for something else.
func (n *nest) badHooks(admin *program.Client) {
	n.t.Helper()
	s := n.plant("a secret in a bad hook", "whsec_")
	for _, body := range []string{
		`{"url":"https://user:` + s + `@crm.example/"}`,
		`{"url":"https://crm.example/","headers":{"X-Hook":"` + s + `{{ x"}}`,
		`{"url":"https://crm.example/","headers":{"X-Hook":"{{ '` + s + `' | nonesuch }}"}}`,
		`{"url":"https://crm.example/","headers":{"X-Hook":"{{ '` + s + `' + }}"}}`,
		`{"url":"https://crm.example/","headers":{"X-Hook":"` + s + `\r\nX-More: 1"}}`,
		`{"url":"https://crm.example/","headers":{"Host":"` + s + `"}}`,
		`{"url":"https://crm.example/","auth":{"type":"bearer","token":"` + s + `\n"}}`,
		`{"url":"https://crm.example/","auth":{"type":"digest","token":"` + s + `"}}`,
		`{"url":"https://crm.example/","token":"` + s + `"}`,
		`{"url":"https://crm.example/","sign":{"type":"standard","secrets":["?` + s + `"]}}`,
		`{"url":"https://crm.example/","sign":{"type":"hmac","header":"X Sig","secrets":["` + s + `"]}}`,
		`{"url":"https://crm.example/","headers":{"X-Hook":"` + s,
	} {
		if a := n.call("admin", admin, "PUT", "/v1/tenants/beta/webhooks/bad", body); a.Status != 422 && a.Status != 400 {
			n.t.Errorf("PUT %s: %s", body, a)
		}
	}
}

// hookPaths are where what belongs to webhooks and calls is read.
func (n *nest) hookPaths(tenant string) []string {
	base := "/v1/tenants/" + tenant
	paths := []string{base + "/webhooks", base + "/conversations/called", base + "/webhooks/" + n.connection}
	for _, h := range hooks {
		paths = append(paths, base+"/webhooks/"+h.name)
	}
	return append(paths, "/v2/integrations/webhook", "/v2/integrations/webhook/"+n.connection)
}

// lookAtBackends makes sure that the secrets of webhooks went where they belong, and
// that no notice tells of them.
func (n *nest) lookAtBackends() {
	n.t.Helper()
	sent := map[string]bool{}
	for _, q := range n.backend.Got() {
		u, err := url.Parse(q.Path)
		if err != nil {
			n.t.Fatal(err)
		}
		sent[u.Query().Get("token")] = true
		for _, values := range q.Header {
			sent[strings.TrimPrefix(values[0], "Bearer ")] = true
		}
		n.look(n.t, "the body of a call", q.Body)
	}
	for _, tenant := range []string{"acme", "beta"} {
		word := n.canaries[tenant+" basic word"]
		for name, want := range map[string]string{
			"basic": "Basic " + base64.StdEncoding.EncodeToString([]byte("clinic:"+word)), "bearer": n.canaries[tenant+" bearer token"],
			"header": n.canaries[tenant+" chat header"], "key": n.canaries[tenant+" signed key"], "token": n.canaries[tenant+" chat token"],
			"tenant": n.canaries[tenant+"'s header"],
		} {
			if !sent[want] {
				n.t.Errorf("the backend never got %s's %s: this test proves nothing", tenant, name)
			}
		}
	}
	notices := 0
	for _, q := range n.platform.Got() {
		n.look(n.t, "a notice", q.Body)
		if strings.Contains(string(q.Body), `"type":"call.finished"`) {
			notices++
		}
	}
	if notices == 0 {
		n.t.Error("the platform was told of no call")
	}
}

// TestNoValueOfACallAboveDebug: what a flow sends and a backend answers is theirs.
func TestNoValueOfACallAboveDebug(t *testing.T) {
	t.Parallel()
	const said = "what-the-flow-said"
	backend := gatewaytest.NewReceiver(t)
	backend.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		if strings.Contains(q.Path, "bad") {
			return gatewaytest.Reply{Status: 500, Body: said}
		}
		return gatewaytest.Reply{Body: `{"said":"` + said + `"}`}
	})
	p := program.Start(t, program.Options{Config: fmt.Sprintf(`
egress: { allow: [127.0.0.0/8] }
tenants:
  acme:
    webhooks:
      lookup: { url: "%[1]s/{{ way }}/{{ text }}", headers: { X-Text: "{{ text }}" }, response: { variables: [{ name: said, path: said, type: number, required: true }] } }
      other:  { url: "http://{{ text }}.invalid/" }
`, backend.URL)})
	for _, way := range []string{"good", "bad"} {
		p.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/lookup/call", `{"conversation_key":"k","variables":{"way":"`+way+`","text":"`+said+`"}}`)
	}
	p.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/other/call", `{"conversation_key":"k","variables":{"text":"`+said+`"}}`)
	p.Terminate(t)
	log := p.Log.Text()
	if strings.Contains(log, said) {
		t.Errorf("a value is in the log:\n%s", log)
	}
	if !strings.Contains(log, `"reason":"status"`) {
		t.Errorf("the log does not even tell of the failure:\n%s", log)
	}
}
