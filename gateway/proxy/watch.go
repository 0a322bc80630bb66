package proxy

import (
	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
)

// watch is told when the client has left. It stands apart from the exchange, for it
// may be told when that is in other hands. A nil one is of a client that nobody
// watches.
type watch struct {
	on   *edge.Watch
	left chan struct{}
}

// watchClient has the client of ctx watched from now on.
func watchClient(by *edge.Watcher, ctx *fasthttp.RequestCtx) *watch {
	w := &watch{left: make(chan struct{})}
	w.on = by.Watch(ctx, func() { close(w.left) })
	return w
}

func (w *watch) gone() bool {
	if w == nil {
		return false
	}
	select {
	case <-w.left:
		return true
	default:
		return false
	}
}

func (w *watch) stop() {
	if w != nil {
		w.on.Stop()
	}
}
