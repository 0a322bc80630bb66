package gatewaytest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Receiver is a server on loopback, such as a platform endpoint, that keeps all it
// gets.
type Receiver struct {
	URL string

	mu      sync.Mutex
	got     []Received
	taken   int // requests that Take gave away
	script  func(Received) Reply
	changed chan struct{}
}

// Received is one request that came.
type Received struct {
	At     time.Time
	Number int // of the request at this receiver, from 1
	Method string
	Path   string // with its query
	Header http.Header
	Body   []byte
	Ended  <-chan struct{} // closed when the sender went away
}

// Reply is how a request is answered: after Delay (or not at all, where Hang is
// set: until the sender goes away), by Status, Header and Body. Where Reset is set,
// the connection is cut instead.
type Reply struct {
	Status int // 0 is 200
	Header http.Header
	Body   string
	Delay  time.Duration
	Hang   bool
	Reset  bool
}

// OK says whether the sender is told of a success.
func (r Reply) OK() bool { return !r.Hang && !r.Reset && (r.Status == 0 || r.Status/100 == 2) }

// NewReceiver starts a receiver that answers with these statuses in turn, and with
// the last of them from then on; none is 200 always.
func NewReceiver(t testing.TB, statuses ...int) *Receiver {
	r := &Receiver{changed: make(chan struct{})}
	r.Script(func(q Received) Reply {
		if len(statuses) == 0 {
			return Reply{}
		}
		return Reply{Status: statuses[min(q.Number, len(statuses))-1]}
	})
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	r.URL = server.URL
	return r
}

// Script sets how each request is answered from now on.
func (r *Receiver) Script(script func(Received) Reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = script
}

// ServeHTTP is http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender went away in the middle: nothing was received
	}
	q := Received{
		At: time.Now(), Method: req.Method, Path: req.URL.RequestURI(), Header: req.Header, Body: body, Ended: req.Context().Done(),
	}
	r.mu.Lock()
	q.Number = r.taken + len(r.got) + 1
	r.got = append(r.got, q)
	close(r.changed)
	r.changed = make(chan struct{})
	script := r.script
	r.mu.Unlock()

	reply := script(q)
	if reply.Hang {
		<-q.Ended
		return
	}
	if reply.Delay > 0 {
		timer := time.NewTimer(reply.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-q.Ended:
			return
		}
	}
	if reply.Reset {
		panic(http.ErrAbortHandler) // net/http's way to cut a connection
	}
	for name, values := range reply.Header {
		w.Header()[name] = values
	}
	if reply.Status != 0 {
		w.WriteHeader(reply.Status)
	}
	_, _ = io.WriteString(w, reply.Body) // the sender may be gone
}

// Got gives all that came so far.
func (r *Receiver) Got() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got[:len(r.got):len(r.got)]
}

// Take gives what came since the last Take, and keeps it no longer.
func (r *Receiver) Take() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.taken, r.got = r.taken+len(got), nil
	return got
}

// Await gives the first request that fits, as soon as it is there. Take must not
// be called meanwhile.
func (r *Receiver) Await(ctx context.Context, fits func(Received) bool) (Received, error) {
	for seen := 0; ; {
		r.mu.Lock()
		fresh, changed := r.got[seen:], r.changed
		r.mu.Unlock()
		for _, q := range fresh {
			if fits(q) {
				return q, nil
			}
		}
		seen += len(fresh)
		select {
		case <-changed:
		case <-ctx.Done():
			return Received{}, ctx.Err()
		}
	}
}
