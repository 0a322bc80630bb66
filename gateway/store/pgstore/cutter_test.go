package pgstore

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"hookgate/gateway/gatewaytest/postgres"
)

// cutter stands between stores and the database. Where it is told to cut, it lets a question
// through and ends the connection in place of its answer.
type cutter struct {
	dir  string
	cuts atomic.Int64 // that it is told to make

	mu    sync.Mutex
	conns []net.Conn
}

func newCutter(t testing.TB, s *postgres.Server) *cutter {
	t.Helper()
	dir, err := os.MkdirTemp("", "cut") // of a short name: a socket's is bounded
	must(t, err)
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	must(t, err)
	c := &cutter{dir: dir}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", filepath.Join(s.Dir, ".s.PGSQL.5432"))
			if err != nil {
				from.Close()
				continue
			}
			c.mu.Lock()
			c.conns = append(c.conns, from, to)
			c.mu.Unlock()
			serving.Go(func() {
				_, _ = io.Copy(to, from) // until one end is gone
				to.Close()
			})
			serving.Go(func() { c.answer(from, to) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		c.mu.Lock()
		for _, one := range c.conns {
			one.Close()
		}
		c.mu.Unlock()
		serving.Wait()
		os.RemoveAll(dir)
	})
	return c
}

func (c *cutter) answer(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := to.Read(b)
		if err != nil {
			return
		}
		if left := c.cuts.Load(); left > 0 && c.cuts.CompareAndSwap(left, left-1) {
			return
		}
		if _, err := from.Write(b[:n]); err != nil {
			return
		}
	}
}

func (c *cutter) url() string {
	return "postgres://hookgate@/postgres?host=" + c.dir + "&sslmode=disable"
}
