package cluster_test

import (
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"hookgate/gateway/gatewaytest/postgres"
)

// proxy is the way of one node to the database, which can be cut.
type proxy struct {
	dir    string
	server *postgres.Server

	mu    sync.Mutex
	isCut bool
	conns map[net.Conn]bool
}

const socket = ".s.PGSQL.5432"

func newProxy(t *testing.T, server *postgres.Server) *proxy {
	p := &proxy{dir: t.TempDir(), server: server, conns: map[net.Conn]bool{}}
	l, err := net.Listen("unix", filepath.Join(p.dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
	return p
}

func (p *proxy) url() string {
	return "postgres://hookgate@/postgres?host=" + p.dir + "&sslmode=disable"
}

// carry carries what one connection says, until either end closes it.
func (p *proxy) carry(c net.Conn) {
	defer p.drop(c)
	s, err := net.Dial("unix", filepath.Join(p.server.Dir, socket))
	if err != nil {
		return
	}
	defer p.drop(s)
	if !p.keep(c) || !p.keep(s) {
		return
	}
	go func() { _, _ = io.Copy(s, c); p.drop(s) }() // its end is that of the connection
	_, _ = io.Copy(c, s)
}

func (p *proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	return !p.isCut
}

func (p *proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	_ = c.Close() // nobody reads it any more
}

// cut ends all connections, and lets none come to be.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isCut = true
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isCut = false
}
