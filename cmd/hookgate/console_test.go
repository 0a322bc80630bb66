package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// A token opens a session, and a wrong one does not; what a session is, its cookie says.
func TestConsoleSignIn(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	b := newBrowser(t, p.Internal)
	if got := b.get("/console/tenants/acme/waits?state=waiting"); got.status != 303 || got.header.Get("Location") != "/console/login?next=%2Fconsole%2Ftenants%2Facme%2Fwaits%3Fstate%3Dwaiting" {
		t.Errorf("without a session: %d to %q", got.status, got.header.Get("Location"))
	}
	wrong := b.post("/console/login", url.Values{"token": {"hg_admin_wrong"}})
	if wrong.status != 401 || !strings.Contains(wrong.text, `role="alert"`) || !strings.Contains(wrong.text, `autocomplete="current-password"`) || len(wrong.header["Set-Cookie"]) != 0 {
		t.Errorf("a wrong token: %d %v %s", wrong.status, wrong.header, wrong.text)
	}
	for _, next := range []string{"https://evil.example", "//evil.example", "/console//evil.example", "/console\\evil", "/v1/tenants", "/consoles",
		"/console/../v1/tenants", "/console/%2e%2E//evil.example", "/console/.\t./v1", "/console/.", "/console/%zz"} {
		c := newBrowser(t, p.Internal)
		if got := c.post("/console/login", url.Values{"token": {program.AdminToken}, "next": {next}}); got.header.Get("Location") != "/console" {
			t.Errorf("next=%s leads to %q", next, got.header.Get("Location"))
		}
	}
	right := b.post("/console/login", url.Values{"token": {program.AdminToken}, "next": {"/console/tenants/acme/waits"}})
	cookie := strings.Join(right.header["Set-Cookie"], "\n")
	if right.status != 303 || right.header.Get("Location") != "/console/tenants/acme/waits" || !strings.HasPrefix(cookie, "hookgate_") ||
		!strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") || strings.Contains(strings.ToLower(cookie), "secure") {
		t.Errorf("signed in: %d %v", right.status, right.header)
	}
	b.want(200, "/console/tenants/acme/waits").has(t, "No wait is here")
	// A form of another site changes nothing, and signs nobody out.
	for _, fields := range [][]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
		if got := b.send("POST", "/console/logout", url.Values{}, fields...); got.status != 403 {
			t.Errorf("%v: %d", fields, got.status)
		}
	}
	b.want(200, "/console")
	if got := b.get("/console/logout"); got.status != 404 {
		t.Errorf("signing out by GET: %d", got.status)
	}
	jar := b.http.Jar
	at, _ := url.Parse(p.Internal + "/console")
	kept := jar.Cookies(at)
	if got := b.post("/console/logout", url.Values{}); got.status != 303 || got.header.Get("Location") != "/console/login" {
		t.Errorf("signing out: %d %v", got.status, got.header)
	}
	jar.SetCookies(at, kept) // a copy of the cookie is worth nothing after it
	b.want(303, "/console")
	lines := p.Admin().Must(t, []int{200}, "GET", "/v1/audit", nil).String()
	for _, want := range []string{`"action":"sign_in"`, `"action":"sign_out"`, `"kind":"console"`} {
		if !strings.Contains(lines, want) {
			t.Errorf("the audit has no %s: %s", want, lines)
		}
	}
}

