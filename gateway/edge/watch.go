package edge

import (
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// sweepEvery bounds how long a request is held for a client that has gone; SPEC 14
// allows 10 s.
const sweepEvery = 3 * time.Second

// Watcher tells held requests that their client has gone, which a fasthttp handler
// cannot see for itself: nobody reads from the connection while it runs. One
// goroutine asks the socket of every watched request in turn; it runs only while
// there are any. A client that closes its sending side alone counts as gone, as it
// does for net/http. A connection that is no socket is never reported.
type Watcher struct {
	every time.Duration

	mu      sync.Mutex
	watched map[watched]struct{}
	running bool
}

// watched is a request whose client is looked at.
type watched interface {
	clientGone() bool
	leave() // is called when it is, at most once
}

// Watch is one request's registration.
type Watch struct {
	watcher *Watcher
	raw     syscall.RawConn
	gone    func()
}

// NewWatcher makes a watcher; it needs no stopping.
func NewWatcher() *Watcher {
	return &Watcher{every: sweepEvery, watched: make(map[watched]struct{})}
}

// Watch calls gone, at most once and within some seconds, when the client of ctx
// has left. The handler must call Stop before it returns.
func (w *Watcher) Watch(ctx *fasthttp.RequestCtx, gone func()) *Watch {
	h := &Watch{watcher: w, gone: gone}
	if h.raw = Socket(ctx.Conn()); h.raw == nil {
		return h
	}
	w.add(h)
	return h
}

func (h *Watch) leave() { h.gone() }

// clientGone says so too of a socket that we have closed ourselves.
func (h *Watch) clientGone() bool { return peerGone(h.raw) }

func peerGone(raw syscall.RawConn) (gone bool) {
	err := raw.Control(func(fd uintptr) { gone = socketGone(int(fd)) })
	return gone || err != nil
}

func (w *Watcher) add(h watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watched[h] = struct{}{}
	if !w.running {
		w.running = true
		go w.sweep()
	}
}

// Stop ends the watch; a gone that is being called may still be running.
func (h *Watch) Stop() { h.watcher.remove(h) }

// sweep looks at all that is watched every so often, and ends when nothing is.
func (w *Watcher) sweep() {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	var round []watched
	for range tick.C {
		round = w.snapshot(round[:0])
		if round == nil {
			return
		}
		for _, h := range round {
			if h.clientGone() && w.remove(h) {
				h.leave()
			}
		}
		clear(round)
	}
}

// snapshot lists what is watched; nil says that the sweeper is to end.
func (w *Watcher) snapshot(into []watched) []watched {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.watched) == 0 {
		w.running = false
		return nil
	}
	for h := range w.watched {
		into = append(into, h)
	}
	return into
}

// remove reports whether h was watched until now.
func (w *Watcher) remove(h watched) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, found := w.watched[h]
	delete(w.watched, h)
	return found
}

// Socket finds the socket under the layers of c; nil if there is none.
func Socket(c net.Conn) syscall.RawConn {
	for c != nil {
		switch layer := c.(type) {
		case syscall.Conn:
			raw, err := layer.SyscallConn()
			if err != nil {
				return nil
			}
			return raw
		case interface{ NetConn() net.Conn }:
			c = layer.NetConn()
		default:
			return nil
		}
	}
	return nil
}
