package edge_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
)

// holder answers /now at once and holds everything else.
type holder struct {
	watcher *edge.Watcher
	held    chan *edge.Held
	left    chan string
	early   bool // answer before the handler has returned
}

func (h *holder) handle(ctx *fasthttp.RequestCtx) {
	if string(ctx.Path()) == "/now" {
		ctx.SetBodyString("now")
		return
	}
	path := string(ctx.Path())
	held := h.watcher.Hold(ctx)
	if h.early {
		held.Answer(200, nil, []byte(path), nil)
	}
	h.watcher.Detach(ctx, held, func() { h.left <- path })
	if !h.early {
		h.held <- held
	}
}

func serveHolder(t *testing.T, h *holder) (addr string, limits *edge.Limits) {
	h.watcher, h.held, h.left = edge.NewWatcher(), make(chan *edge.Held, 10), make(chan string, 10)
	limits = &edge.Limits{Grace: time.Minute, Rate: 1 << 10, Body: func([]byte, []byte, []byte) int64 { return 1 << 20 }}
	settings := edge.Settings{
		Handler: h.handle, Limits: limits, ReadTimeout: time.Minute, IdleTimeout: time.Minute, ReduceMemory: true,
		Logger: log.New(io.Discard, "", 0), Observer: edge.Observer{Panicked: func(_ string, v any, _ []byte) { t.Errorf("panic: %v", v) }},
	}
	server := settings.Server()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(settings.Listener(ln)) }()
	t.Cleanup(func() {
		if err := server.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String(), limits
}

// A held request is answered after its handler has returned, and its connection
// goes on: with the next request, even one that was sent ahead.
func TestHeldIsAnsweredLater(t *testing.T) {
	h := &holder{}
	addr, limits := serveHolder(t, h)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /held HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi"+"GET /now HTTP/1.1\r\nHost: a.test\r\n\r\n")
	held := <-h.held
	held.Answer(200, []edge.Field{{Name: "X-Outcome", Value: "resumed"}}, []byte("later"), nil)
	reader := bufio.NewReader(conn)
	for _, want := range []string{"later", "now"} {
		if got := readBody(t, reader); got != want {
			t.Fatalf("answered %q, want %q", got, want)
		}
	}
	fmt.Fprint(conn, "GET /again HTTP/1.1\r\nHost: a.test\r\n\r\n")
	(<-h.held).Answer(503, nil, []byte("go away"), nil)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != 503 || !response.Close {
		t.Fatalf("a server error: %v, %v; want 503 and close", response, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := limits.WaitHeld(ctx); err != nil {
		t.Errorf("answered requests are still waited for: %v", err)
	}
	select {
	case path := <-h.left:
		t.Errorf("%s: its client is said to have left", path)
	default:
	}
}

func readBody(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// An outcome may be there before the handler has returned.
func TestHeldIsAnsweredAtOnce(t *testing.T) {
	addr, _ := serveHolder(t, &holder{early: true})
	for i := range 200 {
		path := fmt.Sprintf("/held/%d", i)
		response, err := http.Post("http://"+addr+path, "text/plain", strings.NewReader("hi"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || string(body) != path {
			t.Fatalf("answered %q, %v; want %q", body, err, path)
		}
	}
}

// Who leaves frees its request, and an answer that comes then goes nowhere.
func TestHeldClientLeaves(t *testing.T) {
	h := &holder{}
	addr, limits := serveHolder(t, h)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "GET /held HTTP/1.1\r\nHost: a.test\r\n\r\n")
	held := <-h.held
	conn.Close()
	if path := <-h.left; path != "/held" {
		t.Errorf("%s was left", path)
	}
	freed := false
	held.Answer(200, nil, bytes.Repeat([]byte("too late"), 1<<10), func() { freed = true })
	if !freed {
		t.Error("the memory of an answer to nobody is kept")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := limits.WaitHeld(ctx); err != nil {
		t.Errorf("a left request is still waited for: %v", err)
	}
}

// One text is sent to many, each with a head of its own; each tells when it is done.
func TestHeldShareABody(t *testing.T) {
	h := &holder{}
	addr, _ := serveHolder(t, h)
	shared := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	const holders = 20
	sent := make(chan struct{}, 2*holders)
	var conns []net.Conn
	var all []*edge.Held
	for range holders {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /held HTTP/1.1\r\nHost: a.test\r\n\r\n")
		conns, all = append(conns, conn), append(all, <-h.held)
	}
	for _, held := range all {
		held.Answer(200, nil, shared, func() { sent <- struct{}{} })
	}
	for _, conn := range conns {
		reader := bufio.NewReader(conn)
		if got := readBody(t, reader); got != string(shared) {
			t.Fatalf("answered %d bytes, want %d", len(got), len(shared))
		}
		fmt.Fprint(conn, "GET /now HTTP/1.1\r\nHost: a.test\r\n\r\n")
		if got := readBody(t, reader); got != "now" {
			t.Fatalf("then answered %q", got)
		}
	}
	for range holders {
		<-sent
	}
	if len(sent) > 0 {
		t.Error("some were freed twice")
	}
}
