package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// nest is a gateway full of canaries.
type nest struct {
	*program.Program
	canaries
	t          *testing.T
	platform   *gatewaytest.Receiver
	backend    *gatewaytest.Receiver // of webhooks
	upstream   *gatewaytest.Receiver // of routes
	connection string                // the id of one
	answers    []recorded
}

// recorded is one answer, with who was told.
type recorded struct {
	what, who string
	ofCall    bool // or of a run, where nobody is shown a secret
	text      []byte
}

// call asks as somebody, keeps the whole answer, and gives it.
func (n *nest) call(who string, c *program.Client, method, path string, body any, fields ...string) program.Answer {
	n.t.Helper()
	a := c.Must(n.t, nil, method, path, body, fields...)
	var text bytes.Buffer
	if err := a.Header.Write(&text); err != nil {
		n.t.Fatal(err)
	}
	text.Write(a.Body)
	n.answers = append(n.answers, recorded{
		what: fmt.Sprintf("%s %s as %s (%d)", method, path, who, a.Status), who: who, text: text.Bytes(),
		ofCall: strings.HasSuffix(path, "/call") || strings.HasSuffix(path, "/run"),
	})
	return a
}

// want is call, with the status it has to have.
func (n *nest) want(status int, who string, c *program.Client, method, path string, body any, fields ...string) program.Answer {
	n.t.Helper()
	a := n.call(who, c, method, path, body, fields...)
	if a.Status != status {
		n.t.Fatalf("%s %s as %s: %s, want %d", method, path, who, a, status)
	}
	return a
}

