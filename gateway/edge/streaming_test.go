package edge_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
)

// streamed asks for a stream over loopback, and gives the two ends of it, and what is told
// when its client leaves.
func streamed(t *testing.T) (client net.Conn, answer *http.Response, out *edge.Streaming, left chan struct{}, limits *edge.Limits) {
	t.Helper()
	return streamedOver(t, nil)
}

// streamedOver is streamed over TLS; nil: over none.
func streamedOver(t *testing.T, secured *tls.Config) (client net.Conn, answer *http.Response, out *edge.Streaming, left chan struct{}, limits *edge.Limits) {
	t.Helper()
	watcher, began := edge.NewWatcher(), make(chan *edge.Streaming, 1)
	left = make(chan struct{})
	limits = &edge.Limits{Grace: time.Minute, Rate: 1 << 10, Body: func([]byte, []byte, []byte) int64 { return 1 << 20 }}
	settings := edge.Settings{
		Limits: limits, TLS: secured, ReadTimeout: time.Minute, IdleTimeout: time.Minute, ReduceMemory: true,
		Logger: log.New(io.Discard, "", 0), Observer: edge.Observer{Panicked: func(_ string, v any, _ []byte) { t.Errorf("panic: %v", v) }},
		Handler: func(ctx *fasthttp.RequestCtx) {
			watcher.Stream(ctx, []edge.Field{{Name: "Content-Type", Value: "text/event-stream"}}, func(s *edge.Streaming) func() {
				began <- s
				return func() { close(left) }
			})
		},
	}
	server := settings.Server()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(settings.Listener(ln)) }()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if secured != nil {
		client = tls.Client(client, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // who answers is not what is tested
	}
	t.Cleanup(func() {
		_ = client.Close()
		if err := server.Shutdown(); err != nil {
			t.Error(err)
		}
		<-done
	})
	if _, err := io.WriteString(client, "GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if answer, err = http.ReadResponse(bufio.NewReader(client), nil); err != nil {
		t.Fatal(err)
	}
	out = <-began
	t.Cleanup(out.Close)
	return client, answer, out, left, limits
}

// The head is there before anything is sent, and the end of the stream is a plain end.
func TestStreamingBeginsAndEnds(t *testing.T) {
	_, answer, out, _, limits := streamed(t)
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" || answer.ContentLength >= 0 {
		t.Errorf("the head is %v", answer)
	}
	for _, text := range []string{"one ", "two"} {
		if n, err := out.Send([]byte(text)); n != len(text) || err != nil {
			t.Errorf("%d of %q, %v", n, text, err)
		}
	}
	out.Close()
	out.Close()
	if body, err := io.ReadAll(answer.Body); string(body) != "one two" || err != nil {
		t.Errorf("it reads %q, %v", body, err)
	}
	if err := limits.WaitHeld(t.Context()); err != nil {
		t.Error(err)
	}
}

// Who does not read is not waited for.
func TestStreamingWaitsForNobody(t *testing.T) {
	_, answer, out, _, _ := streamed(t)
	piece, sent := []byte(strings.Repeat("x", 1<<20)), 0
	for range 1000 { // more than any socket takes
		n, err := out.Send(piece)
		if err != nil {
			t.Fatal(err)
		}
		if sent += n; n == 0 {
			break
		}
	}
	if sent >= 1000<<20 {
		t.Fatal("the socket takes everything")
	}
	got := make(chan int64, 1)
	go func() { n, _ := io.Copy(io.Discard, answer.Body); got <- n }()
	out.Close()
	if n := <-got; n != int64(sent) {
		t.Errorf("%d bytes came of %d", n, sent)
	}
}

func TestStreamingSeesItsClientLeave(t *testing.T) {
	client, _, _, left, _ := streamed(t)
	_ = client.Close()
	<-left
}

// Over TLS a stream is as without: it comes whole, waits for nobody who takes nothing, and sees
// its client leave. Where nothing lay bare the look at the socket ended the process.
func TestStreamingOverTLS(t *testing.T) {
	lender := httptest.NewTLSServer(nil) // of a certificate
	defer lender.Close()
	secured := &tls.Config{Certificates: lender.TLS.Certificates}
	t.Run("it comes", func(t *testing.T) {
		_, answer, out, _, _ := streamedOver(t, secured)
		piece, came := []byte(strings.Repeat("x", 1<<20)), make(chan error, 1)
		go func() {
			_, err := io.ReadFull(answer.Body, make([]byte, len(piece)))
			came <- err
		}()
		for sent := 0; sent < len(piece); runtime.Gosched() {
			n, err := out.Send(piece[sent:])
			if err != nil {
				t.Fatal(err)
			}
			sent += n
		}
		if err := <-came; err != nil {
			t.Error(err)
		}
	})
	t.Run("it waits for nobody", func(t *testing.T) {
		_, _, out, _, _ := streamedOver(t, secured)
		piece, began, still := []byte(strings.Repeat("x", 1<<20)), time.Now(), 0
		for still < 1000 { // times that nothing is taken, one after the other
			n, err := out.Send(piece)
			if err != nil {
				t.Fatal(err)
			}
			if still++; n > 0 {
				still = 0
			}
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("who takes nothing was waited for, %s", took)
		}
	})
	t.Run("its client leaves", func(t *testing.T) {
		client, _, _, left, _ := streamedOver(t, secured)
		_ = client.Close()
		<-left
	})
}
