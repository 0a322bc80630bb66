package kills

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// way is the way to somebody, by a port of its own, which can be cut.
type way struct {
	addr    string
	serving sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener                     // nil: it refuses
	to       func() (network, address string) // who is there now
	shut     bool
	conns    map[net.Conn]bool

	before, after atomic.Int64 // so many of what is asked, and of what is answered, are cut off
}

func newWay(t *testing.T, to func() (network, address string)) *way {
	w := &way{addr: "127.0.0.1:0", to: to, conns: map[net.Conn]bool{}}
	if err := w.listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.refuse()
		w.serving.Wait()
	})
	return w
}

// listen takes connections, at the same port each time.
func (w *way) listen() error {
	l, err := net.Listen("tcp", w.addr)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addr, w.listener, w.shut = l.Addr().String(), l, false
	w.serving.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			w.serving.Go(func() { w.carry(from) })
		}
	})
	return nil
}

// refuse ends all connections, and refuses others, as the system does for a process that is gone.
func (w *way) refuse() {
	w.mu.Lock()
	if w.listener != nil {
		_ = w.listener.Close()
		w.listener = nil
	}
	w.mu.Unlock()
	w.close(true)
}

// leads says who is there from now on.
func (w *way) leads(network, address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = func() (string, string) { return network, address }
}

// close ends all connections, and lets none come to be until it is opened.
func (w *way) close(shut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shut = shut
	for c := range w.conns {
		_ = c.Close()
	}
}

func (w *way) open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shut = false
}

// bites cuts off what is asked next, before it arrives, or its answer.
func (w *way) bites() {
	if rand.IntN(2) == 0 {
		w.before.Store(1)
	} else {
		w.after.Store(1)
	}
}

// carry carries what one connection says, until either end closes it.
func (w *way) carry(from net.Conn) {
	defer w.drop(from)
	w.mu.Lock()
	network, address := w.to()
	w.mu.Unlock()
	to, err := net.Dial(network, address)
	if err != nil {
		return
	}
	defer w.drop(to)
	if !w.keep(from) || !w.keep(to) {
		return
	}
	var asking sync.WaitGroup
	asking.Go(func() { w.pass(to, from, &w.before) })
	w.pass(from, to, &w.after)
	w.drop(from)
	asking.Wait()
}

func (w *way) pass(to, from net.Conn, cuts *atomic.Int64) {
	defer w.drop(to)
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if left := cuts.Load(); left > 0 && cuts.CompareAndSwap(left, left-1) {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func (w *way) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[c] = true
	return !w.shut
}

func (w *way) drop(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c)
	_ = c.Close() // nobody reads it any more
}
