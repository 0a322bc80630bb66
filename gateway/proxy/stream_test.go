package proxy

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/server"
)

// pattern is an endless body that is the same each time.
type pattern struct{ at int }

func (p *pattern) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte((p.at + i) * 31 >> 3)
	}
	p.at += len(b)
	return len(b), nil
}

func digestOf(n int64) string {
	h := sha256.New()
	_, _ = io.CopyN(h, new(pattern), n)
	return fmt.Sprintf("%x", h.Sum(nil))
}

const huge = 96 << 20 // bytes: more than the listener's budget for bodies, in the test

// peak runs do and gives how much the heap grew meanwhile, in bytes.
func peak(do func()) uint64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := before.HeapAlloc
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}
	})
	do()
	close(stop)
	wait.Wait()
	return most - before.HeapAlloc
}

// Bodies of any size go through in little memory, whichever way and however framed.
func TestLargeBodies(t *testing.T) {
	want := digestOf(huge)
	up := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			h := sha256.New()
			n, err := io.Copy(h, r.Body)
			fmt.Fprintf(w, "%d %x %v %d", n, h.Sum(nil), err, r.ContentLength)
			return
		}
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", fmt.Sprint(huge))
		}
		_, _ = io.CopyN(w, new(pattern), huge)
	})
	s := newSite(t, routed(`"max_body":"1GiB"`, up.URL), siteOptions{server: server.Options{Bodies: 16 << 20}})
	grew := peak(func() {
		for _, length := range []int64{huge, -1} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.addr+"/", io.LimitReader(new(pattern), huge))
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = length
			a, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(a.Body)
			_ = a.Body.Close()
			if expected := fmt.Sprintf("%d %s <nil> %d", huge, want, length); err != nil || string(got) != expected {
				t.Errorf("the upstream got %s, want %s (%v)", got, expected, err)
			}
		}
		for _, path := range []string{"/length", "/chunks"} {
			a, err := http.Get("http://" + s.addr + path)
			if err != nil {
				t.Fatal(err)
			}
			h := sha256.New()
			n, err := io.Copy(h, a.Body)
			_ = a.Body.Close()
			if got := fmt.Sprintf("%x", h.Sum(nil)); err != nil || got != want || n != huge {
				t.Errorf("%s: %d bytes, %s, %v", path, n, got, err)
			}
		}
	})
	http.DefaultClient.CloseIdleConnections()
	if grew > 24<<20 {
		t.Errorf("the heap grew by %d MiB", grew>>20)
	}
}

// An upstream may answer while it reads: neither side waits for the other's end.
func TestBothWaysAtOnce(t *testing.T) {
	up := rawUpstream(t, func(c *client) {
		c.head()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		_, _ = io.Copy(c, c.r) // chunks as they come are chunks of the answer
	})
	s := newSite(t, routed(`"max_body":"1GiB"`, up), siteOptions{})
	c := s.dial(t)
	c.send(t, "PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n")
	if head := c.raw(t); !strings.Contains(head, "200 OK") {
		t.Fatal(head)
	}
	for _, word := range []string{"one", "three", "five5"} {
		chunk := fmt.Sprintf("%x\r\n%s\r\n", len(word), word)
		c.send(t, chunk)
		got := make([]byte, len(chunk))
		if _, err := io.ReadFull(c.r, got); err != nil || string(got) != chunk {
			t.Fatalf("%q comes back as %q, %v", chunk, got, err)
		}
	}
	const each, times = 256 << 10, 64 // more than all sockets hold
	var wait sync.WaitGroup
	wait.Go(func() {
		chunk := fmt.Sprintf("%x\r\n%s\r\n", each, strings.Repeat("x", each))
		for range times {
			_, _ = io.WriteString(c, chunk)
		}
		_, _ = io.WriteString(c, "0\r\n\r\n")
	})
	n, err := io.Copy(io.Discard, newChunkedReader(c.r))
	wait.Wait()
	if err != nil || n != each*times {
		t.Errorf("%d bytes came back, %v", n, err)
	}
}

// newChunkedReader reads a chunked body from its first chunk on.
func newChunkedReader(r *bufio.Reader) io.Reader {
	head := bufio.NewReader(io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), r))
	a, err := http.ReadResponse(head, nil)
	if err != nil {
		panic(err)
	}
	return a.Body
}

