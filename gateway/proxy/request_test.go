package proxy

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/transport"
	"hookgate/metrics"
)

// echoHeads answers each request with the bytes of its head, and of its body as
// it was framed.
func echoHeads(t *testing.T) string {
	t.Helper()
	return rawUpstream(t, func(c *client) {
		for {
			head := c.head()
			if head == "" {
				return
			}
			seen := head + bodyOf(c, head)
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(seen), seen)
		}
	})
}

// bodyOf reads a body in its bytes.
func bodyOf(c *client, head string) string {
	_, rest, _ := strings.Cut(head, "Content-Length: ")
	if n := 0; rest != "" {
		if _, err := fmt.Sscanf(rest, "%d", &n); err != nil {
			return err.Error()
		}
		b := make([]byte, n)
		_, _ = io.ReadFull(c.r, b)
		return string(b)
	}
	var all strings.Builder
	for strings.Contains(head, "Transfer-Encoding: chunked\r\n") {
		line, err := c.r.ReadString('\n')
		all.WriteString(line)
		if err != nil || line == "\r\n" && strings.HasSuffix(all.String(), "0\r\n\r\n") {
			break
		}
	}
	return all.String()
}

func TestRequestBytes(t *testing.T) {
	up := echoHeads(t)
	host := strings.TrimPrefix(up, "http://")
	forwarded := "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test\r\n"
	tail := func(s string) string { return "Host: " + host + "\r\n" + s }
	for name, c := range map[string]struct{ route, trusted, request, want string }{
		"plain": {request: "GET /x HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nx-Case: Kept\r\nX-Two: 1\r\nX-Two: 2\r\nX-Bytes: \xe9\xff\r\n\r\n",
			want: "GET /x HTTP/1.1\r\n" + tail("Accept: */*\r\nx-Case: Kept\r\nX-Two: 1\r\nX-Two: 2\r\nX-Bytes: \xe9\xff\r\n"+forwarded+"\r\n")},
		"hop by hop": {request: "GET / HTTP/1.1\r\nHost: a.test\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: trailers\r\nUpgrade: websocket\r\n" +
			"Proxy-Authorization: Basic x\r\nHTTP2-Settings: AA\r\nTransfer_Encoding: chunked\r\nConnection: keep-alive, X-Hop ,x-other, Upgrade\r\nX-Hop: 1\r\nX-OTHER: 2\r\nX-End: 3\r\n\r\n",
			want: "GET / HTTP/1.1\r\n" + tail("X-End: 3\r\n"+forwarded+"\r\n")},
		"forged": {request: "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 10.9.9.9\r\nx_forwarded_for: 10.9.9.9\r\nX-Forwarded-Port: 1\r\nForwarded: for=10.9.9.9\r\n" +
			"X-Real-IP: 10.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n\r\n",
			want: "GET / HTTP/1.1\r\n" + tail(forwarded+"\r\n")},
		"trusted": {trusted: "127.0.0.0/8", request: "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 10.9.9.9\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Port: 443\r\n" +
			"X-Real-IP: 10.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: bot.example.com\r\n\r\n",
			want: "GET / HTTP/1.1\r\n" + tail("X-Forwarded-Port: 443\r\nX-Real-IP: 10.9.9.9\r\nX-Forwarded-For: 10.9.9.9, 192.0.2.1, 127.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: bot.example.com\r\n\r\n")},
		"trusted, but silent": {trusted: "127.0.0.1/32", request: "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
			want: "GET / HTTP/1.1\r\n" + tail(forwarded+"\r\n")},
		"set and removed": {route: `"headers":{"set":{"X-Via":"hookgate","Authorization":"Bearer up"},"remove":["Cookie","X-Forwarded-Host"]}`,
			request: "GET / HTTP/1.1\r\nHost: a.test\r\nx-via: client\r\nX_Via: client\r\nCookie: a=b\r\nauthorization: Bearer mine\r\n\r\n",
			want:    "GET / HTTP/1.1\r\n" + tail("X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Via: hookgate\r\nAuthorization: Bearer up\r\n\r\n")},
		"Connection names what is ours": {route: `"headers":{"set":{"X-Via":"hookgate"}}`,
			request: "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: X-Via, X-Forwarded-For, Host, Content-Length\r\n\r\n",
			want:    "GET / HTTP/1.1\r\n" + tail(forwarded+"X-Via: hookgate\r\n\r\n")},
		"body": {request: "POST / HTTP/1.1\r\nHost: a.test\r\ncontent-length: 005\r\n\r\nhello",
			want: "POST / HTTP/1.1\r\n" + tail(forwarded+"Content-Length: 5\r\n\r\nhello")},
		"no body": {request: "POST / HTTP/1.1\r\nHost: a.test\r\n\r\n",
			want: "POST / HTTP/1.1\r\n" + tail(forwarded+"Content-Length: 0\r\n\r\n")},
		"GET with a body": {request: "GET / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi",
			want: "GET / HTTP/1.1\r\n" + tail(forwarded+"Content-Length: 2\r\n\r\nhi")},
		"chunks, framed anew": {request: "PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0005;ext=1\r\nhello\r\n0\r\n\r\n",
			want: "PUT / HTTP/1.1\r\n" + tail(forwarded+"Content-Length: 5\r\n\r\nhello")},
		"chunks, of which more come": {route: `"max_body":"1MiB"`, request: "PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0005;ext=1\r\nhello\r\n007000\r\n" + strings.Repeat("x", 0x7000) + "\r\n0\r\n\r\n",
			want: "PUT / HTTP/1.1\r\n" + tail(forwarded+"Transfer-Encoding: chunked\r\n\r\n")},
		"chunks, verified": {route: `"verify":{"type":"none"}`, request: "PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
			want: "PUT / HTTP/1.1\r\n" + tail(forwarded+"Content-Length: 5\r\n\r\nhello")},
		"100-continue": {request: "PUT / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
			want: "PUT / HTTP/1.1\r\n" + tail(forwarded+"Content-Length: 2\r\n\r\nhi")},
		"HTTP/1.0": {request: "GET / HTTP/1.0\r\nHost: a.test\r\n\r\n",
			want: "GET / HTTP/1.1\r\n" + tail(forwarded+"\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			o := siteOptions{}
			if c.trusted != "" {
				o.trusted = []string{c.trusted}
			}
			s := newSite(t, routed(c.route, up), o)
			conn := s.dial(t)
			conn.send(t, c.request)
			if name == "100-continue" {
				if head := conn.raw(t); head != "HTTP/1.1 100 Continue\r\n\r\n" {
					t.Errorf("first %q", head)
				}
			}
			_, got := conn.answer(t, "GET")
			if name == "chunks, of which more come" { // in as many as it came in
				head, framed, _ := strings.Cut(got, "\r\n\r\n")
				if unchunk(t, framed) != "hello"+strings.Repeat("x", 0x7000) {
					t.Errorf("the body came as %q", framed)
				}
				got = head + "\r\n\r\n"
			}
			if got = unidentified(t, got); got != c.want {
				t.Errorf("the upstream got\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}

// A tenant's headers go with every request made for it; the route's own win.
func TestTenantHeaders(t *testing.T) {
	up := echoHeads(t)
	tenant := func(value string) *directory.Tenant {
		made, faults := directory.CompileTenant(gateway.Meta{ID: "acme"}, gateway.Tenant{Headers: gateway.Headers{{Name: "X-Acme-Auth", Value: gateway.Secret(value)}, {Name: "X-Via", Value: "tenant"}}},
			directory.Options{CheckHeader: transport.CheckHeader})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		return made
	}
	s := newSite(t, routed(`"tenant":"acme","headers":{"set":{"X-Via":"route"}}`, up), siteOptions{tenants: []*directory.Tenant{tenant("one")}})
	seen := func(want string) {
		t.Helper()
		_, got := s.ask(t, "GET", "/", nil, "X-Acme-Auth", "forged")
		if !strings.Contains(got, want) || strings.Contains(got, "forged") || strings.Contains(got, "X-Via: tenant") || strings.Count(got, "X-Via: route") != 1 {
			t.Errorf("the upstream got %q", got)
		}
	}
	seen("X-Acme-Auth: one\r\n")
	// A tenant that changes is another one from the next request on; one that is
	// gone takes its route out of service.
	before := directory.Build(metrics.New("test"), []*directory.Tenant{tenant("one")}, nil).
		WithRoutes(compile(t, routed(`"tenant":"acme","headers":{"set":{"X-Via":"route"}}`, up)))
	if err := s.Refresh(before.With(tenant("two"))); err != nil {
		t.Fatal(err)
	}
	seen("X-Acme-Auth: two\r\n")
	if err := s.Refresh(before.Without("acme")); err != nil {
		t.Fatal(err)
	}
	if a, _ := s.ask(t, "GET", "/", nil); a.StatusCode != 404 {
		t.Errorf("without its tenant the route answers %d", a.StatusCode)
	}
}
