package edge

import (
	"errors"
	"io"
	"log"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/shares"
)

// site is a server on loopback with the real settings.
type site struct {
	*Listener
	addr     string
	panicked atomic.Int32
}

// flavours are the two servers that hookgate runs.
var flavours = []struct {
	name    string
	streams bool
}{{"streaming", true}, {"buffering", false}}

// patience is what everybody has but those who are to be cut off: a machine may stand still
// for longer than these would wait for.
const patience = time.Minute

func testLimits(streams bool) *Limits {
	return &Limits{
		Streams: streams, Grace: patience, Rate: 16 << 10,
		Bodies: shares.New(64 << 20),
		Body:   func(_, _, _ []byte) int64 { return 1 << 20 },
	}
}

func newSite(t testing.TB, limits *Limits, handler fasthttp.RequestHandler) *site {
	t.Helper()
	return newSiteWithin(t, patience, limits, handler)
}

// newSiteWithin is newSite that gives each read and write patience.
func newSiteWithin(t testing.TB, patience time.Duration, limits *Limits, handler fasthttp.RequestHandler) *site {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Listener: newListener(ln, limits), addr: ln.Addr().String()}
	server := Settings{
		Handler: handler, Limits: limits, ReduceMemory: !limits.Streams,
		ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: time.Minute,
		Logger:   log.New(io.Discard, "", 0),
		Observer: Observer{Panicked: func(string, any, []byte) { s.panicked.Add(1) }},
	}.Server()
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.Listener) }()
	t.Cleanup(func() {
		_ = s.Close()
		s.Abort()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

func (s *site) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// narrow leaves the system little room for an answer that nobody takes: by itself it may let
// buffers grow to tens of MiB.
func narrow(t testing.TB, c net.Conn) {
	t.Helper()
	tcp := c.(*net.TCPConn) //nolint:forcetypeassert // both ends of a site are
	if err := errors.Join(tcp.SetReadBuffer(128<<10), tcp.SetWriteBuffer(128<<10)); err != nil {
		t.Error(err)
	}
}

// send writes b in pieces of size bytes, each of which the server may see alone.
func send(t testing.TB, c net.Conn, b []byte, size int) {
	t.Helper()
	for len(b) > 0 {
		n := min(size, len(b))
		if _, err := c.Write(b[:n]); err != nil {
			return // refused already: what matters is the answer
		}
		b = b[n:]
	}
}
