package proxy

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// What was taken is answered in the words of the route's senders (c11).
func TestRelayResponds(t *testing.T) {
	s, k := newRelay(t, `"conversation_key":{"path":"from"},"respond":{"content_type":"text/xml","body":"<R k='{{ conversation_key }}'>{{ outcome }}</R>",
		"outcomes":{"duplicate":{"status":303,"location":"https://x.example/{{ callback_id }}"}}},`)
	a, text := s.ask(t, "POST", "/wa", strings.NewReader(`{"from":"<&'"}`), "Content-Type", "application/json")
	if a.StatusCode != 200 || text != `<R k='&lt;&amp;&#39;'>accepted</R>` || a.Header.Get("Content-Type") != "text/xml; charset=utf-8" || a.Header.Get("Hookgate-Outcome") != "accepted" {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, text)
	}
	k.duplicate = true
	a, text = s.ask(t, "POST", "/wa", strings.NewReader(`{"from":"a"}`), "Content-Type", "application/json")
	if a.StatusCode != 303 || a.Header.Get("Location") != "https://x.example/cb_wa" || a.Header.Get("Hookgate-Outcome") != "duplicate" || !strings.Contains(text, `"duplicate"`) {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, text)
	}
	until(t, "both are counted", func() bool { return s.counted(t, "wa", "200")+s.counted(t, "wa", "303") == 2 })
}

func TestRelayThatDoesNotRender(t *testing.T) {
	s, _ := newRelay(t, `"conversation_key":{"path":"from"},"respond":{"status":303,"location":"/a","content_type":"application/json","body":"{{ conversation_key }}"},`)
	for range 3 {
		a, text := s.ask(t, "POST", "/wa", strings.NewReader(`{"from":"no-json"}`), "Content-Type", "application/json")
		if a.StatusCode != 200 || a.Header.Get("Location") != "" || text != `{"outcome":"accepted","callback_id":"cb_wa"}` {
			t.Errorf("%d %v %s", a.StatusCode, a.Header, text)
		}
	}
	if logs := s.log.String(); strings.Count(logs, "respond does not render") != 1 || strings.Contains(logs, "no-json") {
		t.Errorf("the log has %s", logs)
	}
}

// Addresses are judged before anything else, on both kinds of routes.
func TestRoutesAllowIPs(t *testing.T) {
	var asked atomic.Int32
	up := upstreamServer(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	s := newSite(t, routed(`"allow_ips":["192.0.2.0/24"]`, up.URL), siteOptions{trusted: []string{"127.0.0.1/32"}})
	for from, want := range map[string]int{"": 401, "192.0.2.9": 200, "192.0.3.9": 401, "::ffff:192.0.2.10": 200} {
		var header []string
		if from != "" {
			header = []string{"X-Forwarded-For", from}
		}
		if a, _ := s.ask(t, "POST", "/", strings.NewReader("{}"), header...); a.StatusCode != want {
			t.Errorf("from %q: %d", from, a.StatusCode)
		}
	}
	if asked.Load() != 2 || !strings.Contains(s.log.String(), "reason=address") {
		t.Errorf("%d went on; %s", asked.Load(), s.log.String())
	}
	relay, k := newRelay(t, `"allow_ips":["192.0.2.0/24"],`)
	if a, _ := relay.ask(t, "POST", "/wa", strings.NewReader("{}")); a.StatusCode != 401 || len(k.got) != 0 {
		t.Errorf("a relay: %d", a.StatusCode)
	}
}

// A question is answered on routes as on sources, and goes no further.
func TestRoutesShakeHands(t *testing.T) {
	var asked atomic.Int32
	up := upstreamServer(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	const echoes = `"handshake":{"type":"echo","in":"header","name":"X-Hook-Secret","respond":"header","token":{"in":"query","name":"t","secrets":["s3cret"]}}`
	s := newSite(t, routed(echoes, up.URL), siteOptions{})
	if a, _ := s.ask(t, "POST", "/?t=s3cret", strings.NewReader("{}"), "X-Hook-Secret", "abc"); a.StatusCode != 200 || a.Header.Get("X-Hook-Secret") != "abc" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	if a, _ := s.ask(t, "POST", "/?t=wrong", strings.NewReader("{}"), "X-Hook-Secret", "abc"); a.StatusCode != 403 || a.Header.Get("X-Hook-Secret") != "" {
		t.Errorf("without its token: %d", a.StatusCode)
	}
	if asked.Load() != 0 {
		t.Error("a question went to the upstream")
	}
	large := strings.Repeat("x", 100<<10) // it is passed on while it comes: no question
	for _, body := range []string{"{}", large} {
		header := []string{}
		if body == large {
			header = []string{"X-Hook-Secret", "abc"}
		}
		if a, _ := s.ask(t, "POST", "/?t=s3cret", strings.NewReader(body), header...); a.StatusCode != 200 || a.Header.Get("X-Hook-Secret") != "" {
			t.Errorf("what is no question: %d", a.StatusCode)
		}
	}
	if asked.Load() != 2 {
		t.Errorf("%d went to the upstream, want 2", asked.Load())
	}
	relay, k := newRelay(t, githubVerify+`,"handshake":{"type":"cloudevents","origins":["eventgrid.azure.net"]},`)
	if a, _ := relay.ask(t, "OPTIONS", "/wa", nil, "WebHook-Request-Origin", "eventgrid.azure.net"); a.StatusCode != 200 || a.Header.Get("WebHook-Allowed-Origin") != "eventgrid.azure.net" || len(k.got) != 0 {
		t.Errorf("a relay: %d %v", a.StatusCode, a.Header)
	}
}
