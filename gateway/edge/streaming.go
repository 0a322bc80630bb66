package edge

import (
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// Streaming is an answer that goes on until one side ends it. As of a Held request, its
// handler has returned: what is left is the connection and this. Nobody waits in it: what
// is sent is what the socket takes at once.
type Streaming struct {
	watcher *Watcher
	conn    *Conn
	raw     syscall.RawConn // nil: it is no bare socket
	left    func()

	mu   sync.Mutex
	over bool
}

// Stream lets the handler of ctx return, and its answer begin: with a head that has the
// fields, and ends with the connection. began is given it once the head is written, and
// gives what is called, at most once, when the client has left; whoever has it must
// Close it in any case.
func (w *Watcher) Stream(ctx *fasthttp.RequestCtx, fields []Field, began func(*Streaming) (left func())) {
	conn := ctx.Conn().(*Conn) //nolint:forcetypeassert // every connection comes from a Listener
	x := &Streaming{watcher: w, conn: conn}
	if sendsSome && conn.listener.tls == nil {
		x.raw = Socket(conn)
	}
	head := []byte("HTTP/1.1 200 OK\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\nConnection: close\r\n" +
		HeaderRequestID + ": " + string(conn.RequestID()) + "\r\n")
	if node := ctx.Response.Header.Peek(HeaderNode); len(node) > 0 {
		fields = append(fields[:len(fields):len(fields)], Field{HeaderNode, string(node)})
	}
	for _, f := range fields {
		head = append(head, f.Name+": "+f.Value+"\r\n"...)
	}
	head = append(head, "\r\n"...)
	conn.limits.held.Add(1)
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(net.Conn) { x.begin(head, began) })
}

func (x *Streaming) begin(head []byte, began func(*Streaming) func()) {
	_ = x.conn.Conn.SetWriteDeadline(time.Now().Add(answerTime)) // of a closed connection, as the first Send will tell
	_, _ = x.conn.Conn.Write(head)                               // so will it of one that is broken
	_ = x.conn.Conn.SetWriteDeadline(time.Time{})
	x.left = began(x)
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.over && Socket(x.conn) != nil {
		x.watcher.add(x)
	}
}

// Send writes as much as can be written without waiting, which may be nothing.
func (x *Streaming) Send(p []byte) (n int, err error) {
	if x.raw != nil {
		return sendSome(x.raw, p)
	}
	if err := x.conn.Conn.SetWriteDeadline(time.Now().Add(shortly)); err != nil {
		return 0, err
	}
	return x.conn.Conn.Write(p) // of what lies over a socket nobody knows what it takes at once
}

// shortly is how long a client may take where writing cannot be without waiting; one who
// takes more is cut off.
const shortly = time.Second

// Close ends the answer, and the connection with it. Any goroutine may call it, any number
// of times.
func (x *Streaming) Close() {
	x.mu.Lock()
	over := x.over
	x.over = true
	x.mu.Unlock()
	if over {
		return
	}
	x.watcher.remove(x)
	_ = x.conn.Close() // its client has left, or is to
	x.conn.limits.held.Done()
}

// leave is told that the client has left.
func (x *Streaming) leave() { x.left() }

// clientGone says so too of a socket that we have closed ourselves.
func (x *Streaming) clientGone() bool { return peerGone(x.raw) }
