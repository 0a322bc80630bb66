package edge

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/shares"
)

func answered(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	a, body := readAnswer(t, r)
	return a.Status + " " + body
}

// An answer that a handler wrote by itself is the only one, and that of the next
// request is fasthttp's again, also where it is a refusal.
func TestTakenAnswer(t *testing.T) {
	s := newSite(t, testLimits(true), func(ctx *fasthttp.RequestCtx) {
		ctx.SetBodyString("fasthttp's")
		if string(Path(ctx)) != "/own" {
			return
		}
		c := ConnOf(ctx)
		if err := c.Send([]byte("HTTP/1.1 100 Continue\r\n\r\n"), patience); err != nil {
			t.Error(err)
		}
		c.TakeAnswer()
		if err := c.Send([]byte("HTTP/1.1 201 Mine\r\nContent-Length: 3\r\n\r\nown"), patience); err != nil {
			t.Error(err)
		}
	})
	c := s.dial(t)
	r := bufio.NewReader(c)
	for _, step := range []struct{ request, want string }{
		{"GET /own HTTP/1.1\r\nHost: a.test\r\n\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "201 Mine own"},
		{"", "200 OK fasthttp's"},
		{"GET /own HTTP/1.1\r\nHost: a.test\r\n\r\n", "201 Mine own"},
		{"PUT /own HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi", "201 Mine own"},
		{"nonsense\r\n\r\n", "400 Bad Request"},
	} {
		send(t, c, []byte(step.request), 1<<20)
		got := answered(t, r)
		for strings.HasPrefix(got, "100 ") {
			got = answered(t, r)
		}
		if !strings.HasPrefix(got, step.want) {
			t.Errorf("%q is answered %q, want %q", step.request, got, step.want)
		}
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("and then %q, %v", rest, err)
	}
}

func TestSendIsBoundedInTime(t *testing.T) {
	failed := make(chan error, 1)
	s := newSite(t, testLimits(true), func(ctx *fasthttp.RequestCtx) {
		c := ConnOf(ctx)
		c.TakeAnswer()
		var err error
		for b := make([]byte, 1<<20); err == nil; {
			err = c.Send(b, 100*time.Millisecond)
		}
		failed <- err
		ctx.SetConnectionClose()
	})
	c := s.dial(t)
	send(t, c, []byte("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"), 1<<20)
	if err, ok := (<-failed).(net.Error); !ok || !err.Timeout() {
		t.Error(err)
	}
}

func TestResetIsNoEnd(t *testing.T) {
	s := newSite(t, testLimits(true), func(ctx *fasthttp.RequestCtx) {
		c := ConnOf(ctx)
		c.TakeAnswer()
		_ = c.Send([]byte("HTTP/1.1 200 OK\r\n\r\npart"), patience)
		c.Reset()
		ctx.SetConnectionClose()
	})
	c := s.dial(t)
	send(t, c, []byte("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n"), 1<<20)
	if got, err := io.ReadAll(c); err == nil {
		t.Errorf("the client takes %q for whole", got)
	}
}

func mustOpen(t *testing.T, ctx *fasthttp.RequestCtx) Stream {
	stream, err := OpenStream(ctx, 32<<10)
	if err != nil {
		t.Error(err)
	}
	return stream
}

// A stream passes on more than the budget for bodies holds, and gives all of it back.
func TestStreamTakesNoMemory(t *testing.T) {
	limits := testLimits(true)
	limits.Bodies = shares.New(64 << 10)
	limits.Body = func(_, _, _ []byte) int64 { return 1 << 30 }
	limits.Rate = 1 << 30 // what is not waited for costs a client nothing
	settings := Settings{Limits: limits, ReadTimeout: patience, Logger: log.New(io.Discard, "", 0), Handler: func(ctx *fasthttp.RequestCtx) {
		b := make([]byte, 4<<10)
		n, total := 0, 0
		var err error
		for stream := mustOpen(t, ctx); err == nil; total += n {
			if n, err = stream.Read(b); total == 0 {
				time.Sleep(2 * limits.Grace) // it is not the client who is slow
			}
		}
		if err != io.EOF {
			t.Errorf("after %d bytes: %v", total, err)
			WriteProblem(ctx, err)
		}
		ctx.SetStatusCode(200 + total%2)
	}}
	server := settings.Server()
	for _, framing := range []string{"Content-Length: 2000001\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1e8481\r\n"} {
		synctest.Test(t, func(t *testing.T) { // there a client is as fast as it is
			c, theirs := net.Pipe()
			go func() { _ = server.ServeConn(newListener(nil, limits).admit(theirs)) }() // it ends with the client
			go func() {
				send(t, c, []byte("PUT / HTTP/1.1\r\nHost: a.test\r\n"+framing+strings.Repeat("x", 2000001)), 1<<20)
				if strings.HasPrefix(framing, "T") {
					send(t, c, []byte("\r\n0\r\n\r\n"), 1<<20)
				}
			}()
			if got := answered(t, bufio.NewReader(c)); !strings.HasPrefix(got, "201 ") {
				t.Errorf("%q: %s", framing, got)
			}
			_ = c.Close()
		})
	}
	if n := limits.Bodies.Stat().Used; n != 0 {
		t.Errorf("%d bytes are not given back", n)
	}
}

func TestStreamFails(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		close   bool
		want    string
	}{
		"drips":     {"Content-Length: 20000\r\n\r\n" + strings.Repeat("x", 9<<10), false, "408"},
		"is cut":    {"Content-Length: 20000\r\n\r\n" + strings.Repeat("x", 9<<10), true, "400"},
		"is faulty": {"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n", false, "400"},
		"too large": {"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nfffffff\r\n", false, "413"},
	} {
		t.Run(name, func(t *testing.T) {
			limits := testLimits(true)
			if name == "drips" {
				limits.Grace = 100 * time.Millisecond
			}
			s := newSite(t, limits, func(ctx *fasthttp.RequestCtx) {
				stream := mustOpen(t, ctx)
				b := make([]byte, 4<<10)
				var err error
				for err == nil {
					_, err = stream.Read(b)
				}
				WriteProblem(ctx, err)
			})
			conn := s.dial(t)
			send(t, conn, []byte("PUT / HTTP/1.1\r\nHost: a.test\r\n"+c.request), 1<<20)
			if c.close {
				if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			if got := answered(t, bufio.NewReader(conn)); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s", got)
			}
		})
	}
}

