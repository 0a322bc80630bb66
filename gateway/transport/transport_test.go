package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(asReceiver) != "" {
		receive()
		return
	}
	goleak.VerifyTestMain(m)
}

// loopback makes a transport that may reach this machine.
func loopback(t testing.TB, o Options) *Transport {
	t.Helper()
	if len(o.Egress.Allow) == 0 {
		o.Egress.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	tr := New(o)
	t.Cleanup(tr.Close)
	return tr
}

func serve(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// listen runs a handler for each raw connection, which it closes afterwards.
func listen(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handle(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	return listener.Addr().String()
}

// request reads one whole request off a raw connection.
func request(conn net.Conn) bool {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

func TestRequestArrivesAsItWasMade(t *testing.T) {
	type got struct {
		line, host, body string
		header           http.Header
	}
	seen := make(chan got, 1)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- got{r.Method + " " + r.RequestURI, r.Host, string(body), r.Header}
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Content-Type", "text/x")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "later")
	})
	tr := loopback(t, Options{})
	answer, err := tr.Do(t.Context(), &Request{
		Method: "POST", URL: url + "/a//b/../c%2Fd?x=1&y=%20#frag", Tenant: "acme", Body: []byte(`{"a":1}`),
		Header: [][2]string{{"Content-Type", "application/json"}, {"X-Two", "1"}, {"X-Two", "2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != 503 || answer.RetryAfter != "7" || answer.ContentType != "text/x" || string(answer.Body) != "later" || answer.Truncated {
		t.Errorf("answer %+v", answer)
	}
	r := <-seen
	if r.line != "POST /a//b/../c%2Fd?x=1&y=%20" || r.body != `{"a":1}` || "http://"+r.host != url {
		t.Errorf("got %+v", r)
	}
	if r.header.Get("Content-Type") != "application/json" || len(r.header["X-Two"]) != 2 {
		t.Errorf("header %v", r.header)
	}
}

func TestTargetIsWrittenAsItIs(t *testing.T) {
	lines := make(chan string, 1)
	url := "http://" + listen(t, func(conn net.Conn) {
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			t.Error(err)
		}
		lines <- line
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	tr := loopback(t, Options{})
	for _, target := range []string{"/", "/a%2Fb/../\"|[?", "//\xff?a=?&", "/" + strings.Repeat("x", maxURL)} {
		if _, err := tr.Do(t.Context(), &Request{Method: "GET", URL: url + "/base?q", Target: target}); err != nil {
			t.Fatal(err)
		}
		if got := <-lines; got != "GET "+target+" HTTP/1.1\r\n" {
			t.Errorf("%.40q arrived as %.60q", target, got)
		}
	}
	for _, target := range []string{"a", "?a", "*", "/a b", "/a\tb", "/a\r\nX: y", "/a#b", "/a\x7f", "/a\x00", "http://other/"} {
		var refused *Error
		if _, err := tr.Do(t.Context(), &Request{Method: "GET", URL: url, Target: target}); !errors.As(err, &refused) || refused.Word != WordBlocked {
			t.Errorf("%q: %v", target, err)
		}
	}
}

func TestConnectionsAreKeptApartForEachTenant(t *testing.T) {
	remotes := make(chan string, 4)
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { remotes <- r.RemoteAddr })
	tr := loopback(t, Options{})
	for _, tenant := range []string{"a", "a", "b"} {
		if _, err := tr.Do(t.Context(), &Request{Method: "GET", URL: url, Tenant: tenant}); err != nil {
			t.Fatal(err)
		}
	}
	first, second, other := <-remotes, <-remotes, <-remotes
	if first != second {
		t.Error("a tenant's second request did not use the kept connection")
	}
	if first == other {
		t.Error("two tenants shared a connection")
	}
}

func TestAnswersAreCut(t *testing.T) {
	const size = 1 << 20
	for name, length := range map[string]bool{"with a length": true, "chunked": false} {
		t.Run(name, func(t *testing.T) {
			sent := bytes.Repeat([]byte("x"), size)
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if length {
					w.Header().Set("Content-Length", fmt.Sprint(size))
				}
				_, _ = w.Write(sent)
			})
			answer, err := get(t, loopback(t, Options{}), url)
			if err != nil || len(answer.Body) != DefaultAnswer || !answer.Truncated {
				t.Fatalf("%v; kept %d bytes", err, len(answer.Body))
			}
		})
	}
	t.Run("whole up to the cap", func(t *testing.T) {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 100)) })
		for most, cut := range map[int]bool{99: true, 100: false, 101: false} {
			answer, err := loopback(t, Options{}).Do(t.Context(), &Request{Method: "GET", URL: url, MaxAnswer: most})
			if err != nil || answer.Truncated != cut || len(answer.Body) != min(most, 100) {
				t.Errorf("cap %d: %d bytes, truncated %t, %v", most, len(answer.Body), answer.Truncated, err)
			}
		}
	})
}

