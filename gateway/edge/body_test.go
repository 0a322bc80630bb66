package edge

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/shares"

	"hookgate/gateway"
)

// echo answers with the body that it read.
func echo(ctx *fasthttp.RequestCtx) {
	body, err := ReadBody(ctx, 1<<20)
	if err != nil {
		WriteProblem(ctx, err)
		return
	}
	ctx.SetBody(body)
}

func readAnswer(t *testing.T, r *bufio.Reader) (*http.Response, string) {
	t.Helper()
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// inChunks frames a body in chunks of odd sizes.
func inChunks(body string) string {
	var out strings.Builder
	for len(body) > 0 {
		n := min(len(body), 1+rand.IntN(5000))
		fmt.Fprintf(&out, "%x;ext=1\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return out.String() + "0\r\n\r\n"
}

// Bodies of all sizes come whole, one request behind the other on one connection,
// and give all of their memory back.
func TestBodiesComeWhole(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			limits := testLimits(f.streams)
			s := newSite(t, limits, echo)
			c := s.dial(t)
			r := bufio.NewReader(c)
			for _, size := range []int{0, 1, 100, 8191, 8192, 8193, 20000, 1 << 20} {
				body := strings.Repeat("0123456789abcdef", size/16+1)[:size]
				both := fmt.Sprintf("POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n%s", size, body) +
					"POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + inChunks(body)
				go send(t, c, []byte(both), 10_000) // pipelined: the second waits behind the first
				for range 2 {
					if answer, got := readAnswer(t, r); answer.StatusCode != 200 || got != body {
						t.Fatalf("%d bytes: %d with %d bytes", size, answer.StatusCode, len(got))
					}
				}
			}
			_ = c.Close()
			if used := limits.Bodies.Stat().Used; used != 0 {
				t.Errorf("%d bytes are never given back", used)
			}
		})
	}
}

func TestBodyOverItsLimit(t *testing.T) {
	const chunkedHead = "POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, f := range flavours {
		for name, raw := range map[string]string{
			"announced":     "POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\n",
			"one chunk":     chunkedHead + "b\r\n",
			"many chunks":   chunkedHead + strings.Repeat("2\r\nxx\r\n", 6) + "0\r\n\r\n",
			"endless chunk": chunkedHead + "fffffffffffffff\r\n",
		} {
			t.Run(f.name+"/"+name, func(t *testing.T) {
				limits := testLimits(f.streams)
				limits.Body = func(method, host, path []byte) int64 {
					if string(method) != "POST" || string(host) != "a.test" || string(path) != "/a" {
						t.Errorf("asked for %s %s %s", method, host, path)
					}
					return 10
				}
				s := newSite(t, limits, echo)
				c := s.dial(t)
				send(t, c, []byte(raw), 1<<20)
				r := bufio.NewReader(c)
				answer, body := readAnswer(t, r)
				if answer.StatusCode != http.StatusRequestEntityTooLarge || !answer.Close || !strings.Contains(body, "too_large") {
					t.Errorf("%d, close %v: %s", answer.StatusCode, answer.Close, body)
				}
				if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
					t.Errorf("then %v, want the end", err)
				}
				if used := limits.Bodies.Stat().Used; used != 0 {
					t.Errorf("%d bytes are never given back", used)
				}
			})
		}
	}
}

// The handler's own limit is below the listener's: here the body is already on its
// way, or has come whole.
func TestReadBodyHasALimitOfItsOwn(t *testing.T) {
	s := newSite(t, testLimits(true), func(ctx *fasthttp.RequestCtx) {
		body, err := ReadBody(ctx, 4)
		if again, same := ReadBody(ctx, 4); !errors.Is(same, err) || string(again) != string(body) {
			t.Errorf("asked twice: %q, %v and then %q, %v", body, err, again, same)
		}
		if err != nil {
			WriteProblem(ctx, err)
		}
	})
	for raw, want := range map[string]int{
		"Content-Length: 5\r\n\r\nhello":                            413,
		"Content-Length: 4\r\n\r\nhell":                             200,
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n": 413,
		"Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n0\r\n\r\n":  200,
	} {
		c := s.dial(t)
		send(t, c, []byte("POST /a HTTP/1.1\r\nHost: a.test\r\n"+raw), 1<<20)
		if answer, body := readAnswer(t, bufio.NewReader(c)); answer.StatusCode != want {
			t.Errorf("%q: %d %s, want %d", raw, answer.StatusCode, body, want)
		}
	}
}

// A handler that answers without reading leaves no bytes that could be taken for a
// request: what has come is drained, what has not closes the connection.
func TestUnreadBodyIsNoRequest(t *testing.T) {
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"
	s := newSite(t, testLimits(true), func(ctx *fasthttp.RequestCtx) {
		if string(Path(ctx)) == "/smuggled" {
			t.Error("a body was handled as a request")
		}
	})
	for _, framing := range []string{
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(smuggled), smuggled),
		fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled),
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s%s", len(smuggled)+9000, strings.Repeat("x", 9000), smuggled),
	} {
		c := s.dial(t)
		send(t, c, []byte("POST /a HTTP/1.1\r\nHost: a.test\r\n"+framing), 1<<20)
		r := bufio.NewReader(c)
		if answer, _ := readAnswer(t, r); answer.StatusCode != 200 {
			t.Errorf("answered %d", answer.StatusCode)
		}
		send(t, c, []byte("GET /last HTTP/1.1\r\nHost: a.test\r\nConnection: x, close\r\n\r\n"), 1<<20)
		for {
			answer, err := http.ReadResponse(r, nil)
			if err != nil || answer.Close {
				break
			}
		}
	}
	c := s.dial(t)
	send(t, c, []byte("POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"), 1<<20)
	if answer, _ := readAnswer(t, bufio.NewReader(c)); !answer.Close {
		t.Error("a connection with a body still to come is kept")
	}
}

