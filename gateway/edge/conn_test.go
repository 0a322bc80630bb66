package edge

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// script is a connection that gives its bytes in pieces and drops what is written.
type script struct {
	net.Conn
	data  []byte
	piece func() int
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data[:min(len(s.data), s.piece())])
	s.data = s.data[n:]
	return n, nil
}

func (*script) Write(p []byte) (int, error)      { return len(p), nil }
func (*script) Close() error                     { return nil }
func (*script) SetDeadline(time.Time) error      { return nil }
func (*script) SetReadDeadline(time.Time) error  { return nil }
func (*script) SetWriteDeadline(time.Time) error { return nil }
func (*script) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (*script) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func scripted(raw []byte, limits *Limits, piece func() int) *Conn {
	return newListener(nil, limits).admit(&script{data: raw, piece: piece})
}

// seen is one request as a parser read it.
type seen struct{ method, target, host, body string }

// handledOf serves raw and returns what reached the handler.
func handledOf(raw []byte, streams bool, piece func() int) (all []seen) {
	limits := testLimits(streams)
	limits.Rate = 0
	server := Settings{
		Limits: limits, ReduceMemory: !streams, Logger: log.New(io.Discard, "", 0),
		Observer: Observer{Panicked: func(_ string, v any, _ []byte) { panic(v) }},
		Handler: func(ctx *fasthttp.RequestCtx) {
			body, err := ReadBody(ctx, 1<<20)
			if err != nil {
				return
			}
			all = append(all, seen{
				method: string(ctx.Method()), target: string(ctx.Request.Header.RequestURI()),
				host: string(ctx.Request.Header.Host()), body: string(body),
			})
		},
	}.Server()
	_ = server.ServeConn(scripted(raw, limits, piece)) // its error is the end of the bytes
	return all
}

// FuzzConn: whatever reaches a handler is read alike by net/http, from the first
// byte on and however the bytes are cut; both servers hand on the same; and a path
// that was handed on has nothing that two servers could understand in two ways.
func FuzzConn(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.Raw, uint16(1000))
		f.Add(append(bytes.Clone(v.Raw), v.Raw...), uint16(7))
	}
	f.Fuzz(func(t *testing.T, raw []byte, cut uint16) {
		step := int(cut)
		piece := func() int { step = step*31%4093 + 1; return step%int(cut/16+1) + 1 }
		streamed := handledOf(bytes.Clone(raw), true, piece)
		buffered := handledOf(bytes.Clone(raw), false, func() int { return len(raw) })
		if len(streamed) != len(buffered) {
			t.Fatalf("streaming handled %q, buffering %q", streamed, buffered)
		}
		reference := bufio.NewReader(bytes.NewReader(raw))
		for i, got := range streamed {
			if got != buffered[i] {
				t.Fatalf("streaming read %q, buffering %q", got, buffered[i])
			}
			want, err := referenceRequest(reference)
			if err != nil {
				t.Fatalf("request %d was handled as %q; net/http refuses it: %v", i, got, err)
			}
			if got != want {
				t.Fatalf("request %d was handled as %q; net/http reads %q", i, got, want)
			}
			checkPlain(t, got)
		}
	})
}

func referenceRequest(r *bufio.Reader) (seen, error) {
	if next, err := r.Peek(2); err == nil && string(next) == "\r\n" { // forgiven, once
		if _, err := r.Discard(2); err != nil {
			return seen{}, err
		}
	}
	request, err := http.ReadRequest(r)
	if err != nil {
		return seen{}, err
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return seen{}, err
	}
	return seen{request.Method, request.RequestURI, request.Host, string(body)}, nil
}

func checkPlain(t *testing.T, got seen) {
	t.Helper()
	path, _, _ := strings.Cut(got.target, "?")
	decoded := string(Unescape([]byte(path)))
	if strings.Count(decoded, "/") != strings.Count(path, "/") || strings.ContainsAny(decoded, "\\\x00\r\n") {
		t.Fatalf("%q has an encoded separator or control byte", path)
	}
	for i, segment := range strings.Split(decoded, "/") {
		name, _, _ := strings.Cut(segment, ";")
		if name == "." || name == ".." || segment == "" && i > 0 && i < strings.Count(decoded, "/") {
			t.Fatalf("%q has the segment %q", path, segment)
		}
	}
	if got.host == "" || strings.ContainsAny(got.host, "/,@%? ") {
		t.Fatalf("the host %q is not plain", got.host)
	}
}

// typical is a callback as a provider sends it.
var typical = []byte("POST /hooks/acme/payments?v=2 HTTP/1.1\r\nHost: hooks.example.com\r\n" +
	"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nAccept: */*; q=0.5, application/xml\r\n" +
	"Content-Type: application/json; charset=utf-8\r\nCache-Control: no-cache\r\n" +
	"Stripe-Signature: t=1760000000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd\r\n" +
	"X-Request-Id: 01J9ZQ0Z0Z0Z0Z0Z0Z0Z0Z0Z0Z\r\nContent-Length: 25\r\n\r\n" + `{"conversation_key":"42"}`)