// Sessions outlive the process, end with their token at once, and end by being revoked.
func TestConsoleSessionsEnd(t *testing.T) {
	t.Parallel()
	o := program.Options{Dir: t.TempDir() + "/data", Config: oneSource}
	p := program.Start(t, o)
	made := p.Admin().Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"acme","name":"<b>engineer</b>"}`)
	token, id := made.Field("token"), made.Field("id")
	b, admin := signedIn(t, p, token), signedIn(t, p, program.AdminToken)
	b.want(200, "/console/tenants/acme/waits").hasNot(t, "<b>engineer")
	p.Kill9()
	p = program.Start(t, o)
	b.base, admin.base = p.Internal, p.Internal
	moved(t, b, admin)
	b.want(200, "/console/tenants/acme/waits")
	b.want(404, "/console/tenants/other/waits")
	if got := p.Admin().As(token).Must(t, []int{200}, "POST", "/v1/sessions/revoke", `{}`).String(); !strings.Contains(got, `{"revoked":1}`) {
		t.Errorf("a tenant revokes its own: %s", got)
	}
	b.want(303, "/console")
	admin.want(200, "/console")
	b = signedIn(t, p, token)
	p.Admin().Must(t, []int{204}, "DELETE", "/v1/tokens/"+id, nil)
	b.want(303, "/console")
	if got := p.Admin().Must(t, []int{200}, "POST", "/v1/sessions/revoke", `{}`).String(); !strings.Contains(got, `{"revoked":1}`) {
		t.Errorf("all are revoked: %s", got)
	}
	p.Kill9() // what was answered is durable
	p = program.Start(t, o)
	admin.base = p.Internal
	moved(t, admin)
	admin.want(303, "/console")
}

// moved gives browsers their cookies at the new port of a gateway: cookies know no ports, and
// jars of Go do not either, but for the host.
func moved(t testing.TB, all ...*browser) {
	t.Helper()
	for _, b := range all {
		if u, err := url.Parse(b.base); err != nil || len(b.http.Jar.Cookies(u)) == 0 {
			t.Fatalf("the browser has lost its cookie: %v", err)
		}
	}
}

// Failures fill the bucket, for the address that they come from; a good token is let in.
func TestConsoleFailuresAreBounded(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	b := newBrowser(t, p.Internal)
	last := paper{}
	for range 70 {
		last = b.post("/console/login", url.Values{"token": {"hg_admin_guess"}})
	}
	if last.status != 429 || last.header.Get("Retry-After") == "" {
		t.Errorf("after 70 failures: %d", last.status)
	}
	if got := b.post("/console/login", url.Values{"token": {program.AdminToken}}); got.status != 303 {
		t.Errorf("a good token: %d", got.status)
	}
}

// A portal shows one tenant and its pages, and its link works once.
func TestConsolePortal(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	for _, id := range []string{"acme", "below"} {
		p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/"+id, map[string]any{"parent": map[string]any{"below": "acme"}[id]})
	}
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/sources/pay", `{"verify":{"type":"none"}}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/endpoints/crm", `{"url":"https://crm.example.com/"}`)
	for body, place := range map[string]string{
		`{"pages":["tokens"]}`: "pages[0]", `{"ttl":"25h"}`: "ttl", `{"return_url":"http://app.example.com"}`: "return_url",
		`{"frame_ancestors":["https://a.example/path"]}`: "frame_ancestors[0]", `{"frame_ancestors":["https://a.example; script-src *"]}`: "frame_ancestors[0]",
		`{"frame_ancestors":["https://*.example"]}`: "frame_ancestors[0]", `{"color":"red"}`: "color",
	} {
		if got := p.Admin().Must(t, []int{422}, "POST", "/v1/tenants/acme/portal-links", body).String(); !strings.Contains(got, place) {
			t.Errorf("%s: %s", body, got)
		}
	}
	link := func(body string) string {
		t.Helper()
		text := p.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/portal-links", body).Field("url")
		path, is := strings.CutPrefix(text, p.Internal)
		if !is || !strings.HasPrefix(path, "/portal/link/") {
			t.Fatalf("the link is %s", text)
		}
		return path
	}
	path := link(`{"pages":["endpoints","deliveries"],"return_url":"https://app.example.com/back","bodies":false}`)
	b := newBrowser(t, p.Internal)
	b.want(200, path) // looked at, as a preview does
	b.want(200, path).has(t, "Open the portal of acme")
	opened := b.post(path, url.Values{})
	if opened.status != 303 || opened.header.Get("Location") != "/portal/tenants/acme/endpoints" {
		t.Fatalf("opened: %d %v", opened.status, opened.header)
	}
	if k := strings.Join(opened.header["Set-Cookie"], "\n"); !strings.Contains(k, "path=/portal") || !strings.Contains(k, "SameSite=Lax") {
		t.Errorf("the cookie is %s", k)
	}
	spent := newBrowser(t, p.Internal).get(path)
	if spent.status != 410 || !strings.Contains(spent.text, "https://app.example.com/back") {
		t.Errorf("used: %d %s", spent.status, spent.text)
	}
	if got := newBrowser(t, p.Internal).post(path, url.Values{}); got.status != 410 {
		t.Errorf("used again: %d", got.status)
	}
	page := b.want(200, "/portal/tenants/acme/endpoints")
	page.has(t, "crm", "Endpoints", "Deliveries")
	page.hasNot(t, "Overview", ">Waits<", ">Events<", "Pause")
	b.want(200, "/portal/tenants/acme/endpoints/crm").hasNot(t, "Pause", "Rotate")
	for _, hidden := range []string{"/portal/tenants/acme/waits", "/portal/tenants/below/endpoints", "/portal/tenants/acme", "/portal/tenants/acme/sources", "/portal/tenants/acme/sources/pay/requests"} {
		if got := b.get(hidden); got.status != 403 && got.status != 404 && !(hidden == "/portal/tenants/acme" && got.status == 200) {
			t.Errorf("%s: %d", hidden, got.status)
		}
	}
	if got := b.post("/portal/tenants/acme/endpoints/crm/pause", url.Values{"sure": {"1"}}); got.status != 403 {
		t.Errorf("a portal that may only read pauses: %d", got.status)
	}
	b.want(303, "/console") // it is no session of the console
	if got := b.get("/console/tenants/acme/endpoints"); got.status != 303 {
		t.Errorf("the console: %d", got.status)
	}
	framed := newBrowser(t, p.Internal)
	path = link(`{"read_only":false,"frame_ancestors":["https://app.example.com"]}`)
	if got := framed.get(path).header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors https://app.example.com") {
		t.Errorf("who may frame it: %s", got)
	}
	if k := strings.Join(framed.post(path, url.Values{}).header["Set-Cookie"], "\n"); !strings.Contains(k, "secure") || !strings.Contains(k, "SameSite=None") || !strings.Contains(k, "Partitioned") {
		t.Errorf("the cookie within a frame is %s", k)
	}
	if got := p.Admin().Must(t, []int{200}, "POST", "/v1/sessions/revoke", `{"tenant":"acme"}`).String(); !strings.Contains(got, `{"revoked":2}`) {
		t.Errorf("revoked: %s", got)
	}
	b.want(401, "/portal/tenants/acme/endpoints")
}

