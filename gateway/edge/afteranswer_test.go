package edge

import (
	"io"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// AfterAnswer tells when all of the answer has left this process, and also when the
// client never took it.
func TestAfterAnswer(t *testing.T) {
	for name, takes := range map[string]bool{"taken": true, "not taken": false} {
		t.Run(name, func(t *testing.T) {
			answered := make(chan struct{})
			handled := make(chan struct{})
			s := newSite(t, testLimits(false), func(ctx *fasthttp.RequestCtx) {
				AfterAnswer(ctx, func() { close(answered) })
				narrow(t, ConnOf(ctx).NetConn())
				ctx.SetBody(make([]byte, 32<<20))
				close(handled)
			})
			c := s.dial(t)
			narrow(t, c)
			send(t, c, []byte("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"), 100)
			<-handled
			select {
			case <-answered:
				t.Fatal("told before the answer was written")
			case <-time.After(50 * time.Millisecond):
			}
			if takes {
				go func() { _, _ = io.Copy(io.Discard, c) }() // until the test closes it
			} else if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			<-answered
		})
	}
}
