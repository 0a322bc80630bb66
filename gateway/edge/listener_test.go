package edge

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const (
	askAndKeep  = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n"
	askAndClose = "GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
)

func askOn(t *testing.T, c net.Conn, raw string) int {
	t.Helper()
	send(t, c, []byte(raw), 1<<20)
	r := bufio.NewReader(c)
	answer, _ := readAnswer(t, r)
	if answer.Close {
		if _, err := r.ReadByte(); err == nil {
			t.Error("bytes behind the last answer")
		}
	}
	return answer.StatusCode
}

func TestConnectionsAreBounded(t *testing.T) {
	limits := testLimits(true)
	limits.Conns = 2
	s := newSite(t, limits, echo)
	first, second := s.dial(t), s.dial(t)
	if a, b := askOn(t, first, askAndKeep), askOn(t, second, askAndKeep); a != 200 || b != 200 {
		t.Fatalf("answered %d, %d", a, b)
	}
	if answer, body := readAnswer(t, bufio.NewReader(s.dial(t))); answer.StatusCode != 503 || answer.Header.Get("Retry-After") != "1" {
		t.Errorf("the third: %d %s", answer.StatusCode, body)
	}
	askOn(t, first, askAndClose)
	if status := askOn(t, s.dial(t), askAndKeep); status != 200 {
		t.Errorf("with room again: %d", status)
	}
}

func TestConnectionsOfOneClientAreBounded(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127/8 as loopback")
	}
	limits := testLimits(true)
	limits.ConnsPerBlock = 1
	s := newSite(t, limits, echo)
	first := s.dial(t)
	askOn(t, first, askAndKeep)
	if answer, _ := readAnswer(t, bufio.NewReader(s.dial(t))); answer.StatusCode != 503 {
		t.Errorf("a second from one address: %d", answer.StatusCode)
	}
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	neighbour, err := from.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = neighbour.Close() }()
	if answer, _ := readAnswer(t, bufio.NewReader(neighbour)); answer.StatusCode != 503 {
		t.Errorf("one of the same /24: %d", answer.StatusCode)
	}
	from.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, 1)}
	other, err := from.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if status := askOn(t, other, askAndKeep); status != 200 {
		t.Errorf("from another /24: %d", status)
	}
	askOn(t, first, askAndClose)
	if status := askOn(t, s.dial(t), askAndClose); status != 200 {
		t.Errorf("with room again: %d", status)
	}
}

func TestTLS(t *testing.T) {
	lender := httptest.NewTLSServer(http.NotFoundHandler()) // of a certificate
	defer lender.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	settings := Settings{
		Handler: echo, Limits: testLimits(true), TLS: &tls.Config{Certificates: lender.TLS.Certificates},
		ReadTimeout: 10 * time.Second, Logger: log.New(io.Discard, "", 0),
	}
	server, bounded := settings.Server(), settings.Listener(ln)
	served := make(chan error, 1)
	go func() { served <- server.Serve(bounded) }()
	roots := x509.NewCertPool()
	roots.AddCert(lender.Certificate())
	c, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if status := askOn(t, c, askAndKeep); status != 200 {
		t.Errorf("answered %d", status)
	}
	bounded.mu.Lock()
	for open := range bounded.conns {
		if Socket(open) == nil {
			t.Error("the socket under TLS is not found")
		}
	}
	bounded.mu.Unlock()
	if status := askOn(t, c, "GET /../a HTTP/1.1\r\nHost: a.test\r\n\r\n"); status != 400 {
		t.Errorf("a dot segment in TLS: %d", status)
	}
	if err := errors.Join(bounded.Close(), <-served); err != nil {
		t.Error(err)
	}
}

// short is a listener whose every accept fails.
type short struct {
	net.Listener
	err error
}

func (s short) Accept() (net.Conn, error) { return nil, s.err }
func (short) Close() error                { return nil }

// flapping is a listener at the limit: whenever a connection has gone there is room
// for one more.
type flapping struct {
	short
	calls int
}

func (f *flapping) Accept() (net.Conn, error) {
	if f.calls++; f.calls%2 == 1 {
		return nil, f.err
	}
	return &script{}, nil
}

// Who comes and goes at the limit does not fill the log.
func TestShortageIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		paused := Observer{Paused: func(error) { told++ }}
		l := Settings{Limits: testLimits(true), Observer: paused}.Listener(&flapping{short: short{err: syscall.EMFILE}})
		for range 1000 {
			c, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			_ = c.Close()
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}

// Proxies in front are many clients.
func TestProxiesInFrontAreNotBounded(t *testing.T) {
	limits := testLimits(true)
	limits.Conns, limits.ConnsPerBlock = 3, 1
	limits.Trusts = func(a netip.Addr) bool { return a.IsLoopback() }
	s := newSite(t, limits, echo)
	for range 3 {
		if status := askOn(t, s.dial(t), askAndKeep); status != 200 {
			t.Errorf("answered %d", status)
		}
	}
	if answer, _ := readAnswer(t, bufio.NewReader(s.dial(t))); answer.StatusCode != 503 {
		t.Errorf("beyond the bound for all: %d", answer.StatusCode)
	}
}

func TestAcceptRestsInAShortage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		paused := Observer{Paused: func(error) { told++ }}
		l := Settings{Limits: testLimits(true), Observer: paused}.Listener(short{err: &net.OpError{Op: "accept", Err: syscall.EMFILE}})
		time.AfterFunc(time.Hour, func() { _ = l.Close() })
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept: %v", err)
		}
		if told != 60 {
			t.Errorf("told %d times in an hour", told)
		}
	})
	broken := errors.New("broken")
	if _, err := newListener(short{err: broken}, testLimits(true)).Accept(); !errors.Is(err, broken) {
		t.Errorf("Accept: %v, want the listener's own fault", err)
	}
}

// queue is a listener that gives what is put into it.
type queue struct{ short }

func (queue) Accept() (net.Conn, error) { return nil, net.ErrClosed }

// Who has just connected when a process stops gets an answer, also who comes at that very
// moment; who stays silent is closed a moment later, and who was silent before at once.
func TestFreshConnectionsOutliveTheClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener(queue{}, testLimits(true))
		connect := func() (client net.Conn, c *Conn) {
			client, server := net.Pipe()
			t.Cleanup(func() { _ = client.Close() })
			return client, l.admit(server)
		}
		ended := func(client net.Conn) bool {
			_ = client.SetReadDeadline(time.Now().Add(time.Nanosecond))
			_, err := client.Read(make([]byte, 1))
			return errors.Is(err, io.EOF)
		}
		silent, _ := connect()
		time.Sleep(freshFor)
		asks, asked := connect()
		says, _ := connect()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		late, _ := connect()
		if !ended(silent) || ended(says) || ended(late) {
			t.Errorf("at once: silent before %v, fresh %v, come meanwhile %v", ended(silent), ended(says), ended(late))
		}
		go func() { _, _ = asks.Write([]byte(askAndClose)) }()
		if _, err := asked.Read(make([]byte, 512)); err != nil {
			t.Errorf("what a fresh connection sends: %v", err)
		}
		time.Sleep(freshFor)
		if !ended(says) || !ended(late) || ended(asks) {
			t.Errorf("then: fresh %v, come meanwhile %v, and who has asked %v", ended(says), ended(late), ended(asks))
		}
	})
}