func TestStreamIsInterrupted(t *testing.T) {
	s := newSite(t, testLimits(true), func(ctx *fasthttp.RequestCtx) {
		stream := mustOpen(t, ctx)
		reads, ended := make(chan struct{}), make(chan error)
		go func() {
			b := make([]byte, 16<<10)
			_, err := stream.Read(b)
			close(reads)
			for err == nil {
				_, err = stream.Read(b)
			}
			ended <- err
		}()
		<-reads
		stream.Interrupt()
		if err := <-ended; err == io.EOF {
			t.Error("the body is taken for whole")
		}
		ctx.SetStatusCode(403)
	})
	c := s.dial(t)
	send(t, c, []byte("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 20000\r\n\r\n"+strings.Repeat("x", 9<<10)), 1<<20)
	r := bufio.NewReader(c)
	if got := answered(t, r); !strings.HasPrefix(got, "403") {
		t.Error(got)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("the connection does not end: %q, %v", rest, err)
	}
}

func TestArrived(t *testing.T) {
	s := newSite(t, testLimits(true), func(ctx *fasthttp.RequestCtx) {
		here, err := ConnOf(ctx).Arrived()
		switch {
		case err != nil:
			WriteProblem(ctx, err)
		case here:
			ctx.SetStatusCode(201)
		default:
			ctx.SetStatusCode(202)
		}
	})
	for body, want := range map[string]string{
		"5\r\nhello\r\n0\r\n\r\n":    "201",
		"5\r\nhello\r\n":             "202",
		"5\r\nhello\r\nnonsense\r\n": "400",
	} {
		c := s.dial(t)
		send(t, c, []byte("PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"+body), 1<<20)
		if got := answered(t, bufio.NewReader(c)); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s", body, got)
		}
	}
}

func TestTunnel(t *testing.T) {
	limits := testLimits(true)
	over := make(chan struct{})
	s := newSite(t, limits, func(ctx *fasthttp.RequestCtx) {
		c := ConnOf(ctx)
		c.TakeAnswer()
		_ = c.Send([]byte("HTTP/1.1 101 Switching Protocols\r\n\r\n"), patience)
		c.Tunnel(ctx, func(bare net.Conn) {
			b := make([]byte, 3) // less than what came ahead
			for {
				n, err := bare.Read(b)
				if err != nil {
					break
				}
				_, _ = bare.Write(b[:n])
			}
			<-over
		})
	})
	c := s.dial(t)
	send(t, c, []byte("GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET ahead\x00\xff"), 1<<20)
	send(t, c, []byte(" and after"), 1<<20)
	want := "HTTP/1.1 101 Switching Protocols\r\n\r\nGET ahead\x00\xff and after"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if limits.WaitHeld(ctx) == nil {
		t.Error("nobody waits for a tunnel")
	}
	close(over)
	if err := limits.WaitHeld(t.Context()); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Errorf("the connection does not end: %q, %v", rest, err)
	}
}
