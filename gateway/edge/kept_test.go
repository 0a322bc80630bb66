package edge

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
)

// A connection stays open between requests for the idle time, and for the read time
// while a request comes, whether or not the answer before was held (case c17).
func TestKeptConnectionIsKept(t *testing.T) {
	for _, before := range []string{"/plain", "/held"} {
		for name, c := range map[string]struct {
			rest time.Duration // before the next request
			half time.Duration // and within it; below 0: it is nonsense
			want int           // 0: it is closed without a word
		}{
			"soon":             {time.Second, 0, 200},
			"later":            {74 * time.Second, 9 * time.Second, 200},
			"too late":         {76 * time.Second, 0, 0},
			"a slow head":      {74 * time.Second, 11 * time.Second, 408},
			"a slow head soon": {0, 11 * time.Second, 408},
			"a fault":          {74 * time.Second, -1, 400},
		} {
			t.Run(before[1:]+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { keptFor(t, before, c.rest, c.half, c.want) })
			})
		}
	}
}

func keptFor(t *testing.T, before string, rest, half time.Duration, want int) {
	watcher := NewWatcher()
	limits := &Limits{Grace: 10 * time.Second, Body: func(_, _, _ []byte) int64 { return 1 << 20 }}
	settings := Settings{
		Limits: limits, ReadTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second, ReduceMemory: true,
		Logger:   log.New(io.Discard, "", 0),
		Observer: Observer{Panicked: func(_ string, v any, _ []byte) { t.Errorf("panic: %v", v) }},
		Handler: func(ctx *fasthttp.RequestCtx) {
			if string(Path(ctx)) == "/held" {
				held := watcher.Hold(ctx)
				held.Answer(200, nil, []byte("held"), nil)
				watcher.Detach(ctx, held, func() {})
			}
		},
	}
	server := settings.Server()
	ours, theirs := net.Pipe()
	go func() { _ = server.ServeConn(newListener(nil, limits).admit(theirs)) }() // as it ends, as every connection
	r := bufio.NewReader(ours)
	ask := func(raw string) { _, _ = io.WriteString(ours, raw) } // what matters is the answer
	for range 2 {                                                // the second finds the connection as the first left it
		ask(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: a.test\r\n\r\n", before))
		if answer, _ := readAnswer(t, r); answer.StatusCode != 200 || answer.Close {
			t.Fatalf("before: %d, close %v", answer.StatusCode, answer.Close)
		}
	}
	time.Sleep(rest)
	tail := "nonsense\r\n\r\n"
	if half >= 0 {
		ask("GET /plain HTTP/1.1\r\n")
		time.Sleep(half)
		tail = "Host: a.test\r\n\r\n"
	}
	go ask(tail) // a pipe whose other end reads no more takes nothing
	answer, err := http.ReadResponse(r, nil)
	switch {
	case want == 0 && err == nil:
		t.Errorf("answered %d, want a closed connection", answer.StatusCode)
	case want != 0 && (err != nil || answer.StatusCode != want):
		t.Errorf("answered %v, %v, want %d", answer, err, want)
	}
	_ = ours.Close()
}
