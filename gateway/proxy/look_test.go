package proxy

import (
	"net/http"
	"strings"
	"testing"
)

// Who only looks at a relay has nothing relayed, whoever may call and whatever its
// methods are (case c12).
func TestLookingRelaysNothing(t *testing.T) {
	const meta = `"verify":{"type":"meta","secrets":["0123456789abcdef"],"verify_token":"v"},`
	for name, c := range map[string]struct{ route, allow string }{
		"open":         {"", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
		"verified":     {githubVerify + `,"match":{"path":"/wa","methods":["POST"]},`, "POST, HEAD, OPTIONS"},
		"a handshake":  {meta, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
		"both listed":  {`"match":{"path":"/wa","methods":["OPTIONS","HEAD"]},`, "OPTIONS, HEAD"},
		"limited":      {`"rate_limit":{"per_second":0.001,"burst":1},`, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
		"with a token": {`"verify":{"type":"token","in":"query","name":"k","secrets":["0123456789abcdef"]},"match":{"path":"/wa","methods":["GET","POST"]},`, "GET, POST, HEAD, OPTIONS"},
	} {
		t.Run(name, func(t *testing.T) {
			s, k := newRelay(t, c.route)
			for range 2 {
				for _, body := range []string{"", `{"a":1}`} {
					if a, text := s.ask(t, "HEAD", "/wa/x?hub.mode=subscribe", strings.NewReader(body)); a.StatusCode != 200 || text != "" {
						t.Errorf("HEAD: %d %q", a.StatusCode, text)
					}
					a, text := s.ask(t, "OPTIONS", "/wa", strings.NewReader(body))
					if a.StatusCode != 204 || text != "" || a.Header.Get("Allow") != c.allow || a.Header.Get("Vary") != "" {
						t.Errorf("OPTIONS: %d %q %v", a.StatusCode, text, a.Header)
					}
				}
			}
			k.mu.Lock()
			defer k.mu.Unlock()
			if len(k.got) != 0 {
				t.Errorf("%d were relayed", len(k.got))
			}
		})
	}
}

// HEAD of a path that two routes share goes to the one that takes it, and to a relay
// only where none does; a proxy's upstream answers for itself.
func TestLookingAtSharedPaths(t *testing.T) {
	var asked []string
	up := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
	})
	s, k := newRelay(t, "")
	to := `"upstreams":[{"url":"` + up.URL + `"}]`
	s.route(t, `{
		"in":  {"mode":"relay","tenant":"acme","match":{"path":"/wa","methods":["POST"]},`+to+`},
		"page":{"mode":"proxy","match":{"path":"/wa","methods":["GET","HEAD"]},`+to+`},
		"all": {"mode":"proxy","match":{"path":"/"},`+to+`},
		"sms": {"mode":"relay","tenant":"acme","match":{"path":"/sms","methods":["POST"]},`+to+`}}`)
	for _, c := range []struct {
		method, path string
		status       int
	}{{"HEAD", "/wa", 418}, {"OPTIONS", "/wa", 204}, {"HEAD", "/sms", 200}, {"OPTIONS", "/sms/x", 204}, {"OPTIONS", "/else", 418}, {"HEAD", "/else", 418}, {"GET", "/sms", 418}} {
		if a, _ := s.ask(t, c.method, c.path, nil); a.StatusCode != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, a.StatusCode, c.status)
		}
	}
	if got := strings.Join(asked, ", "); got != "HEAD /wa, OPTIONS /else, HEAD /else, GET /sms" || len(k.got) != 0 {
		t.Errorf("the upstream was asked %s; %d were relayed", got, len(k.got))
	}
}

// A page of an allowed origin may call a relay, and read all that it answers.
func TestRelayIsShared(t *testing.T) {
	const shop = "https://shop.example.com"
	s, k := newRelay(t, githubVerify+`,"match":{"path":"/wa","methods":["POST"]},"cors":{"origins":"`+shop+`","headers":["Content-Type","X-Hub-Signature-256"]},`)
	a, _ := s.ask(t, "OPTIONS", "/wa", nil, "Origin", shop, "Access-Control-Request-Method", "POST")
	for field, want := range map[string]string{
		"Access-Control-Allow-Origin": shop, "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type, X-Hub-Signature-256",
		"Vary": "Origin", "Allow": "POST, HEAD, OPTIONS", "Access-Control-Allow-Credentials": "",
	} {
		if got := a.Header.Get(field); got != want || a.StatusCode != 204 {
			t.Errorf("%d: %s is %q, want %q", a.StatusCode, field, got, want)
		}
	}
	for body, status := range map[string]int{sign("{}"): 200, "forged": 401} {
		a, _ := s.ask(t, "POST", "/wa", strings.NewReader("{}"), "Origin", shop, "X-Hub-Signature-256", body)
		if a.StatusCode != status || a.Header.Get("Access-Control-Allow-Origin") != shop || a.Header.Get("Vary") != "Origin" {
			t.Errorf("%d %v, want %d", a.StatusCode, a.Header, status)
		}
	}
	if a, _ := s.ask(t, "POST", "/wa", strings.NewReader("{}"), "Origin", "https://evil.example", "X-Hub-Signature-256", sign("{}")); a.StatusCode != 200 || a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Vary") != "Origin" {
		t.Errorf("another page: %d %v", a.StatusCode, a.Header)
	}
	k.last(t, 2)
}
