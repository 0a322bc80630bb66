package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// watched has each thing that the pages of Prometheus and Grafana show.
const watched = toLoopback + `
tenants:
  acme:
    platform: { url: "%[1]s/platform" }
    sources: { pay: { verify: { type: none } }, shut: { verify: { type: bearer, secrets: [a-token-of-16-characters] } } }
    endpoints: { crm: { url: "%[1]s/crm" }, gone: { url: "%[1]s/gone", breaker: { failures: 1, open: 1h }, retry: { schedule: [] } } }
    webhooks: { lookup: { url: "%[1]s/backend" }, broken: { url: "%[1]s/gone", retry: { schedule: [] }, breaker: { enabled: false } } }
routes:
  bot: { match: { path: /bot }, mode: proxy, upstreams: [{ url: "%[1]s" }] }
`

// Each panel of the dashboard, each recording rule and what each alert is about is
// answered by a real Prometheus that scrapes a gateway under load; its own promtool holds
// the alerts to their tests.
func TestWatching(t *testing.T) {
	t.Parallel()
	prometheus, promtool := installed(t, "prometheus"), installed(t, "promtool")
	rules := filepath.Join("..", "..", "configs", "prometheus")
	if out, err := exec.CommandContext(t.Context(), promtool, "test", "rules", filepath.Join(rules, "alerts_test.yaml")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	r := gatewaytest.NewReceiver(t)
	r.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		if q.Path == "/gone" {
			return gatewaytest.Reply{Status: 500}
		}
		return gatewaytest.Reply{Header: map[string][]string{"Content-Type": {"application/json"}}, Body: "{}"}
	})
	p := program.Start(t, program.Options{Config: fmt.Sprintf(watched, r.URL)})
	w := &watcher{url: startPrometheus(t, prometheus, rules, p)}
	queries := w.panels(t)
	for name, expr := range w.rules(t, rules) {
		queries[name] = expr
	}
	// The load goes on until all is answered: rates need two scrapes of what moves.
	for end := time.Now().Add(2 * time.Minute); len(queries) > 0; {
		eachOnce(t, p)
		for name, expr := range queries {
			if rows, err := w.ask(expr); err != nil {
				t.Fatalf("%s: %s: %v", name, expr, err)
			} else if rows > 0 {
				delete(queries, name)
			}
		}
		if time.Now().After(end) {
			for name, expr := range queries {
				t.Errorf("%s: nothing answers %s", name, expr)
			}
			return
		}
	}
}

// eachOnce makes one of each thing happen.
func eachOnce(t *testing.T, p *program.Program) {
	t.Helper()
	admin, sender := p.Admin(), p.Sender()
	const acme = "/v1/tenants/acme"
	admin.Must(t, []int{200, 201}, "POST", acme+"/waits", `{"source":"pay","conversation_key":"k","mode":"notify"}`)
	for _, one := range []struct{ path, body string }{
		{"/hooks/acme/pay", `{"conversation_key":"k"}`}, {"/hooks/acme/pay", `{"conversation_key":"early"}`}, {"/hooks/acme/shut", `{}`}, {"/bot/x", `{}`},
	} {
		if _, err := sender.Do(t.Context(), "POST", one.path, one.body); err != nil {
			t.Fatal(err)
		}
	}
	admin.Must(t, []int{202}, "POST", acme+"/events", `{"events":[{"event":{"type":"message"},"conversation":{"key":"k"}}]}`)
	for _, webhook := range []string{"lookup", "broken"} {
		admin.Must(t, []int{200}, "POST", acme+"/webhooks/"+webhook+"/call", `{}`)
	}
}

// startPrometheus starts a Prometheus that scrapes a gateway each second, and gives its
// base URL.
func startPrometheus(t *testing.T, prometheus, rules string, p *program.Program) string {
	t.Helper()
	dir, addr := t.TempDir(), freeAddr(t)
	for _, name := range []string{"rules.yaml", "alerts.yaml"} {
		text, err := os.ReadFile(filepath.Join(rules, name))
		if err == nil { // the same rules, without the wait
			err = os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(string(text), "interval: 30s", "interval: 1s")), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	config := fmt.Sprintf(`
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yaml, alerts.yaml]
scrape_configs: [{ job_name: hookgate, static_configs: [{ targets: [%q] }] }]
`, strings.TrimPrefix(p.Internal, "http://"))
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(prometheus, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr)
	var out strings.Builder
	command.Stderr = &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // it has nothing to keep
		_ = command.Wait()
	})
	return "http://" + addr
}

// watcher asks a Prometheus.
type watcher struct{ url string }

// ask gives how many rows answer a query; 0 while the Prometheus is starting.
func (w *watcher) ask(expr string) (int, error) {
	a, err := http.Get(w.url + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return 0, nil // it does not listen yet
	}
	defer a.Body.Close()
	if a.StatusCode == http.StatusServiceUnavailable {
		return 0, nil
	}
	var got struct {
		Error string
		Data  struct{ Result []json.RawMessage }
	}
	if err := json.NewDecoder(a.Body).Decode(&got); err != nil {
		return 0, err
	}
	if got.Error != "" {
		return 0, fmt.Errorf("%s", got.Error)
	}
	return len(got.Data.Result), nil
}

// panels gives the queries of the dashboard, by panel.
func (w *watcher) panels(t *testing.T) map[string]string {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "configs", "grafana", "hookgate.json"))
	if err == nil {
		err = json.Unmarshal(text, &dashboard)
	}
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, p := range dashboard.Panels {
		for i, target := range p.Targets {
			expr := strings.NewReplacer("$__rate_interval", "10s", "$job", ".*", "$instance", ".*", "$tenant", ".*").Replace(target.Expr)
			queries[fmt.Sprintf("panel %q %d", p.Title, i)] = expr
		}
	}
	if len(queries) < 40 {
		t.Fatalf("the dashboard has %d queries", len(queries))
	}
	return queries
}

var series = regexp.MustCompile(`\b(?:[a-z_]+:)?(?:hookgate|process)_[a-z0-9_]+(?::[a-z0-9]+)?(?:\{[^}]*\})?|\bup\{`)

// rules gives what is asked of the recording rules, and of each series that an alert is
// about, of whatever values its labels have; each alert has to be explained, too.
func (w *watcher) rules(t *testing.T, folder string) map[string]string {
	t.Helper()
	explained, err := os.ReadFile(filepath.Join(folder, "..", "docs", "alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile(filepath.Join(folder, "alerts_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, name := range []string{"rules.yaml", "alerts.yaml"} {
		var file struct {
			Groups []struct {
				Rules []struct {
					Record, Alert, Expr string
					Annotations         map[string]string
				}
			}
		}
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			err = yaml.Unmarshal(text, &file)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range file.Groups {
			for _, r := range g.Rules {
				if r.Record != "" {
					queries["rule "+r.Record] = r.Record
					continue
				}
				if !strings.Contains(string(explained), "\n## "+r.Alert+"\n") || r.Annotations["runbook_url"] != "configs/docs/alerts.md#"+strings.ToLower(r.Alert) {
					t.Errorf("%s is not explained", r.Alert)
				}
				if !strings.Contains(string(tests), "name: "+r.Alert+" fires") || !strings.Contains(string(tests), "name: "+r.Alert+" does not") {
					t.Errorf("%s has no test", r.Alert)
				}
				for _, s := range series.FindAllString(r.Expr, -1) {
					name, _, _ := strings.Cut(s, "{")
					queries["alert "+r.Alert+" "+name] = name
				}
			}
		}
	}
	return queries
}