// What an upstream says goes on at once: server-sent events, long polls.
func TestStreamsAtOnce(t *testing.T) {
	for name, framing := range map[string]string{"chunks": "Transfer-Encoding: chunked\r\n", "until it closes": "Connection: close\r\n"} {
		t.Run(name, func(t *testing.T) {
			say := make(chan string)
			up := rawUpstream(t, func(c *client) {
				c.head()
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"+framing+"\r\n")
				for word := range say {
					if strings.HasPrefix(framing, "T") {
						word = fmt.Sprintf("%x\r\n%s\r\n", len(word), word)
					}
					_, _ = io.WriteString(c, word)
				}
				if strings.HasPrefix(framing, "T") {
					_, _ = io.WriteString(c, "0\r\n\r\n")
				}
			})
			s := newSite(t, routed("", up), siteOptions{})
			c := s.dial(t)
			c.send(t, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
			a, err := http.ReadResponse(c.r, nil) // before a byte of the body
			if err != nil {
				t.Fatal(err)
			}
			for _, event := range []string{"data: 1\n\n", "data: second\n\n"} {
				say <- event
				got := make([]byte, len(event))
				if _, err := io.ReadFull(a.Body, got); err != nil || string(got) != event {
					t.Fatalf("%q, %v", got, err)
				}
			}
			close(say)
			if rest, err := io.ReadAll(a.Body); err != nil || len(rest) > 0 {
				t.Errorf("at its end %q, %v", rest, err)
			}
		})
	}
}

// An upstream that has seen enough answers early; the client hears of it though
// it has not sent all, and its connection ends.
func TestEarlyAnswer(t *testing.T) {
	up := rawUpstream(t, once("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"))
	s := newSite(t, routed(`"max_body":"1GiB"`, up), siteOptions{})
	c := s.dial(t)
	c.send(t, "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n"+strings.Repeat("x", 9<<10))
	a, body := c.answer(t, "PUT")
	if a.StatusCode != 403 || body != "no" || !a.Close {
		t.Errorf("%d %q, closes: %v", a.StatusCode, body, a.Close)
	}
	c.ended(t)
}

// A client that stops sending, or leaves, is no upstream's failure.
func TestClientFailsWhileSending(t *testing.T) {
	saw := make(chan error, 1)
	up := upstreamServer(t, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		saw <- err
	})
	s := newSite(t, routed(`"max_body":"1GiB"`, up.URL), siteOptions{server: server.Options{PublicRead: 2 * time.Second}})
	for name, leave := range map[string]bool{"stops": false, "leaves": true} {
		c := s.dial(t)
		c.send(t, "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n"+strings.Repeat("x", 9<<10))
		if leave {
			_ = c.Close()
		} else if a, body := c.answer(t, "PUT"); a.StatusCode != 408 || !strings.Contains(body, `"request_timeout"`) {
			t.Errorf("%s: %d %s", name, a.StatusCode, body)
		}
		if err := <-saw; err == nil {
			t.Errorf("%s: the upstream takes the body for whole", name)
		}
	}
	if a, _ := s.ask(t, "GET", "/", nil); a.StatusCode != 200 {
		t.Errorf("the upstream is held to be ill: %d", a.StatusCode)
	}
	if err := <-saw; err != nil {
		t.Error(err)
	}
}

// A body larger than the route takes is refused as soon as that is known.
func TestBodyTooLarge(t *testing.T) {
	up := upstreamServer(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	s := newSite(t, routed(`"max_body":"100KiB"`, up.URL), siteOptions{})
	for name, request := range map[string]string{
		"announced": "Content-Length: 102401\r\n\r\n",
		"chunked":   "Transfer-Encoding: chunked\r\n\r\n19000\r\n" + strings.Repeat("x", 0x19000) + "\r\n1\r\nx\r\n0\r\n\r\n",
	} {
		c := s.dial(t)
		c.send(t, "PUT / HTTP/1.1\r\nHost: a.test\r\n"+request)
		if a, body := c.answer(t, "PUT"); a.StatusCode != 413 || !strings.Contains(body, `"too_large"`) {
			t.Errorf("%s: %d %s", name, a.StatusCode, body)
		}
		c.ended(t)
	}
	until(t, "both are counted", func() bool { return s.counted(t, "bot", "413") == 2 })
	if a, _ := s.ask(t, "PUT", "/", strings.NewReader(strings.Repeat("x", 100<<10))); a.StatusCode != 200 {
		t.Errorf("as large as it may be: %d", a.StatusCode)
	}
}

// Nobody does work for a client that has left: not before the answer's head, and
// not while the answer is silent.
func TestClientLeaves(t *testing.T) {
	for name, begins := range map[string]string{"before the answer": "", "in the answer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, over := make(chan struct{}), make(chan struct{})
			up := rawUpstream(t, func(c *client) {
				c.head()
				_, _ = io.WriteString(c, begins)
				close(asked)
				_, _ = c.r.ReadByte() // until the connection ends
				close(over)
			})
			s := newSite(t, routed("", up), siteOptions{})
			c := s.dial(t)
			c.send(t, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
			<-asked
			if begins != "" {
				c.raw(t)
			}
			_ = c.Close()
			select {
			case <-over:
			case <-time.After(20 * time.Second): // twice the bound of SPEC 14 for those who hold waits
				t.Error("the request upstream goes on")
			}
			code := "499"
			if begins != "" {
				code = "200"
			}
			until(t, "it is counted", func() bool { return s.counted(t, "bot", code) == 1 })
		})
	}
}

// A stream that is silent for too long ends; so does one whose client takes nothing.
func TestIdleStreamEnds(t *testing.T) {
	up := rawUpstream(t, func(c *client) {
		c.head()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
		_, _ = c.r.ReadByte()
	})
	s := newSite(t, routed(`"idle_timeout":"1s"`, up), siteOptions{})
	c := s.dial(t)
	c.send(t, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
	a, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(a.Body); err == nil || string(body) != "x" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestClientThatTakesNothing(t *testing.T) {
	over := make(chan int64, 1)
	up := rawUpstream(t, func(c *client) {
		c.head()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
		n, _ := io.CopyN(c, new(pattern), 1000000000)
		over <- n
	})
	s := newSite(t, routed(`"idle_timeout":"1s"`, up), siteOptions{})
	c := s.dial(t)
	c.send(t, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
	if n := <-over; n == 1000000000 {
		t.Error("all of it went somewhere")
	}
}
