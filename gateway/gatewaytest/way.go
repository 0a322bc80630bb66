package gatewaytest

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Way is the way to somebody, by a port of its own, which can be cut: a database, or a node
// that others ask.
type Way struct {
	Addr string // host:port, the same over Refuse and Listen

	// So many of what is asked, before it arrives, and of what is answered, are cut off next,
	// with their connections.
	Questions, Answers atomic.Int64

	serving sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener                     // nil: it refuses
	to       func() (network, address string) // who is there now
	shut     bool
	conns    map[net.Conn]bool
}

// NewWay makes one. The test ends it.
func NewWay(t testing.TB, to func() (network, address string)) *Way {
	t.Helper()
	w := &Way{Addr: "127.0.0.1:0", to: to, conns: map[net.Conn]bool{}}
	if err := w.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Refuse()
		w.serving.Wait()
	})
	return w
}

// Listen takes connections again.
func (w *Way) Listen() error {
	l, err := net.Listen("tcp", w.Addr)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Addr, w.listener, w.shut = l.Addr().String(), l, false
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

// Refuse ends all connections, and refuses others, as the system does for a process that is gone.
func (w *Way) Refuse() {
	w.mu.Lock()
	if w.listener != nil {
		_ = w.listener.Close()
		w.listener = nil
	}
	w.mu.Unlock()
	w.Shut()
}

// Leads says who is there from now on; connections to who was there end.
func (w *Way) Leads(network, address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = func() (string, string) { return network, address }
	w.end()
}

// Shut ends all connections, and lets none come to be until it is opened.
func (w *Way) Shut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shut = true
	w.end()
}

// Open lets connections come to be again.
func (w *Way) Open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shut = false
}

// end ends all connections.
func (w *Way) end() {
	for c := range w.conns {
		_ = c.Close() // whoever carries it hears of it
	}
}

// carry carries what one connection says, until either end closes it.
func (w *Way) carry(from net.Conn) {
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
	asking.Go(func() { w.pass(to, from, &w.Questions) })
	w.pass(from, to, &w.Answers)
	w.drop(from)
	asking.Wait()
}

func (w *Way) pass(to, from net.Conn, cuts *atomic.Int64) {
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

func (w *Way) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[c] = true
	return !w.shut
}

func (w *Way) drop(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c)
	_ = c.Close() // nobody reads it any more
}
