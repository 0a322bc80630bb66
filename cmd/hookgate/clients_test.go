package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// installed finds a program that hookgate does not bring along.
func installed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// asked runs a client and gives what it prints.
func asked(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %.200q: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// curl has its answer whatever the request is over, and its names in any case count.
func TestCurl(t *testing.T) {
	t.Parallel()
	curl := installed(t, "curl")
	p := program.Start(t, program.Options{Config: openSource})
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, make([]byte, 20<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", 17_000)
	url := p.Public + "/hooks/acme/s"
	key := `{"conversation_key":"c1"}`
	for name, c := range map[string]struct {
		want string
		args []string
	}{
		"a large body":                {"413", []string{"--data-binary", "@" + large}},
		"a large body, unasked":       {"413", []string{"-H", "Expect:", "--data-binary", "@" + large}},
		"a large body, in chunks":     {"413", []string{"-H", "Expect:", "-H", "Transfer-Encoding: Chunked", "--data-binary", "@" + large}},
		"a large field":               {"431", []string{"-H", "Authorization: " + long}},
		"a long target":               {"414", []string{"-G", "-d", long}},
		"looking":                     {"200", []string{"-I"}},
		"asking":                      {"204", []string{"-X", "OPTIONS"}},
		"chunks, after 100":           {"202", []string{"-H", "Content-Type: APPLICATION/JSON", "-H", "Transfer-Encoding: CHUNKED", "-H", "Expect: 100-Continue", "--expect100-timeout", "30", "-d", key}},
		"a body, after 100, HTTP/1.0": {"200", []string{"-0", "-H", "Content-Type: application/json", "-H", "Connection: Keep-Alive", "-d", key}},
	} {
		t.Run(name, func(t *testing.T) {
			got := asked(t, curl, append([]string{"-s", "-m", "60", "-o", os.DevNull, "-w", "%{http_code}", url}, c.args...)...)
			if got != c.want && !(c.want == "202" && got == "200") && !(c.want == "200" && got == "202") {
				t.Errorf("it has %s, want %s", got, c.want)
			}
		})
	}
}

// Python's http.client sends all of a body before it looks for an answer.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	python := installed(t, "python3")
	p := program.Start(t, program.Options{Config: openSource})
	const script = `
import http.client, sys
for base, path in ((sys.argv[1], "/hooks/acme/s"), (sys.argv[2], "/v1/events")):
    for body, chunked, fields in ((b"x" * (20 << 20), False, {}), ([b"x" * 65536] * 320, True, {}), (b"{}", False, {"X-Large": "a" * 17000})):
        c = http.client.HTTPConnection(base, timeout=60)
        c.request("POST", path, body, dict(fields, Authorization="Bearer " + sys.argv[3]), encode_chunked=chunked)
        r = c.getresponse()
        print(r.status, r.getheader("Content-Type"), len(r.read()) > 0)
`
	got := asked(t, python, "-c", script, strings.TrimPrefix(p.Public, "http://"), strings.TrimPrefix(p.Internal, "http://"), program.AdminToken)
	each := "413 application/problem+json True\n413 application/problem+json True\n431 application/problem+json True"
	if got != each+"\n"+each {
		t.Errorf("it has\n%s", got)
	}
}

// nginxConfig passes /gw/ on to hookgate as its manual says, and speaks for TLS in front.
const nginxConfig = `
daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 64; }
http {
  access_log off; client_max_body_size 0;
  client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
  upstream hookgate { server %[3]s; keepalive 8; }
  server {
    listen %[2]s;
    location /gw/ {
      proxy_pass http://hookgate/; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_redirect off;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host h.example;
      proxy_set_header X-Forwarded-Prefix /gw;
    }
  }
}
`

// behindNginx starts nginx before p, and gives its base URL.
func behindNginx(t *testing.T, p *program.Program) string {
	t.Helper()
	nginx := installed(t, "nginx")
	addr, dir := freeAddr(t), t.TempDir()
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxConfig, dir, addr, strings.TrimPrefix(p.Public, "http://")), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(nginx, "-c", file, "-e", filepath.Join(dir, "error.log"))
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	program.Eventually(t, 30*time.Second, func() error {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err
	})
	return "http://" + addr + "/gw"
}

// Behind nginx the URL is the one that was called in front of it: for signatures, for
// where an upstream leads, and for what an upstream hears.
func TestBehindNginx(t *testing.T) {
	t.Parallel()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://"+r.Host+"/login")
		w.WriteHeader(http.StatusSeeOther)
		fmt.Fprintf(w, "%s %s%s", r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-Host"), r.Header.Get("X-Forwarded-Prefix"))
	}))
	t.Cleanup(up.Close)
	route := "routes:\n  bot: { mode: proxy, match: { path: /api }, strip_prefix: true, upstreams: [{ url: \"" + up.URL + "\" }] }\n"
	p := program.Start(t, program.Options{Config: `public: { trusted_proxies: ["127.0.0.1"] }` + signingSources + "      s: { verify: { type: none } }\n" + route})
	front := program.NewClient(t, behindNginx(t, p), "")
	for source, request := range signedURLs("https://h.example/gw") {
		front.Must(t, []int{200, 202}, "POST", "/hooks/acme/"+source, request[0], request[1:]...)
	}
	front.Must(t, []int{401}, "POST", "/hooks/acme/square", asText, "X-Square-Hmacsha256-Signature: "+signedWith("https://i.example/hooks/acme/square"+asText))
	// A Trailer alone, as it comes through a proxy, is nothing to us.
	front.Must(t, []int{200, 202}, "POST", "/hooks/acme/s", asText, "Trailer: X-Checksum")
	front.Must(t, []int{200}, "HEAD", "/hooks/acme/s", nil)
	front.Must(t, []int{204}, "OPTIONS", "/hooks/acme/s", nil)
	ask, err := http.NewRequestWithContext(t.Context(), "GET", front.Base+"/api/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultTransport.RoundTrip(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	if got := a.Header.Get("Location"); got != "https://h.example/gw/api/login" {
		t.Errorf("the upstream leads to %s", got)
	}
	said := make([]byte, 100)
	n, _ := a.Body.Read(said)
	if string(said[:n]) != "https h.example/gw/api" {
		t.Errorf("the upstream heard %s", said[:n])
	}
}
