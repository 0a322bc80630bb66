package proxy

import (
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway/directory"
)

// A request is judged by the routes at the end of its body.
func TestJudgedAtTheEnd(t *testing.T) {
	const upstream = `"match":{"path":"/wa"},"upstreams":[{"url":"http://bot.test"}]`
	first := `{"wa":{"mode":"relay","tenant":"acme",` + githubVerify + `,` + upstream + `}}`
	body := strings.Repeat("x", 100<<10)
	for name, c := range map[string]struct {
		then   string
		status int
	}{
		"as before":         {first, 200},
		"another secret":    {strings.Replace(first, githubVerify, `"verify":{"type":"github","secrets":["fedcba9876543210"]}`, 1), 401},
		"no such route":     {`{"wa":{"mode":"relay","tenant":"acme","match":{"path":"/other"},"upstreams":[{"url":"http://bot.test"}]}}`, 404},
		"another's":         {strings.Replace(first, "acme", "other", 1), 200},
		"one that is not":   {strings.Replace(first, `"tenant":"acme"`, `"tenant":"gone"`, 1), 404},
		"it takes less now": {strings.Replace(first, `"mode"`, `"max_body":"64KiB","mode"`, 1), 413},
	} {
		t.Run(name, func(t *testing.T) {
			k := &taker{}
			s := newSite(t, `{}`, siteOptions{tenants: []*directory.Tenant{{ID: "acme"}, {ID: "other"}}, relay: k.take})
			s.route(t, first)
			conn := s.dial(t)
			conn.send(t, fmt.Sprintf("POST /wa HTTP/1.1\r\nHost: a.test\r\nX-Hub-Signature-256: %s\r\nContent-Length: %d\r\n\r\n%s", sign(body), len(body), body[1:]))
			bodies, _ := s.server.Bodies()
			until(t, "it is in hand", func() bool { return bodies.Stat().Used > 100<<10 })
			s.route(t, c.then)
			conn.send(t, body[:1])
			if a, text := conn.answer(t, "POST"); a.StatusCode != c.status {
				t.Errorf("%d %s, want %d", a.StatusCode, text, c.status)
			}
			if c.status != 200 {
				return
			}
			if q := k.last(t, 1); strings.Contains(c.then, q.Route.Tenant.ID) == false {
				t.Errorf("it is given to %s", q.Route.Tenant.ID)
			}
		})
	}
}

func TestRelaySeveralContentEncodings(t *testing.T) {
	s, k := newRelay(t, "")
	for _, fields := range []string{
		"Content-Encoding: gzip\r\nContent-Encoding: identity\r\n", "Content-Encoding:\r\ncontent-encoding: gzip\r\n",
	} {
		conn := s.dial(t)
		conn.send(t, "POST /wa HTTP/1.1\r\nHost: a.test\r\n"+fields+"Content-Length: 2\r\n\r\n{}")
		if a, text := conn.answer(t, "POST"); a.StatusCode != 415 || !strings.Contains(text, "several Content-Encoding") {
			t.Errorf("%q: %d %s", fields, a.StatusCode, text)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.got) > 0 {
		t.Error("it is relayed")
	}
}