// TestDeadlineBoundsEverything: a peer that stops at any step costs the
// request's time and no more. The peer holds on until the test lets go, so an
// answer at all is the proof.
func TestDeadlineBoundsEverything(t *testing.T) {
	const header = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
	for name, first := range map[string]string{
		"no answer": "", "half a header": header[:20], "half a body": header + "abc",
	} {
		t.Run(name, func(t *testing.T) {
			hold := make(chan struct{})
			at := listen(t, func(conn net.Conn) {
				request(conn)
				_, _ = io.WriteString(conn, first)
				<-hold
			})
			t.Cleanup(func() { close(hold) })
			expectWord(t, loopback(t, Options{}), "http://"+at, WordTimeout)
		})
	}
	t.Run("TLS", func(t *testing.T) {
		hold := make(chan struct{})
		at := listen(t, func(net.Conn) { <-hold })
		t.Cleanup(func() { close(hold) })
		expectWord(t, loopback(t, Options{}), "https://"+at, WordTimeout)
	})
	t.Run("lookup", func(t *testing.T) {
		expectWord(t, loopback(t, Options{Resolver: hanging{}}), "http://name.test", WordTimeout)
	})
	t.Run("connect", func(t *testing.T) {
		dial := func(ctx context.Context, _ netip.AddrPort, _ func(netip.AddrPort) error) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		expectWord(t, loopback(t, Options{Dial: dial}), "http://127.0.0.1:80", WordTimeout)
	})
}

type hanging struct{}

func (hanging) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func expectWord(t *testing.T, tr *Transport, url, word string) {
	t.Helper()
	_, err := tr.Do(t.Context(), &Request{Method: "POST", URL: url, Timeout: 50 * time.Millisecond})
	var known *Error
	if !errors.As(err, &known) || known.Word != word {
		t.Errorf("%v, want %s", err, word)
	}
}

