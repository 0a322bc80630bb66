package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// faultyFront stands in front of a gateway, and refuses to write one thing.
func faultyFront(t *testing.T, p *program.Program, path string) string {
	t.Helper()
	to, err := url.Parse(p.Internal)
	if err != nil {
		t.Fatal(err)
	}
	on := httputil.NewSingleHostReverseProxy(to)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, path) && r.URL.Query().Get("dry_run") == "" {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"type":"about:blank","title":"Conflict","status":409,"code":"changed_meanwhile","detail":"somebody was faster"}`)
			return
		}
		on.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// An apply that fails after it has begun to write takes back what it wrote, and says what of
// it cannot be.
func TestApplyTakesBack(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	front := faultyFront(t, p, "/webhooks/lookup")
	file := filepath.Join(t.TempDir(), "acme.yaml")
	write := func(name, secret string) {
		t.Helper()
		text := fmt.Sprintf(`
tenants:
  acme:
    name: %s
    sources: { payments: { verify: { type: token, in: header, name: X-Token, secrets: [%s] } } }
    webhooks: { lookup: { url: "https://bank.example.com/%s" } }
`, name, secret, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	apply := func(server string) (out, log string, code int) {
		return runs(t, []string{"HOOKGATE_SERVER=" + server, "HOOKGATE_TOKEN=" + program.AdminToken}, "apply", "-f", file)
	}

	write("one", "canary-of-a-token-1")
	out, log, code := apply(front)
	if code != 1 || out != "" || !strings.Contains(log, "webhook acme/lookup: somebody was faster") || !strings.Contains(log, "has been taken back") {
		t.Errorf("exit code %d\n%s\n%s", code, out, log)
	}
	p.Admin().Must(t, []int{404}, "GET", "/v1/tenants/acme", nil)

	if out, log, code = apply(p.Internal); code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, out, log)
	}
	before := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme", nil).Header.Get("ETag")
	write("two", "canary-of-a-token-2")
	out, log, code = apply(front)
	if code != 1 || !strings.Contains(log, "not all that was written could be taken back") || !strings.Contains(log, "source acme/payments: its secrets are the new ones") || strings.Contains(log, "canary") {
		t.Errorf("exit code %d\n%s\n%s", code, out, log)
	}
	if now := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme", nil); now.Field("name") != "one" {
		t.Errorf("the tenant was %s and is %s", before, now)
	}
}