// Every answer has the headers that hold a page to itself, whatever it is.
func TestConsoleHeaders(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	b := signedIn(t, p, program.AdminToken)
	nobody := newBrowser(t, p.Internal)
	for _, got := range []paper{b.get("/console"), b.get("/console/none"), b.get("/console/tenants/none"), nobody.get("/console/login"), nobody.get("/console"), nobody.get("/portal"), nobody.get("/portal/link/none"), b.get("/console/tenants/acme/waits?state=odd")} {
		h := got.header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("the policy is %q", csp)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%d: headers %v", got.status, h)
		}
		got.hasNot(t, " style=", "<style", "javascript:", " onclick=", "http-equiv")
	}
	page := b.get("/console")
	asset := page.text[strings.Index(page.text, "/console/assets/console-"):]
	asset = asset[:strings.IndexByte(asset, '"')]
	if got := b.want(200, asset).header; !strings.Contains(got.Get("Cache-Control"), "immutable") || !strings.HasPrefix(got.Get("Content-Type"), "text/css") {
		t.Errorf("an asset: %v", got)
	}
	b.want(404, "/console/assets/console.css")
	b.want(422, "/console/tenants/acme/waits?state=odd").has(t, "State")
}

// With an address of its own the console is there and nowhere else, and nothing else is there.
func TestConsoleListener(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: "console: { addr: '127.0.0.1:0', url: 'https://hooks.example.com', trusted_proxies: [127.0.0.0/8] }" + oneSource})
	at := ""
	for _, line := range p.Log.Lines() {
		if line.Message() == "listening" {
			at = line.String("console_listener")
		}
	}
	b := newBrowser(t, "http://"+at)
	if got := b.send("POST", "/console/login", url.Values{"token": {program.AdminToken}}, "X-Forwarded-Proto", "https", "Origin", "http://"+at); got.status != 303 || !strings.HasPrefix(got.header.Get("Set-Cookie"), "__Host-hookgate_") {
		t.Errorf("behind TLS: %d %v", got.status, got.header)
	}
	for path, want := range map[string]int{"/console/login": 200, "/portal/link/x": 404, "/v1/tenants": 404, "/healthz": 404, "/metrics": 404, "/hooks/acme/payments": 404} {
		b.want(want, path)
	}
	if got := newBrowser(t, p.Internal).get("/console/login"); got.status != 404 {
		t.Errorf("on the internal listener: %d", got.status)
	}
	p.Admin().Must(t, []int{200}, "GET", "/v1/tenants", nil)
	link := p.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/portal-links", nil).Field("url")
	if !strings.HasPrefix(link, "https://hooks.example.com/portal/link/") {
		t.Errorf("the link is %s", link)
	}
	newBrowser(t, p.Public).want(404, "/console")
}

// The first start prints a link that signs in once.
func TestConsoleFirstLink(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Env: []string{"HOOKGATE_ADMIN_TOKEN="}})
	text := p.Log.Text()
	i := strings.Index(text, p.Internal+"/console/link/")
	if i < 0 {
		t.Fatalf("no link is printed:\n%s", text)
	}
	path := strings.TrimPrefix(strings.Fields(text[i:])[0], p.Internal)
	b := newBrowser(t, p.Internal)
	b.want(200, path).has(t, "Sign in")
	if got := b.post(path, url.Values{}); got.status != http.StatusSeeOther || got.header.Get("Location") != "/console" {
		t.Fatalf("%d %v", got.status, got.header)
	}
	b.want(200, "/console").has(t, "first start")
	newBrowser(t, p.Internal).want(410, path)
}

// Every page reads without a script, is small enough to be made at once, and names what it
// is; what others wrote is text on it.
func TestConsoleWithoutScript(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	for _, path := range placesOf(w) {
		got := b.get(path)
		want := 200
		switch {
		case strings.Contains(path, "odd"):
			want = 422
		case path == "/console/none":
			want = 404
		}
		if got.status != want || strings.Count(got.text, "<h1>") != 1 || !strings.Contains(got.text, "</html>") {
			t.Errorf("%s: %d, want %d\n%s", path, got.status, want, got.text)
		}
		got.hasNot(t, "<img src=x", "<b>answer", "<b>header", "<b>out of order", "<no value>", "ZgotmplZ", "%!", "4111-hidden", "DE-hidden")
	}
	if text := w.Log.Text(); strings.Contains(text, "a page of the console could not be made") {
		t.Errorf("the log says %s", text)
	}
}
