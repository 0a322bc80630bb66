package proxy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

func sign(body string) string {
	mac := hmac.New(sha256.New, []byte("0123456789abcdef"))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

const githubVerify = `"verify":{"type":"github","secrets":["0123456789abcdef"]}`

func TestVerification(t *testing.T) {
	var asked atomic.Int32
	up := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d", len(body))
	})
	s := newSite(t, routed(githubVerify, up.URL), siteOptions{})
	large := strings.Repeat("x", 200<<10)
	for _, body := range []string{"{}", "", large} {
		if a, got := s.ask(t, "POST", "/", strings.NewReader(body), "X-Hub-Signature-256", sign(body)); a.StatusCode != 200 || got != fmt.Sprint(len(body)) {
			t.Errorf("%d bytes, signed: %d %s", len(body), a.StatusCode, got)
		}
	}
	if a, got := s.ask(t, "POST", "/", io.MultiReader(strings.NewReader(large)), "X-Hub-Signature-256", sign(large)); a.StatusCode != 200 || got != fmt.Sprint(len(large)) {
		t.Errorf("in chunks, signed: %d %s", a.StatusCode, got)
	}
	asked.Store(0)
	for name, header := range map[string][]string{
		"unsigned": nil, "wrong": {"X-Hub-Signature-256", sign("other")},
		"twice": {"X-Hub-Signature-256", sign("{}"), "X-Hub-Signature-256", sign("{}")},
	} {
		a, body := s.ask(t, "POST", "/", strings.NewReader("{}"), header...)
		if a.StatusCode != 401 || !strings.Contains(body, `"unauthenticated"`) || strings.Contains(body, "ignature") {
			t.Errorf("%s: %d %s", name, a.StatusCode, body)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d reached the upstream", n)
	}
	// A flood of failures is told to stop; a good signature always passes.
	limited := false
	for range 100 {
		a, _ := s.ask(t, "POST", "/", strings.NewReader("{}"))
		limited = limited || a.StatusCode == 429 && a.Header.Get("Retry-After") != ""
	}
	if !limited {
		t.Error("100 failures, and no 429")
	}
	if a, _ := s.ask(t, "POST", "/", strings.NewReader("{}"), "X-Hub-Signature-256", sign("{}")); a.StatusCode != 200 {
		t.Errorf("then one that is signed: %d", a.StatusCode)
	}
	if n := strings.Count(s.log.String(), "not verified"); n < 3 || n > 60 {
		t.Errorf("the log has %d lines of it", n)
	}
}

// Behind a trusted proxy the bucket of failures is the client's, not the proxy's.
func TestFailuresBehindProxy(t *testing.T) {
	s := newSite(t, routed(githubVerify, refusing(t)), siteOptions{trusted: []string{"127.0.0.0/8", "10.0.0.0/8"}})
	status := func(chain ...string) int {
		var header []string
		for _, one := range chain {
			header = append(header, "X-Forwarded-For", one)
		}
		a, _ := s.ask(t, "POST", "/", nil, header...)
		return a.StatusCode
	}
	for range 60 {
		status("192.0.2.7, 10.1.1.1")
	}
	if got := status("192.0.2.7"); got != 429 {
		t.Errorf("the client who failed: %d", got)
	}
	if got := status("192.0.2.7", "192.0.2.8, 10.1.1.1"); got != 401 {
		t.Errorf("one who says that it is another: %d", got)
	}
	if got := status("192.0.2.7, nonsense"); got != 401 {
		t.Errorf("nonsense before the proxy: %d", got)
	}
	if got := status(); got != 401 {
		t.Errorf("the proxy itself: %d", got)
	}
}

func TestHandshake(t *testing.T) {
	var asked atomic.Int32
	up := upstreamServer(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	s := newSite(t, routed(`"verify":{"type":"meta","secrets":["0123456789abcdef"],"verify_token":"let me in"}`, up.URL), siteOptions{})
	a, body := s.ask(t, "GET", "/?hub.mode=subscribe&hub.verify_token=let+me+in&hub.challenge=4711", nil)
	if a.StatusCode != 200 || body != "4711" {
		t.Errorf("%d %q", a.StatusCode, body)
	}
	if a, _ := s.ask(t, "GET", "/?hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=4711", nil); a.StatusCode != 403 {
		t.Errorf("with the wrong token: %d", a.StatusCode)
	}
	if asked.Load() != 0 {
		t.Error("a handshake went to the upstream")
	}
	until(t, "both are counted", func() bool { return s.counted(t, "bot", "200")+s.counted(t, "bot", "403") == 2 })
}

func TestRateLimit(t *testing.T) {
	up := upstreamServer(t, func(http.ResponseWriter, *http.Request) {})
	s := newSite(t, routed(`"rate_limit":{"per_second":0.01,"burst":3}`, up.URL), siteOptions{})
	for range 3 {
		if a, _ := s.ask(t, "GET", "/", nil); a.StatusCode != 200 {
			t.Errorf("%d", a.StatusCode)
		}
	}
	a, body := s.ask(t, "GET", "/", nil)
	if again, _ := strconv.Atoi(a.Header.Get("Retry-After")); a.StatusCode != 429 || again > 100 || again < 40 || !strings.Contains(body, `"rate_limited"`) {
		t.Errorf("%d %q %s", a.StatusCode, a.Header, body)
	}
	s.route(t, routed(`"rate_limit":{"per_second":0.01,"burst":3},"timeout":"1s"`, up.URL))
	if a, _ := s.ask(t, "GET", "/", nil); a.StatusCode != 429 {
		t.Errorf("a reload fills the bucket: %d", a.StatusCode)
	}
}

// A callback's path is never a route's.
func TestCallbacksWin(t *testing.T) {
	up := upstreamServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "route") })
	s := newSite(t, routed("", up.URL), siteOptions{})
	for path, want := range map[string]string{"/hooks/acme/pay": "callback", "/hooks": "route", "/hook": "route"} {
		if _, body := s.ask(t, "POST", path, nil); body != want {
			t.Errorf("%s goes to %q", path, body)
		}
	}
	if a, _ := s.ask(t, "POST", "/hooks/Not%20An%20Id/x", nil); a.StatusCode != 404 {
		t.Errorf("a callback's path that is none: %d", a.StatusCode)
	}
}
