package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/directory"
	"hookgate/gateway/server"
)

// TLS ends here, and begins anew towards the upstream, whose certificate is checked.
func TestTLSBothSides(t *testing.T) {
	var conns atomic.Int32
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %t %d", r.Header.Get("X-Forwarded-Proto"), r.Host, r.TLS != nil, len(body))
	}))
	up.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	up.StartTLS()
	defer up.Close()
	roots := x509.NewCertPool()
	roots.AddCert(up.Certificate())
	own := &tls.Config{Certificates: up.TLS.Certificates} //nolint:gosec // for loopback, as its own settings are
	s := newSite(t, routed(`"max_body":"10MiB"`, up.URL), siteOptions{roots: roots, server: server.Options{PublicTLS: own}})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}} //nolint:gosec // as above
	defer client.CloseIdleConnections()
	for _, n := range []int{0, 5, 70_000, 5 << 20} {
		a, err := client.Post("https://"+s.addr+"/", "text/plain", strings.NewReader(strings.Repeat("x", n)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(a.Body)
		_ = a.Body.Close()
		if want := fmt.Sprintf("https %s true %d", strings.TrimPrefix(up.URL, "https://"), n); err != nil || string(body) != want {
			t.Errorf("%q, want %q (%v)", body, want, err)
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections to the upstream", n)
	}
	stranger := newSite(t, routed("", up.URL), siteOptions{roots: x509.NewCertPool()})
	if a, body := stranger.ask(t, "GET", "/", nil); a.StatusCode != 502 || !strings.Contains(body, "upstream_failed") {
		t.Errorf("a certificate that nobody trusts: %d %s", a.StatusCode, body)
	}
}

// A client that leaves is seen through TLS too.
func TestClientLeavesTLS(t *testing.T) {
	t.Parallel()
	other := httptest.NewTLSServer(nil)
	defer other.Close()
	asked, over := make(chan struct{}), make(chan struct{})
	up := rawUpstream(t, func(c *client) {
		c.head()
		close(asked)
		_, _ = c.r.ReadByte()
		close(over)
	})
	s := newSite(t, routed("", up), siteOptions{server: server.Options{PublicTLS: other.TLS.Clone()}})
	c, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // loopback
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-asked
	_ = c.Close()
	select {
	case <-over:
	case <-time.After(20 * time.Second):
		t.Error("the request upstream goes on")
	}
}

// A panic on the way is one answer, and no leak.
func TestPanic(t *testing.T) {
	s := newSite(t, `{}`, siteOptions{
		tenants: []*directory.Tenant{{ID: "acme"}},
		relay:   func(RelayRequest) (string, bool, error) { panic("oops") },
	})
	s.route(t, `{"wa":{"mode":"relay","tenant":"acme","match":{"path":"/"},"upstreams":[{"url":"http://bot.test"}]}}`)
	for range 3 {
		if a, body := s.ask(t, "POST", "/", strings.NewReader("{}")); a.StatusCode != 500 || !strings.Contains(body, `"internal"`) {
			t.Errorf("%d %s", a.StatusCode, body)
		}
	}
	until(t, "they are counted", func() bool { return s.counted(t, "wa", "500") == 3 })
}