func TestContextEndsARequest(t *testing.T) {
	arrived, hold := make(chan struct{}), make(chan struct{})
	at := listen(t, func(conn net.Conn) { request(conn); close(arrived); <-hold })
	t.Cleanup(func() { close(hold) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err := loopback(t, Options{}).Do(ctx, &Request{Method: "POST", URL: "http://" + at, Timeout: time.Hour})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestRedoOnAFreshConnection: a kept connection that the peer had closed is not
// the endpoint's failure; a fresh one that it closes is, and is not repeated.
func TestRedoOnAFreshConnection(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	const goodbye = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	for name, last := range map[string]string{"closed": "", "said goodbye": goodbye} {
		t.Run(name, func(t *testing.T) {
			var served atomic.Int32
			answered, closed := make(chan struct{}), make(chan struct{})
			at := listen(t, func(conn net.Conn) {
				if request(conn) {
					served.Add(1)
					_, _ = io.WriteString(conn, ok)
				}
				<-answered // now the connection rests
				_, _ = io.WriteString(conn, last)
				_ = conn.Close()
				closed <- struct{}{}
			})
			tr := loopback(t, Options{})
			for range 2 {
				if answer, err := get(t, tr, "http://"+at); err != nil || answer.Status != 200 {
					t.Fatal(answer, err)
				}
				answered <- struct{}{}
				<-closed
			}
			if n := served.Load(); n != 2 {
				t.Errorf("%d requests were served", n)
			}
		})
	}
	t.Run("a fresh one is not repeated", func(t *testing.T) {
		var served atomic.Int32
		at := listen(t, func(conn net.Conn) { request(conn); served.Add(1) })
		_, err := get(t, loopback(t, Options{}), "http://"+at)
		if err == nil || err.Word != WordProtocol || served.Load() != 1 {
			t.Errorf("%v after %d", err, served.Load())
		}
	})
}

// TestSurplusBytesEndAConnection: what follows an answer is not the next one.
func TestSurplusBytesEndAConnection(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	var conns atomic.Int32
	at := listen(t, func(conn net.Conn) {
		conns.Add(1)
		if request(conn) {
			_, _ = io.WriteString(conn, ok+"HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n")
			if request(conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 500 Reused\r\nContent-Length: 0\r\n\r\n")
			}
		}
	})
	tr := loopback(t, Options{})
	for range 2 {
		if answer, err := get(t, tr, "http://"+at); err != nil || answer.Status != 200 {
			t.Fatal(answer, err)
		}
	}
	if n := conns.Load(); n != 2 {
		t.Errorf("%d connections for 2 requests", n)
	}
}

func TestEarlyAnswerIsRead(t *testing.T) {
	at := listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
		_, _ = io.CopyN(io.Discard, conn, 1<<20)
	})
	answer, err := loopback(t, Options{}).Do(t.Context(), &Request{Method: "POST", URL: "http://" + at, Body: make([]byte, 1<<20)})
	if err != nil || answer.Status != 413 {
		t.Errorf("%v, %v", answer, err)
	}
}

func TestWords(t *testing.T) {
	raw := func(answer string) string {
		return "http://" + listen(t, func(conn net.Conn) {
			request(conn)
			_, _ = io.WriteString(conn, answer)
		})
	}
	for name, c := range map[string]struct{ url, word string }{
		"not HTTP":         {raw("SSH-2.0-OpenSSH\r\n"), WordProtocol},
		"half a header":    {raw("HTTP/1.1 200 OK\r\nConte"), WordProtocol},
		"half a body":      {raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), WordProtocol},
		"half a chunk":     {raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"), WordProtocol},
		"upgrade":          {raw("HTTP/1.1 101 Switching Protocols\r\n\r\n"), WordProtocol},
		"status":           {raw("HTTP/1.1 999 What\r\n\r\n"), WordProtocol},
		"a header's flood": {raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxAnswerHeader) + "\r\n\r\n"), WordProtocol},
		"no TLS there":     {"https" + strings.TrimPrefix(raw("HTTP/1.1 200 OK\r\n\r\n"), "http"), WordTLS},
		"nobody there":     {"http://127.0.0.1:1", WordConnect},
		"no such name":     {"http://missing.test", WordDNS},
	} {
		t.Run(name, func(t *testing.T) {
			_, resolver := nameServer(t, nil)
			_, err := get(t, loopback(t, Options{Resolver: resolver}), c.url)
			if err == nil || err.Word != c.word {
				t.Errorf("%v, want %s", err, c.word)
			}
			t.Log(err)
		})
	}
}

