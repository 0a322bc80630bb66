package proxy

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const askUpgrade = "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

const switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

// echoUpgraded switches, and then sends back what it gets.
func echoUpgraded(t *testing.T, heads chan<- string) string {
	t.Helper()
	return rawUpstream(t, func(c *client) {
		head := c.head()
		if heads != nil {
			heads <- head
		}
		_, _ = io.WriteString(c, switched+"first")
		_, _ = io.Copy(c, c.r)
	})
}

func expect(t *testing.T, c *client, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c.r, got); err != nil || string(got) != want {
		t.Fatalf("got %q, want %q (%v)", got, want, err)
	}
}

func TestUpgrade(t *testing.T) {
	heads := make(chan string, 1)
	s := newSite(t, routed(`"upgrade":true`, echoUpgraded(t, heads)), siteOptions{})
	c := s.dial(t)
	c.send(t, askUpgrade+"early") // a client may not wait for the answer
	if head := <-heads; !strings.Contains(head, "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n") || !strings.Contains(head, "Sec-WebSocket-Key: ") || strings.Count(head, "Upgrade: ") != 1 {
		t.Errorf("the upstream got %q", head)
	}
	want := "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nfirstearly"
	got := make([]byte, len(want)+fieldOfID)
	if _, err := io.ReadFull(c.r, got); err != nil || unidentified(t, string(got)) != want {
		t.Fatalf("got %q, want %q (%v)", got, want, err)
	}
	for _, frame := range []string{"\x81\x05hello", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("\x00\xff", 100_000)} {
		done := make(chan struct{})
		go func() { defer close(done); _, _ = io.WriteString(c, frame) }()
		expect(t, c, frame)
		<-done
	}
	until(t, "it is counted", func() bool { return s.counted(t, "bot", "101") == 1 })
	u := s.table.Load().byPath["/"][0].upstreams[0]
	until(t, "its request is over, and it is not", func() bool { return u.flying.Load() == 1 })
	// A side that has said all it has to say still hears the other's last words.
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		t.Fatal("no half")
	}
	c.ended(t)
	until(t, "it is over", func() bool { return u.flying.Load() == 0 })
}

// An upgrade that nobody may have is an ordinary request.
func TestNoUpgrade(t *testing.T) {
	for name, c := range map[string]struct{ route, request string }{
		"route without upgrade":   {"", askUpgrade},
		"h2c":                     {`"upgrade":true`, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"},
		"h2c among others":        {`"upgrade":true`, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n"},
		"HTTP/2.0":                {`"upgrade":true`, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: HTTP/2.0\r\n\r\n"},
		"not named by Connection": {`"upgrade":true`, "GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\n\r\n"},
		"POST":                    {`"upgrade":true`, "POST / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx"},
		"with a body":             {`"upgrade":true`, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx"},
	} {
		t.Run(name, func(t *testing.T) {
			var saw string
			up := rawUpstream(t, func(c *client) {
				if saw = c.head(); saw != "" {
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					c.head()
				}
			})
			s := newSite(t, routed(c.route, up), siteOptions{})
			client := s.dial(t)
			client.send(t, c.request)
			if a, _ := client.answer(t, "GET"); a.StatusCode != 200 {
				t.Errorf("%d", a.StatusCode)
			}
			if strings.Contains(strings.ToLower(saw), "upgrade:") || strings.Contains(saw, "HTTP2-Settings") || strings.Contains(saw, "Connection:") {
				t.Errorf("the upstream got %q", saw)
			}
		})
	}
}

func TestUpgradeRefused(t *testing.T) {
	for answer, want := range map[string]int{
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno":                                  403,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n":      502,
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\nHTTP/1.1 200 OK\r\n\r\n": 502,
	} {
		s := newSite(t, routed(`"upgrade":true`, rawUpstream(t, once(answer))), siteOptions{})
		c := s.dial(t)
		c.send(t, askUpgrade)
		if a, _ := c.answer(t, "GET"); a.StatusCode != want {
			t.Errorf("%.40q: %d, want %d", answer, a.StatusCode, want)
		}
		c.send(t, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n") // the client's connection is still HTTP
		c.answer(t, "GET")
	}
}

func TestUpgradedConnectionsEnd(t *testing.T) {
	t.Run("silent", func(t *testing.T) {
		s := newSite(t, routed(`"upgrade":true,"idle_timeout":"1s"`, echoUpgraded(t, nil)), siteOptions{})
		c := s.dial(t)
		began := time.Now() // not later than the silence, however slow this test is
		c.send(t, askUpgrade)
		c.raw(t)
		expect(t, c, "first")
		c.ended(t)
		if took := time.Since(began); took < 500*time.Millisecond {
			t.Errorf("after %s", took)
		}
	})
	t.Run("one way is enough", func(t *testing.T) {
		said := make(chan struct{})
		up := rawUpstream(t, func(c *client) {
			c.head()
			_, _ = io.WriteString(c, switched)
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for range 15 { // longer than either side may be silent
				<-tick.C
				_, _ = io.WriteString(c, ".")
			}
			close(said)
			_, _ = c.r.ReadByte()
		})
		s := newSite(t, routed(`"upgrade":true,"idle_timeout":"2s"`, up), siteOptions{})
		c := s.dial(t)
		c.send(t, askUpgrade)
		c.raw(t)
		expect(t, c, strings.Repeat(".", 15))
		<-said
	})
	t.Run("the client leaves", func(t *testing.T) {
		over := make(chan struct{})
		up := rawUpstream(t, func(c *client) {
			c.head()
			_, _ = io.WriteString(c, switched)
			_, _ = io.Copy(io.Discard, c.r)
			close(over)
		})
		s := newSite(t, routed(`"upgrade":true`, up), siteOptions{})
		c := s.dial(t)
		c.send(t, askUpgrade)
		c.raw(t)
		_ = c.Close()
		<-over
	})
	t.Run("drain", func(t *testing.T) {
		s := newSite(t, routed(`"upgrade":true`, echoUpgraded(t, nil)), siteOptions{})
		c := s.dial(t)
		c.send(t, askUpgrade)
		c.raw(t)
		expect(t, c, "first")
		s.Drain()
		c.ended(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.server.Drain(ctx); err != nil {
			t.Error(err)
		}
	})
}

// A drain lets what is in flight end, and tells clients to go elsewhere after it.
func TestDrainFinishesRequests(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	up := upstreamServer(t, func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = io.WriteString(w, "done")
	})
	s := newSite(t, routed("", up.URL), siteOptions{})
	c := s.dial(t)
	c.send(t, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
	<-asked
	s.Drain()
	drained := make(chan error, 1)
	go func() { drained <- s.server.Drain(context.Background()) }()
	close(answer)
	if a, body := c.answer(t, "GET"); a.StatusCode != 200 || body != "done" {
		t.Errorf("%d %q", a.StatusCode, body)
	}
	c.ended(t)
	if err := <-drained; err != nil {
		t.Error(err)
	}
}