// A client that sends too slowly is cut; one that keeps up has all the time it needs.
func TestDrippingBodyIsCut(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			limits := testLimits(f.streams)
			limits.Grace, limits.Rate = 50*time.Millisecond, 1000
			s := newSite(t, limits, echo)
			for _, head := range []string{"Content-Length: 100000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"} {
				c := s.dial(t)
				send(t, c, []byte("POST /a HTTP/1.1\r\nHost: a.test\r\n"+head), 1<<20)
				answered := make(chan struct{})
				go func() { // a byte, or a chunk of one, for as long as the server listens
					for {
						select {
						case <-answered:
							return
						case <-time.After(10 * time.Millisecond):
							if _, err := c.Write([]byte("1\r\nx\r\n")[:6]); err != nil {
								return
							}
						}
					}
				}()
				answer, body := readAnswer(t, bufio.NewReader(c))
				close(answered)
				if answer.StatusCode != http.StatusRequestTimeout || !answer.Close {
					t.Errorf("%d, close %v: %s", answer.StatusCode, answer.Close, body)
				}
			}
		})
	}
}

func TestDeadlineMovesWithTheBytes(t *testing.T) {
	limits := testLimits(true)
	limits.Grace, limits.Rate = time.Second, 1000
	recorded := &recorder{script: script{piece: func() int { return 5000 }}}
	recorded.data = []byte("POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 20000\r\n\r\n" + strings.Repeat("x", 20000))
	c := newListener(nil, limits).admit(recorded)
	p := make([]byte, maxHead)
	for err := error(nil); err == nil; {
		_, err = c.Read(p)
	}
	if n := len(recorded.at); n != 4 { // the first read needs none: fasthttp's own stands
		t.Fatalf("%d deadlines were set, want 4", n)
	}
	for i := 1; i < len(recorded.at); i++ {
		if moved := recorded.at[i].Sub(recorded.at[i-1]); moved != 5*time.Second {
			t.Errorf("5000 bytes moved the deadline by %v, want 5s", moved)
		}
	}
}

// recorder keeps the read deadlines that were set.
type recorder struct {
	script
	at []time.Time
}

func (d *recorder) SetReadDeadline(t time.Time) error {
	d.at = append(d.at, t)
	return nil
}

// With the memory for bodies used up a request is told to come again; when it is
// free the same request is taken.
func TestBodiesShareABudget(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			limits := testLimits(f.streams)
			limits.Bodies = shares.New(map[bool]int64{true: 10 << 10, false: 20}[f.streams])
			entered, leave := make(chan struct{}), make(chan struct{})
			s := newSite(t, limits, func(ctx *fasthttp.RequestCtx) {
				if _, err := ReadBody(ctx, 100); err != nil {
					WriteProblem(ctx, err)
					return
				}
				if string(Path(ctx)) == "/hold" {
					close(entered)
					<-leave
				}
			})
			holder := s.dial(t)
			send(t, holder, []byte("POST /hold HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nhello!"), 1<<20)
			<-entered
			ask := func(framing string) *http.Response {
				c := s.dial(t)
				send(t, c, []byte("POST /a HTTP/1.1\r\nHost: a.test\r\n"+framing), 1<<20)
				answer, _ := readAnswer(t, bufio.NewReader(c))
				return answer
			}
			framings := []string{"Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}
			for _, framing := range framings {
				if answer := ask(framing); answer.StatusCode != 503 || answer.Header.Get("Retry-After") != "1" {
					t.Errorf("%q: %d, Retry-After %q", framing, answer.StatusCode, answer.Header.Get("Retry-After"))
				}
			}
			close(leave)
			readAnswer(t, bufio.NewReader(holder))
			for _, framing := range framings {
				if answer := ask(framing); answer.StatusCode != 200 {
					t.Errorf("afterwards, %q: %d", framing, answer.StatusCode)
				}
			}
		})
	}
}

// What a refused client goes on sending must not reset the connection before it
// has read the refusal.
func TestRefusalArrivesWhileTheClientSends(t *testing.T) {
	s := newSite(t, testLimits(true), echo)
	c := s.dial(t)
	send(t, c, []byte("POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2000000\r\n\r\n"+strings.Repeat("x", 200_000)), 1<<20)
	answer, body := readAnswer(t, bufio.NewReader(c))
	if answer.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, string(gateway.CodeTooLarge)) {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}

func TestPanicCloses(t *testing.T) {
	s := newSite(t, testLimits(true), func(ctx *fasthttp.RequestCtx) {
		ctx.SetBodyString("half")
		panic("x")
	})
	c := s.dial(t)
	send(t, c, []byte("GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n"), 1<<20)
	answer, body := readAnswer(t, bufio.NewReader(c))
	if answer.StatusCode != 500 || !answer.Close || strings.Contains(body, "half") || s.panicked.Load() != 1 {
		t.Errorf("%d, close %v, %d panics: %s", answer.StatusCode, answer.Close, s.panicked.Load(), body)
	}
}

func TestClientIP(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::1",
	} {
		var ctx fasthttp.RequestCtx
		ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.ParseIP(addr)}, nil)
		if got := ClientIP(&ctx).String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}