// endless gives one request again and again, in reads of its own.
type endless struct {
	script
	raw []byte
}

func (e *endless) Read(p []byte) (int, error) { return copy(p, e.raw), nil }

func TestAcceptAllocatesNothing(t *testing.T) {
	limits := testLimits(true)
	c := newListener(nil, limits).admit(&endless{raw: typical})
	p := make([]byte, maxHead)
	allocs := testing.AllocsPerRun(100, func() {
		if n, err := c.Read(p); n != len(typical) || err != nil {
			t.Fatalf("Read = %d, %v", n, err)
		}
		c.giveBack()
	})
	if allocs != 0 {
		t.Errorf("%v allocations for each request", allocs)
	}
}

func BenchmarkStrictPass(b *testing.B) {
	c := newListener(nil, testLimits(true)).admit(&endless{raw: typical})
	p := make([]byte, maxHead)
	b.SetBytes(int64(len(typical)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Read(p); err != nil {
			b.Fatal(err)
		}
		c.giveBack()
	}
}

// countdown gives one request so many times, then the end.
type countdown struct {
	script
	raw  []byte
	left int
}

func (c *countdown) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	c.left--
	return copy(p, c.raw), nil
}

// serveTypical sends the typical callback n times through the whole edge of the
// public server: strict pass, fasthttp, body read, answer.
func serveTypical(tb testing.TB, n int) {
	limits := testLimits(true)
	handled := 0
	server := Settings{
		Limits: limits, ReadTimeout: time.Minute, Logger: log.New(io.Discard, "", 0),
		Handler: func(ctx *fasthttp.RequestCtx) {
			if body, err := ReadBody(ctx, 1<<20); err != nil || len(body) != 25 {
				tb.Errorf("%d bytes, %v", len(body), err)
			}
			handled++
		},
	}.Server()
	c := newListener(nil, limits).admit(&countdown{raw: typical, left: n})
	if err := server.ServeConn(c); err != nil || handled != n {
		tb.Errorf("%d of %d handled, %v", handled, n, err)
	}
}

// The accept path of a callback may cost 10 allocations in all; the edge leaves
// them to what comes behind it.
func TestWholeEdgeAllocatesNothing(t *testing.T) {
	const n = 1000
	if allocs := testing.AllocsPerRun(5, func() { serveTypical(t, n) }) / n; allocs >= 2 { // 0, but -race makes pools lose some
		t.Errorf("%.2f allocations for each request", allocs)
	}
}

func BenchmarkWholeEdge(b *testing.B) {
	b.ReportAllocs()
	serveTypical(b, b.N)
}

// TestConnReadsAtOnce sends requests by halves and in crowds to a server that asks for the
// first byte alone: each is answered, a connection at rest holds no buffer, and who leaves in
// the middle ends it.
func TestConnReadsAtOnce(t *testing.T) {
	if !canRead {
		t.Skip("sockets of this system are read by two")
	}
	client, served := socketPair(t)
	c := &Conn{Conn: served}
	first, rest := make([]byte, 1), make([]byte, 64)
	for _, sent := range []string{"abc", "x", strings.Repeat("y", 100)} {
		if c.ahead.buffer != nil {
			t.Fatal("a connection at rest holds a buffer")
		}
		if _, err := io.WriteString(client, sent); err != nil {
			t.Fatal(err)
		}
		n, err := c.ready.receive(c.Conn, &c.ahead, first)
		if n != 1 || err != nil || first[0] != sent[0] {
			t.Fatalf("the first byte of %q: %q, %v", sent, first[:n], err)
		}
		got := sent[:1]
		for c.ahead.buffer != nil { // what came with it is here, and the socket is not asked for it
			got += string(rest[:c.ahead.take(rest)])
		}
		if got != sent {
			t.Fatalf("read %q at once, want %q", got, sent)
		}
	}
	late := time.Now().Add(20 * time.Millisecond)
	if err := served.SetReadDeadline(late); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if n, err := c.ready.receive(c.Conn, &c.ahead, first); n != 0 || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("nothing came: %d, %v, want a time-out", n, err)
	}
	if err := errors.Join(served.SetReadDeadline(time.Time{}), client.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := c.ready.receive(c.Conn, &c.ahead, first); n != 0 || !errors.Is(err, io.EOF) {
		t.Fatalf("the client has left: %d, %v, want %v", n, err, io.EOF)
	}
}

// socketPair gives both ends of a connection over loopback.
func socketPair(t *testing.T) (client, served net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if served, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), served.Close() })
	return client, served
}
