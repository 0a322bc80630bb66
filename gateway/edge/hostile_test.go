package edge

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// open gives the number of connections that the listener counts.
func (s *site) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Clients that send nothing, or stop anywhere, or send a byte now and then, are closed
// in the end: those who had begun a request with an answer that says why. Meanwhile
// others are served.
func TestIdleAreClosed(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			const hurry = 2 * time.Second // and yet longer than a machine stands still
			limits := testLimits(f.streams)
			limits.Grace = hurry
			s := newSiteWithin(t, hurry, limits, func(ctx *fasthttp.RequestCtx) {
				if _, err := ReadBody(ctx, 1<<20); err != nil {
					WriteProblem(ctx, err)
				}
			})
			const post = "POST /a HTTP/1.1\r\nHost: a.test\r\n"
			type kind struct {
				begin, drip string
				want        []int // statuses of the answer; 0: none
			}
			kinds := []kind{
				{"", "", []int{0}},
				{"POST /a", "", []int{0, 408}},
				{post + "X-A: ", "", []int{0, 408}},
				{post + "X-A: ", "a", []int{0, 408}},
				{post + "Content-Length: 100000\r\n\r\nab", "", []int{408}},
				{post + "Content-Length: 100000\r\n\r\nab", "a", []int{408}},
				{post + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", "", []int{408}},
				{post + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n", []int{408}},
				{post + "Transfer-Encoding: chunked\r\n\r\n1;", "a", []int{408}},
				{post + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", "", []int{408}},
			}
			const each = 20
			ended := make(chan bool, each*len(kinds))
			for range each {
				for _, k := range kinds {
					c := s.dial(t)
					send(t, c, []byte(k.begin), 1<<20)
					go drip(c, k.drip)
					go func() {
						status := lastStatus(c)
						if !slices.Contains(k.want, status) {
							t.Errorf("%q, then %q again and again: answered %d, want one of %v", k.begin, k.drip, status, k.want)
						}
						ended <- true
					}()
				}
			}
			if status := askOn(t, s.dial(t), askAndClose); status != 200 {
				t.Errorf("another is answered %d", status)
			}
			for range cap(ended) {
				<-ended
			}
			for deadline := time.Now().Add(20 * time.Second); s.open() > 0; <-time.After(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%d connections are still open", s.open())
				}
			}
			if used := limits.Bodies.Stat().Used; used != 0 {
				t.Errorf("%d bytes of the memory for bodies are lost", used)
			}
		})
	}
}

// drip sends text every 20 ms until the connection ends.
func drip(c net.Conn, text string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for text != "" {
		<-tick.C
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
	}
}

// lastStatus reads until the connection ends, and gives the status of the final
// answer; 0 for none.
func lastStatus(c net.Conn) (status int) {
	r := bufio.NewReader(c)
	for {
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			return status
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return status
		}
		if answer.StatusCode != http.StatusContinue {
			status = answer.StatusCode
		}
	}
}
