package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/valyala/fasthttp"
)

const benchRequest = "GET /api/v1/messages?since=17 HTTP/1.1\r\nHost: hooks.example.com\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n" +
	"Accept-Encoding: gzip\r\nAuthorization: Bearer 0123456789abcdef\r\nX-Request-Id: 8c7d6e5f\r\n\r\n"

// benchUpstream is fasthttp: as cheap as an upstream can be.
func benchUpstream(b testing.TB) string {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	answer := []byte(`{"ok":true,"padding":"01234567890123456789012345678901234567890"}`)[:64]
	server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/json")
		ctx.SetBody(answer)
	}}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(ln) }()
	b.Cleanup(func() { _ = server.Shutdown(); <-done })
	return "http://" + ln.Addr().String()
}

// load sends requests over kept connections: first over many at once, for what goes
// through, and then over one, for the time that each takes.
func load(b *testing.B, addr string) {
	b.Helper()
	for _, conns := range []int{32, 1} { // for each processor
		b.Run(fmt.Sprintf("conns=%dx", conns), func(b *testing.B) { loadOver(b, addr, conns) })
	}
}

func loadOver(b *testing.B, addr string, conns int) {
	b.ReportAllocs()
	b.SetParallelism(conns)
	b.RunParallel(func(pb *testing.PB) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer func() { _ = c.Close() }()
		r := bufio.NewReader(c)
		var answer fasthttp.Response
		for pb.Next() {
			if _, err := io.WriteString(c, benchRequest); err != nil {
				b.Error(err)
				return
			}
			if err := answer.Read(r); err != nil || answer.StatusCode() != 200 || len(answer.Body()) != 64 {
				b.Errorf("%v, %d, %q", err, answer.StatusCode(), answer.Body())
				return
			}
		}
	})
}

func BenchmarkProxy(b *testing.B) {
	s := newSite(b, routed(``, benchUpstream(b)), siteOptions{})
	load(b, s.addr)
}

// BenchmarkReverseProxy is the same with the standard library's.
func BenchmarkReverseProxy(b *testing.B) {
	to, err := url.Parse(benchUpstream(b))
	if err != nil {
		b.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	out := &http.Transport{MaxIdleConnsPerHost: 256}
	server := &http.Server{Handler: &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() },
		Transport: out,
	}}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(ln) }()
	b.Cleanup(func() { _ = server.Close(); <-done; out.CloseIdleConnections() })
	load(b, ln.Addr().String())
}

// BenchmarkDirect has no proxy: what the client and the upstream take themselves.
func BenchmarkDirect(b *testing.B) {
	to, err := url.Parse(benchUpstream(b))
	if err != nil {
		b.Fatal(err)
	}
	load(b, to.Host)
}
