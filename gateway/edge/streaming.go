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
	socket  syscall.RawConn // under all; nil: there is none
	bare    bool            // nothing lies over it, and it is written to directly
	left    func()

	mu      sync.Mutex
	over    bool
	pending []byte // is to be written over what lies over the socket
	writing bool   // somebody does
	failed  error  // it could not be
}

// Stream lets the handler of ctx return, and its answer begin: with a head that has the
// fields, and ends with the connection. began is given it once the head is written, and
// gives what is called, at most once, when the client has left; whoever has it must
// Close it in any case.
func (w *Watcher) Stream(ctx *fasthttp.RequestCtx, fields []Field, began func(*Streaming) (left func())) {
	conn := ctx.Conn().(*Conn) //nolint:forcetypeassert // every connection comes from a Listener
	x := &Streaming{watcher: w, conn: conn}
	x.socket = Socket(conn)
	x.bare = sendsSome && x.socket != nil && conn.listener.tls == nil
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
	if !x.over && x.socket != nil {
		x.watcher.add(x)
	}
}

// Send writes as much as can be written without waiting, which may be nothing.
func (x *Streaming) Send(p []byte) (n int, err error) {
	if x.bare {
		return sendSome(x.socket, p)
	}
	return x.handOver(p)
}

// mostPending is how many bytes wait to be written of an answer that is no bare socket's.
const mostPending = 64 << 10

// handOver leaves what is to be sent to somebody who waits for the client, as TLS needs it: of
// what lies over a socket nobody knows what it takes at once, and many who take nothing, each
// waited for a second, kept all other readers of the stream for minutes.
func (x *Streaming) handOver(p []byte) (n int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.failed != nil {
		return 0, x.failed
	}
	n = min(len(p), mostPending-len(x.pending))
	x.pending = append(x.pending, p[:n]...)
	if n > 0 && !x.writing {
		x.writing = true
		go x.write()
	}
	return n, nil
}

// write writes what was handed over, until nothing is left of it; closing ends it, too.
func (x *Streaming) write() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.pending) > 0 && x.failed == nil {
		p := x.pending
		x.pending = nil
		x.mu.Unlock()
		_, err := x.conn.Conn.Write(p)
		x.mu.Lock()
		x.failed = err
	}
	x.writing = false
}

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
func (x *Streaming) clientGone() bool { return peerGone(x.socket) }
