package transport

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/shares"
)

// clock is one that a test sets.
type clock struct{ at atomic.Int64 }

var epoch = time.Now()

func (c *clock) now() time.Time          { return epoch.Add(time.Duration(c.at.Load())) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// peer is a receiver on a real socket that closes when it is told to.
type peer struct {
	url   string
	conns atomic.Int32 // made so far
	seen  atomic.Int32 // requests
	extra string       // fields of its answers

	mu   sync.Mutex
	open []net.Conn
}

func newPeer(t *testing.T, extra string) *peer {
	t.Helper()
	p := &peer{extra: extra}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.conns.Add(1)
			p.mu.Lock()
			p.open = append(p.open, conn)
			p.mu.Unlock()
			all.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); p.hangUp(); all.Wait() })
	p.url = "http://" + listener.Addr().String()
	return p
}

func (p *peer) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		p.seen.Add(1)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"+p.extra+"\r\n")
	}
}

// hangUp closes all that is open; close waits until the other side can see it.
func (p *peer) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.open {
		_ = conn.Close()
	}
	p.open = nil
}

func post(t *testing.T, tr *Transport, tenant, url string) {
	t.Helper()
	answer, err := tr.Do(t.Context(), &Request{Method: "POST", URL: url, Tenant: tenant, Body: []byte("{}")})
	if err != nil || answer.Status != 200 {
		t.Fatalf("%v, %v", answer, err)
	}
}

func onlyHost(t *testing.T, tr *Transport) *host {
	t.Helper()
	tr.pool.mu.Lock()
	defer tr.pool.mu.Unlock()
	for _, h := range tr.pool.hosts {
		return h
	}
	t.Fatal("no host is known")
	return nil
}

func (h *host) mostRest() time.Duration {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	return h.rest.most
}

// A connection that the peer closed while it rested is not used, and no request is made
// twice for it; what was learned holds for the next.
func TestClosedWhileIdle(t *testing.T) {
	c, p := &clock{}, newPeer(t, "")
	tr := loopback(t, Options{Now: c.now})
	post(t, tr, "acme", p.url)
	c.advance(3 * time.Second)
	post(t, tr, "acme", p.url)
	if n := p.conns.Load(); n != 1 {
		t.Fatalf("%d connections: a kept one was not used", n)
	}
	c.advance(4 * time.Second)
	tr.pool.tend() // it is open still
	p.hangUp()
	c.advance(2 * time.Second)
	post(t, tr, "acme", p.url)
	if p.conns.Load() != 2 || p.seen.Load() != 3 {
		t.Errorf("%d connections, %d requests", p.conns.Load(), p.seen.Load())
	}
	if most := onlyHost(t, tr).mostRest(); most >= 4*time.Second || most < 3*time.Second {
		t.Errorf("a rest of %s is allowed: it was open after 4s, and closed before 6s", most)
	}
}

// The peer's closing is seen though nobody sends: the descriptor is not kept until then.
func TestClosedIsTended(t *testing.T) {
	c, p := &clock{}, newPeer(t, "")
	tr := loopback(t, Options{Now: c.now})
	post(t, tr, "acme", p.url)
	c.advance(2 * time.Second)
	tr.pool.tend()
	if tr.pool.kept.Stat().Used != 1 {
		t.Fatal("it was open, and is not kept")
	}
	p.hangUp()
	c.advance(2 * time.Second)
	tr.pool.tend()
	if tr.pool.kept.Stat().Used != 0 || onlyHost(t, tr).open != 0 {
		t.Error("it was closed, and is kept")
	}
}

func TestKeepAliveIsHeard(t *testing.T) {
	c, p := &clock{}, newPeer(t, "Keep-Alive: max=100, Timeout=5\r\n")
	tr := loopback(t, Options{Now: c.now})
	for i, step := range []struct {
		rest  time.Duration
		conns int32
	}{{0, 1}, {4*time.Second - 1, 1}, {4 * time.Second, 2}, {3 * time.Second, 2}} {
		c.advance(step.rest)
		post(t, tr, "acme", p.url)
		if n := p.conns.Load(); n != step.conns {
			t.Errorf("step %d: %d connections, want %d", i, n, step.conns)
		}
	}
}

