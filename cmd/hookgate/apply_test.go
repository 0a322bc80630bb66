package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
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

// An apply that is stopped while it writes takes back what it wrote. It left what it had
// come to, and said nothing.
func TestApplyStopped(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	to, err := url.Parse(p.Internal)
	if err != nil {
		t.Fatal(err)
	}
	on := httputil.NewSingleHostReverseProxy(to)
	writes, goOn := make(chan struct{}, 1), make(chan struct{})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.URL.Path == "/v1/tenants/acme/sources/s2" && r.URL.Query().Get("dry_run") == "" {
			writes <- struct{}{}
			<-goOn
		}
		on.ServeHTTP(w, r)
	}))
	defer front.Close()
	file := filepath.Join(t.TempDir(), "acme.yaml")
	text := "tenants:\n  acme:\n    sources:\n"
	for i := range 5 {
		text += fmt.Sprintf("      s%d: { verify: { type: none } }\n", i)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := program.Command(t, []string{"HOOKGATE_SERVER=" + front.URL, "HOOKGATE_TOKEN=" + program.AdminToken}, "apply", "-f", file)
	var out bytes.Buffer
	log := &program.Log{}
	c.Stdout, c.Stderr = &out, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-writes
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	program.Eventually(t, 30*time.Second, func() error {
		if !strings.Contains(log.Text(), "Stopping") {
			return errors.New("it does not stop")
		}
		return nil
	})
	close(goOn)
	_ = c.Wait() // its exit code says how it went
	if code := c.ProcessState.ExitCode(); code != 1 || out.Len() > 0 || !strings.Contains(log.Text(), "the command was stopped") || !strings.Contains(log.Text(), "has been taken back") {
		t.Errorf("exit code %d\n%s\n%s", code, out.String(), log.Text())
	}
	if left := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources", nil).Field("data.0.id"); left != "" {
		t.Errorf("it left source %s\n%s", left, log.Text())
	}
}

// What an apply costs rises with what its files say, and not with its square: each tenant
// had all of every other looked through, so that 1,000 took a minute and a half.
func TestApplyOfManyTenants(t *testing.T) {
	const tenants = 2000
	p := &plan{of: map[string][]*item{}, fresh: map[string]bool{}}
	c := &configs.Config{Tenants: configs.Tenants{}}
	for n := range tenants {
		id := fmt.Sprintf("t%d", n)
		c.Tenants[id] = configs.Tenant{}
		p.fresh[id] = true
		p.add(c, "tenant", id, id, gateway.Tenant{})
		p.add(c, "endpoint", id, "crm", gateway.Endpoint{URL: "https://crm.example.com"})
	}
	was := testing.AllocsPerRun(1, func() {
		if err := p.judgeFresh("t0"); err != nil {
			t.Fatal(err)
		}
	})
	if was > 10_000 {
		t.Errorf("judging one of %d tenants made %.0f allocations", tenants, was)
	}
}

// Two applies at once that make the same thing: the one that comes second makes nothing, says
// so, and takes back what it wrote. It wrote over what the first had made, without a word.
func TestApplyTwiceAtOnce(t *testing.T) {
	t.Parallel()
	for name, there := range map[string]bool{"a tenant that is there": true, "one that is made": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := program.Start(t, program.Options{})
			if there {
				p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
			}
			to, err := url.Parse(p.Internal)
			if err != nil {
				t.Fatal(err)
			}
			on := httputil.NewSingleHostReverseProxy(to)
			judged, goOn := make(chan struct{}, 1), make(chan struct{})
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut && r.URL.Path == "/v1/tenants/acme/sources/a" && r.URL.Query().Get("dry_run") == "" {
					judged <- struct{}{}
					<-goOn
				}
				on.ServeHTTP(w, r)
			}))
			defer front.Close()
			file := filepath.Join(t.TempDir(), "acme.yaml")
			text := "tenants:\n  acme:\n    sources:\n      a: { verify: { type: none } }\n      b: { methods: [PUT], verify: { type: none } }\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			c := program.Command(t, []string{"HOOKGATE_SERVER=" + front.URL, "HOOKGATE_TOKEN=" + program.AdminToken}, "apply", "-f", file)
			log := &program.Log{}
			c.Stderr = log
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = c.Wait() // its exit code says how it went
			}()
			select {
			case <-judged:
			case <-ended:
				t.Fatal(log.Text())
			}
			p.Admin().Must(t, []int{200, 201}, "PUT", "/v1/tenants/acme", `{}`)
			p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/sources/b", `{"methods":["GET"],"verify":{"type":"none"}}`)
			close(goOn)
			<-ended
			if code := c.ProcessState.ExitCode(); code != 1 || !strings.Contains(log.Text(), "source acme/b: it is there already") || !strings.Contains(log.Text(), "taken back") {
				t.Errorf("exit code %d\n%s", code, log.Text())
			}
			if b := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources/b", nil); !strings.Contains(string(b.Body), `"methods":["GET"]`) {
				t.Errorf("the other's is now %s", b.Body)
			}
			p.Admin().Must(t, []int{404}, "GET", "/v1/tenants/acme/sources/a", nil)
		})
	}
}