func TestTextsHoldNoSecrets(t *testing.T) {
	at := listen(t, func(conn net.Conn) {
		request(conn)
		_, _ = io.WriteString(conn, "HTTP/1.1 s3cret OK\r\nX-Bad\x01: s3cret\r\n\r\n")
	})
	for _, url := range []string{"http://" + at + "/s3cret?s3cret", "http://user:s3cret@" + at, "http://127.0.0.1:1/s3cret", "http://%s3cret/"} {
		_, err := loopback(t, Options{}).Do(t.Context(), &Request{Method: "GET", URL: url, Header: [][2]string{{"X", "s3cret"}}})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	quiet := log.New(io.Discard, "", 0) // the handshakes are meant to fail
	server.Config.ErrorLog = quiet
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	_, resolver := nameServer(t, map[string][]answer{
		"example.com": {{addrs: []string{"127.0.0.1"}}}, "other.test": {{addrs: []string{"127.0.0.1"}}},
	})
	if _, err := get(t, loopback(t, Options{RootCAs: pool, Resolver: resolver}), "https://example.com:"+port); err != nil {
		t.Errorf("trusted: %v", err)
	}
	if _, err := get(t, loopback(t, Options{RootCAs: pool, Resolver: resolver}), "https://other.test:"+port); err == nil || err.Word != WordTLS {
		t.Errorf("for another name: %v", err)
	}
	if _, err := get(t, loopback(t, Options{RootCAs: x509.NewCertPool()}), server.URL); err == nil || err.Word != WordTLS {
		t.Errorf("unknown authority: %v", err)
	}
	stale, authority := expired(t)
	late := httptest.NewUnstartedServer(nil)
	late.Config.ErrorLog = quiet
	late.TLS = &tls.Config{Certificates: []tls.Certificate{stale}}
	late.StartTLS()
	t.Cleanup(late.Close)
	if _, err := get(t, loopback(t, Options{RootCAs: authority}), late.URL); err == nil || err.Word != WordTLS {
		t.Errorf("expired: %v", err)
	}
	old := httptest.NewUnstartedServer(nil)
	old.Config.ErrorLog = quiet
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	if _, err := get(t, loopback(t, Options{RootCAs: pool}), old.URL); err == nil || err.Word != WordTLS {
		t.Errorf("TLS 1.1: %v", err)
	}
}

// expired makes a certificate for 127.0.0.1 that was good until yesterday, and
// whom to trust for it.
func expired(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour),
	}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, pool
}

func TestManyRequestsShareFewConnections(t *testing.T) {
	var open, most atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			if n := open.Add(1); n > most.Load() {
				most.Store(n)
			}
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	tr := loopback(t, Options{MaxConns: 2})
	errs := make(chan error)
	for range 20 {
		go func() {
			_, err := tr.Do(context.Background(), &Request{Method: "POST", URL: server.URL})
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := most.Load(); n > 2 {
		t.Errorf("%d connections at once, bound 2", n)
	}
}

func TestHostsAreBounded(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	tr := loopback(t, Options{MaxHosts: 3})
	for i := range 10 {
		if _, err := tr.Do(t.Context(), &Request{Method: "GET", URL: url, Tenant: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(tr.pool.hosts); n != 3 {
		t.Errorf("%d hosts are kept, bound 3", n)
	}
}

func TestHeaderCheck(t *testing.T) {
	for _, bad := range [][2]string{
		{"", "x"}, {"A B", "x"}, {"A:", "x"}, {"A", "x\r\nB: y"}, {"A", "x\n"}, {"A", "\x00"}, {"Ä", "x"},
		{"Content-Length", "1"}, {"transfer-encoding", "chunked"}, {"CONNECTION", "close"}, {"TE", "x"}, {"Upgrade", "x"}, {"Host", "x"},
	} {
		if CheckHeader(bad[0], bad[1]) == nil {
			t.Errorf("%q: %q passes", bad[0], bad[1])
		}
	}
	for _, good := range [][2]string{{"X-Acme-Auth", "töken \t x"}, {"Authorization", ""}, {"tea", "x"}} {
		if err := CheckHeader(good[0], good[1]); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkDo(b *testing.B) {
	url := serve(b, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	tr := loopback(b, Options{})
	r := &Request{Method: "POST", URL: url, Tenant: "acme", Body: make([]byte, 1024), Header: [][2]string{{"Content-Type", "application/json"}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tr.Do(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}