// Rests grow while the peer keeps its connections.
func TestRestsGrow(t *testing.T) {
	c, p := &clock{}, newPeer(t, "")
	tr := loopback(t, Options{Now: c.now})
	post(t, tr, "acme", p.url)
	for rest := FirstIdle - time.Second; rest < MostIdle-time.Second; rest = onlyHost(t, tr).mostRest() - time.Second {
		c.advance(rest)
		post(t, tr, "acme", p.url)
	}
	if most := onlyHost(t, tr).mostRest(); most != MostIdle {
		t.Errorf("%s", most)
	}
	if n := p.conns.Load(); n > 2 { // one came of age
		t.Errorf("%d connections", n)
	}
}

// What a peer sends without being asked is not taken for the next answer.
func TestUnaskedAnswerIsNotTaken(t *testing.T) {
	p := newPeer(t, "")
	tr := loopback(t, Options{})
	post(t, tr, "acme", p.url)
	p.mu.Lock()
	_, _ = io.WriteString(p.open[0], "HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n")
	p.mu.Unlock()
	post(t, tr, "acme", p.url)
	if p.conns.Load() != 2 {
		t.Errorf("%d connections", p.conns.Load())
	}
}

// All connections that are kept have one bound, and a tenant's give way to its own.
func TestKeptAreBounded(t *testing.T) {
	c := &clock{}
	kept := shares.New(8)
	tr := loopback(t, Options{Now: c.now, Kept: kept})
	var peers []*peer
	for range 8 {
		peers = append(peers, newPeer(t, ""))
	}
	for _, p := range peers {
		post(t, tr, "acme", p.url)
		c.advance(time.Millisecond)
	}
	if s := kept.Stat(); s.Used != 6 { // alone: three quarters
		t.Errorf("%d are kept, of 8", s.Used)
	}
	post(t, tr, "other", peers[0].url)
	if kept.Held("other") != 1 {
		t.Error("another tenant has no room for one")
	}
	post(t, tr, "acme", peers[7].url)
	post(t, tr, "acme", peers[0].url)
	if peers[7].conns.Load() != 1 || peers[0].conns.Load() != 3 {
		t.Errorf("the last has %d connections, the first %d: the one that rested longest makes room", peers[7].conns.Load(), peers[0].conns.Load())
	}
	open := 0
	for _, h := range tr.pool.hosts {
		open += h.open
	}
	if int64(open) != kept.Stat().Used {
		t.Errorf("%d are open, %d counted", open, kept.Stat().Used)
	}
	tr.Close()
	if s := kept.Stat(); s.Used != 0 {
		t.Errorf("%d are counted after the end", s.Used)
	}
}

// Hosts make room for others by the order of their last requests.
func TestHostsMakeRoom(t *testing.T) {
	p := newPeer(t, "")
	tr := loopback(t, Options{MaxHosts: 2})
	for _, tenant := range []string{"a", "b", "a", "c", "a"} {
		post(t, tr, tenant, p.url)
	}
	if n := p.conns.Load(); n != 3 {
		t.Errorf("%d connections, want 3: b made room for c", n)
	}
	if n := tr.pool.kept.Stat().Used; n != 2 {
		t.Errorf("%d are counted, and 2 hosts are known", n)
	}
}

// Many at once, over fewer connections that are looked after meanwhile: none is lost and
// none is counted twice. Under the race detector it is a test of locks.
func TestManyLeaveTheCountsRight(t *testing.T) {
	p := newPeer(t, "")
	tr := loopback(t, Options{MaxConns: 4})
	var all sync.WaitGroup
	errs := make(chan error, 400)
	for range 8 {
		all.Go(func() {
			for range 50 {
				answer, err := tr.Do(t.Context(), &Request{Method: "POST", URL: p.url, Tenant: "acme", Body: []byte("{}")})
				if err == nil && answer.Status != 200 {
					err = fmt.Errorf("status %d", answer.Status)
				}
				errs <- err
			}
		})
	}
	for range 20 {
		tr.pool.tend()
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if h := onlyHost(t, tr); h.open != len(h.idle) || h.open > 4 || int64(h.open) != tr.pool.kept.Stat().Used {
		t.Errorf("%d are open, %d at rest, %d counted", h.open, len(h.idle), tr.pool.kept.Stat().Used)
	}
}