// TestCanary plants secrets wherever the gateway takes one, sends good and bad
// traffic at the debug level, and looks for them wherever the gateway writes.
func TestCanary(t *testing.T) {
	t.Parallel()
	n := &nest{
		canaries: canaries{}, t: t, platform: gatewaytest.NewReceiver(t, 500, 200), backend: gatewaytest.NewReceiver(t), upstream: gatewaytest.NewReceiver(t),
	}
	n.backend.Script(canaryBackend)
	n.upstream.Script(canaryUpstream)
	n.Program = program.Start(t, program.Options{Config: n.file(), Env: n.environment()})
	admin := n.Admin().As(n.canaries["admin token"])

	n.makeBeta(admin)
	platform, tenant := n.tokens(admin)
	for _, tenant := range []string{"acme", "beta"} {
		for _, k := range credentials {
			n.callbacks(tenant, k)
		}
	}
	n.throughFront()
	n.waits(admin)
	n.connect(tenant)
	n.calls("acme", map[string]*program.Client{"admin": admin, "platform": platform})
	n.calls("beta", map[string]*program.Client{"admin": admin, "tenant": tenant})
	n.calledOnce("beta", n.connection, "tenant", tenant, "")
	n.badRequests(admin)
	n.badHooks(admin)
	n.reload(admin)
	for who, client := range map[string]*program.Client{
		"admin": admin, "platform": platform, "tenant": tenant, "nobody": admin.As(""), "wrong": admin.As(n.plant("a wrong token", "hg_admin_")),
	} {
		n.readAll(who, client)
	}
	n.lookIntoFolder(t, n.Dir, "control-of-the-canary-test")
	if code := n.Terminate(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	n.lookEverywhere()
	n.lookAtBackends()
	n.lookAtUpstream()
}

// lookEverywhere goes through all that the gateway wrote.
func (n *nest) lookEverywhere() {
	log := n.Log.Text()
	if !strings.Contains(log, `"DEBUG"`) || !strings.Contains(log, "not verified") {
		n.t.Error("the log is not at the debug level: this test proves nothing")
	}
	n.look(n.t, "the log", []byte(log))
	n.lookIntoFolder(n.t, n.Dir, "control-of-the-canary-test")
	var headers []string
	for name := range n.canaries {
		if strings.HasSuffix(name, " header") {
			headers = append(headers, name)
		}
	}
	shown, shownOfHook := 0, 0
	for _, a := range n.answers {
		var seen []string
		if !a.ofCall && (a.who == "admin" || a.who == "tenant") { // headers are shown to those who edit them (SPEC 14)
			seen = headers
			if bytes.Contains(a.text, []byte(n.canaries["acme's header"])) {
				shown++
			}
			if bytes.Contains(a.text, []byte(n.canaries["beta chat header"])) {
				shownOfHook++
			}
		}
		n.look(n.t, a.what, a.text, seen...)
	}
	if shown == 0 || shownOfHook == 0 {
		n.t.Error("no answer shows a tenant's or a webhook's header to the admin: this test would miss a secret too")
	}
}

// readAll reads everything there is to read.
func (n *nest) readAll(who string, c *program.Client) {
	n.t.Helper()
	paths := []string{"/healthz", "/readyz", "/metrics", "/v1/openapi.yaml", "/v1/tenants", "/v1/tokens", "/v1/nowhere", "/v1/requests?unmatched=true"}
	paths = append(paths, n.routePaths(who, c)...)
	for _, tenant := range []string{"acme", "beta"} {
		base := "/v1/tenants/" + tenant
		paths = append(paths, base, base+"/sources", base+"/waits", base+"/conversations/to-notify", base+"/conversations/nobody")
		for _, k := range credentials {
			paths = append(paths, base+"/sources/"+k.name, base+"/conversations/key-"+k.name)
			paths = append(paths, n.requestPaths(who, c, base, k.name)...)
		}
		paths = append(paths, n.hookPaths(tenant)...)
		for _, list := range []string{base + "/deliveries", base + "/events"} {
			var page struct {
				Data []struct {
					ID string `json:"id"`
				} `json:"data"`
			}
			a := n.call(who, c, "GET", list, nil)
			if a.Status != http.StatusOK {
				continue
			}
			a.Decode(n.t, &page)
			for _, shown := range page.Data {
				paths = append(paths, list+"/"+shown.ID)
			}
		}
	}
	for _, path := range paths {
		n.call(who, c, "GET", path, nil)
	}
}

// tokens makes tokens through the API; the answer that shows one is the only one.
func (n *nest) tokens(admin *program.Client) (platform, tenant *program.Client) {
	n.t.Helper()
	made := func(name string, body map[string]string) *program.Client {
		a := admin.Must(n.t, []int{201}, "POST", "/v1/tokens", body)
		n.canaries[name] = a.Field("token")
		if !strings.HasPrefix(n.canaries[name], "hg_"+body["scope"]+"_") {
			n.t.Fatalf("made no token: %s", a)
		}
		return admin.As(n.canaries[name])
	}
	return made("a platform token", map[string]string{"scope": "platform", "name": "bot"}),
		made("a tenant's token", map[string]string{"scope": "tenant", "tenant": "beta", "name": "beta's own"})
}

// waits opens waits, resumes one by a callback that carries credentials of its
// own, and lets the platform hear of it on the second attempt.
func (n *nest) waits(admin *program.Client) {
	n.t.Helper()
	for _, tenant := range []string{"acme", "beta"} {
		n.want(201, "admin", admin, "POST", "/v1/tenants/"+tenant+"/waits",
			`{"source":"token","conversation_key":"to-notify","mode":"notify","timeout_seconds":300}`)
		a := n.want(200, "sender", n.Sender(), "POST", "/hooks/"+tenant+"/token", `{"conversation_key":"to-notify"}`,
			"X-Token: "+n.canaries[tenant+" token"],
			"Authorization: Bearer "+n.plant("an Authorization beside the token", ""),
			"Cookie: session="+n.plant("a cookie", ""))
		if a.Field("outcome") != "resumed" {
			n.t.Fatalf("%s", a)
		}
		if _, err := n.platform.Await(n.t.Context(), func(q gatewaytest.Received) bool {
			return q.Number > 1 && strings.Contains(string(q.Body), tenant) && q.Header.Get("Authorization") == "Bearer "+n.canaries[tenant+"'s platform token"] &&
				q.Header.Get("X-Tenant") == n.canaries[tenant+"'s header"]
		}); err != nil {
			n.t.Fatal(err)
		}
	}
}

// badRequests sends requests with secrets in them that are refused for something else.
func (n *nest) badRequests(admin *program.Client) {
	n.t.Helper()
	secret := n.plant("a secret in a bad request", "whsec_")
	source := "/v1/tenants/beta/sources/bad"
	for _, body := range []string{
		`{"verify":{"type":"stripe","secrets":["` + secret + `"]},"unknown":1}`,
		`{"verify":{"type":"stripe","secrets":["` + secret,
		`{"verify":{"type":"stripe","secrets":"` + secret + `"}}`,
		`{"verify":{"type":"basic","username":"a","password":["` + secret + `"]}}`,
		`{"verify":{"type":"standard","secrets":["!` + secret + `"]}}`,
		`{"verify":{"type":"token","in":"header","name":"Bad Name","secrets":["` + secret + `"]}}`,
	} {
		if a := n.call("admin", admin, "PUT", source, body); a.Status != 422 && a.Status != 400 {
			n.t.Errorf("PUT %s: %s", body, a)
		}
	}
	for _, body := range []string{
		`{"headers":{"X-Tenant":"` + secret + `\r\nX-More: 1"}}`,
		`{"platform":{"url":"https://bot.example/","auth":{"type":"bearer","token":"` + secret + `\n"}}}`,
		`{"platform":{"url":"https://user:` + secret + `@bot.example/"}}`,
		`{"platform":{"url":"https://bot.example/","auth":{"type":"none","token":"` + secret + `"}}}`,
		`{"platform":{"url":"https://bot.example/","sign":{"type":"standard","secrets":["?` + secret + `"]}}}`,
	} {
		if a := n.call("admin", admin, "PUT", "/v1/tenants/gamma", body); a.Status != 422 && a.Status != 400 {
			n.t.Errorf("PUT %s: %s", body, a)
		}
	}
	n.want(409, "admin", admin, "PUT", "/v1/tenants/acme/sources/token", `{"verify":{"type":"bearer","secrets":["`+secret+`"]}}`)
	n.want(401, "wrong", admin.As(secret), "GET", "/v1/tenants", nil)
	n.want(401, "wrong", admin.As(""), "GET", "/v1/tenants?token="+secret, nil, "Authorization: Basic "+secret)
	n.want(404, "sender", n.Sender(), "POST", "/nowhere/"+n.plant("a path that is not there", ""), "{}", "Authorization: Bearer "+secret)
}

// reload loads faulty files that have secrets written into them.
func (n *nest) reload(admin *program.Client) {
	n.t.Helper()
	good, err := os.ReadFile(n.File)
	if err != nil {
		n.t.Fatal(err)
	}
	secret := n.plant("a secret in a faulty file", "whsec_")
	for i, text := range []string{
		`tenants: { x: { sources: { y: { verify: { type: stripe, secretz: ["` + secret + `"] } } } } }`,
		`tokens: [ { scope: nobody, secret: "` + secret + `" } ]`,
		`tenants: { x: { headers: { "X Y": "` + secret + `" } } }`,
		`tenants: { x: { webhooks: { y: { url: "https://h.example/", headers: { A: "` + secret + `{{ x" } } } } }`,
		`routes: { x: { match: { path: / }, mode: proxy, upstreams: [{ url: "http://user:` + secret + `@h/" }] } }`,
		`routes: { x: { match: { path: / }, mode: proxy, upstreams: [{ url: "http://h/" }], headers: { set: { "X Y": "` + secret + `" } } } }`,
		`routes: { x: { match: { path: / }, mode: relay, upstreams: [{ url: "http://h/" }], verify: { type: meta, secrets: "` + secret + `", verify_tokn: "` + secret + `" } } }`,
		"tokens:\n  - secret: " + secret + "\n    scope: [\n",
		`tenants: { x: { platform: { url: "ftp://` + secret + `@h/" , auth: { type: bearer, tokn: ` + secret + ` } } } }`,
	} {
		n.Configure(n.t, text)
		if a := n.call("admin", admin, "POST", "/v1/reload", nil); a.Status/100 != 4 {
			n.t.Errorf("a faulty file: %s", a)
		}
		if i == 0 {
			n.Signal(n.t, syscall.SIGHUP)
		}
	}
	n.Configure(n.t, string(good))
	n.want(200, "admin", admin, "POST", "/v1/reload", nil)
}

// environment plants what is given by the environment.
func (n *nest) environment() (env []string) {
	env = []string{"HOOKGATE_LOG_LEVEL=debug"}
	for name, secret := range n.canaries {
		env = append(env, variable(name)+"="+secret)
	}
	return append(env,
		"HOOKGATE_ADMIN_TOKEN="+n.plant("admin token", "hg_admin_"),
		"HOOKGATE_MASTER_KEY="+n.plant("master key", ""))
}

// variable is the name of the environment variable for a canary.
func variable(name string) string {
	return "CANARY_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, name)
}

const canaryPlatform = `{ "url": %q, "auth": { "type": "bearer", "token": %q }, "headers": { "X-Platform": %q },
      "sign": { "type": "standard", "secrets": [%q] }, "retry": { "schedule": ["50ms", "50ms"] } }`

// file is the configuration of the tenant acme, a source for each kind of
// credential and all webhooks, and of the routes, with every secret taken from the
// environment.
func (n *nest) file() string {
	var text strings.Builder
	ref := func(name, prefix string) string {
		n.plant(name, prefix)
		return "${" + variable(name) + "}"
	}
	fmt.Fprintf(&text, "egress: { allow: [127.0.0.1] }\ntokens:\n  - { scope: platform, secret: %q }\n", ref("the file's token", ""))
	fmt.Fprintf(&text, "tenants:\n  acme:\n    headers: { X-Tenant: %q }\n    platform: "+canaryPlatform+"\n    sources:\n", ref("acme's header", ""),
		n.platform.URL, ref("acme's platform token", ""), ref("acme's platform header", ""), ref("acme's platform secret", "whsec_"))
	for _, k := range credentials {
		fmt.Fprintf(&text, "      %s: { max_body: 1KiB, verify: %s }\n", k.name, fmt.Sprintf(k.verify, ref("acme "+k.name, k.prefix)))
	}
	text.WriteString("    webhooks:\n")
	for _, h := range hooks {
		fmt.Fprintf(&text, "      %s: %s\n", h.name, h.write(n, "acme", ref))
	}
	n.front(&text, ref)
	return text.String()
}

// makeBeta makes the tenant beta through the API, with the same sources
// and webhooks.
func (n *nest) makeBeta(admin *program.Client) {
	n.t.Helper()
	n.want(201, "admin", admin, "PUT", "/v1/tenants/beta", fmt.Sprintf(`{ "headers": { "X-Tenant": %q }, "platform": `+canaryPlatform+`}`,
		n.plant("beta's header", ""), n.platform.URL, n.plant("beta's platform token", ""), n.plant("beta's platform header", ""), n.plant("beta's platform secret", "whsec_")))
	for _, k := range credentials {
		n.want(201, "admin", admin, "PUT", "/v1/tenants/beta/sources/"+k.name, `{ "max_body": "1KiB", "verify": `+fmt.Sprintf(k.verify, n.plant("beta "+k.name, k.prefix))+`}`)
	}
	for _, h := range hooks {
		n.want(201, "admin", admin, "PUT", "/v1/tenants/beta/webhooks/"+h.name, h.write(n, "beta", n.plant))
	}
}

// callbacks sends a source what it takes, and what it refuses.
func (n *nest) callbacks(tenant string, k credential) {
	n.t.Helper()
	path, body := "/hooks/"+tenant+"/"+k.name, `{"conversation_key":"key-`+k.name+`","note":"control-of-the-canary-test"}`
	send := func(status int, secret, body string) {
		n.t.Helper()
		query, fields := k.sign(secret, body)
		n.want(status, "sender", n.Sender(), "POST", path+query, body, fields...)
	}
	right := n.canaries[tenant+" "+k.name]
	send(202, right, body)
	send(200, right, body)
	send(400, right, `{"conversation_key":`)
	send(422, right, `{}`)
	send(413, right, strings.Repeat("x", 1<<10+1))
	send(401, n.plant("a wrong "+k.name, k.prefix), body)
	n.want(401, "sender", n.Sender(), "POST", path, body)
}

// TestNoBodyAboveDebug: what callbacks say is their senders' business.
func TestNoBodyAboveDebug(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: `
tenants:
  acme:
    sources:
      open: { verify: { type: none }, variables: [{ name: amount, path: amount, type: number, required: true }] }
      shut: { verify: { type: bearer, secrets: ["a-secret-of-16-characters"] } }
`})
	const said = "what-the-sender-said"
	for path, body := range map[string]string{
		"/hooks/acme/open?q=1": `{"conversation_key":"k","amount":"` + said + `"}`,
		"/hooks/acme/open?q=2": `{"conversation_key":"k","amount":1,"note":"` + said + `"}`,
		"/hooks/acme/open?q=3": `{"conversation_key":"` + said,
		"/hooks/acme/shut":     `{"conversation_key":"` + said + `"}`,
	} {
		p.Sender().Must(t, nil, "POST", path, body)
	}
	p.Admin().Must(t, []int{422}, "POST", "/v1/tenants/acme/waits", `{"source":"open","conversation_key":"k","mode":"`+said+`"}`)
	p.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/waits", `{"source":"open","conversation_key":"k","context":"`+said+`"}`)
	p.Terminate(t)
	if log := p.Log.Text(); strings.Contains(log, said) {
		t.Errorf("a body is in the log:\n%s", log)
	}
}

// now is the time stamp of a signature.
func now() string { return fmt.Sprint(time.Now().Unix()) }
