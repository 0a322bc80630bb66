package edge_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
)

// The memory of an answer is free once the client has it, has left, or has not taken it
// within the write timeout; never before, and once.
func TestSendTellsWhenTheMemoryIsFree(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 16<<20)
	sent := make(chan struct{}, 10)
	// Sockets buffer little of it: by themselves they may grow to tens of MiB.
	narrow := func(c net.Conn) {
		tcp := c.(*net.TCPConn) //nolint:forcetypeassert // both ends are
		if err := errors.Join(tcp.SetReadBuffer(128<<10), tcp.SetWriteBuffer(128<<10)); err != nil {
			t.Error(err)
		}
	}
	for name, client := range map[string]struct {
		method string
		within time.Duration // the write timeout
		do     func(net.Conn)
	}{
		"reads all": {"GET", time.Minute, func(c net.Conn) {
			select {
			case <-sent:
				t.Error("it was free before it was read")
			case <-time.After(50 * time.Millisecond): // to see that nothing happens
			}
			a, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, a.Body); n != int64(len(body)) || err != nil {
				t.Errorf("it read %d bytes, %v", n, err)
			}
		}},
		"leaves":      {"GET", time.Minute, func(c net.Conn) { _ = c.Close() }},
		"never reads": {"GET", 100 * time.Millisecond, func(net.Conn) {}},
		"wants none":  {"HEAD", time.Minute, func(net.Conn) {}},
	} {
		settings := edge.Settings{
			Handler: func(ctx *fasthttp.RequestCtx) {
				narrow(edge.ConnOf(ctx).NetConn())
				edge.Send(ctx, body, func() { sent <- struct{}{} })
			},
			Limits:      &edge.Limits{Body: func(_, _, _ []byte) int64 { return 0 }},
			ReadTimeout: time.Minute, WriteTimeout: client.within, IdleTimeout: time.Minute, ReduceMemory: true,
			Logger: log.New(io.Discard, "", 0), Observer: edge.Observer{Panicked: func(_ string, value any, _ []byte) { t.Error(value) }},
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := settings.Server()
		go func() { _ = server.Serve(settings.Listener(ln)) }()
		t.Cleanup(func() { _ = server.Shutdown() })
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		narrow(c)
		if _, err := fmt.Fprintf(c, "%s / HTTP/1.1\r\nHost: a.test\r\n\r\n", client.method); err != nil {
			t.Fatal(err)
		}
		client.do(c)
		select {
		case <-sent:
		case <-time.After(20 * time.Second):
			t.Errorf("who %s: the memory is not free", name)
		}
		_ = c.Close()
	}
	if len(sent) > 0 {
		t.Error("some was freed twice")
	}
}
