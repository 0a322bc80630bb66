package pgstore

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"hookgate/gateway/gatewaytest/postgres"
)

// cutter stands between stores and the database. Where it is told to cut, it lets a question
// through and ends the connection in place of its answer; or it lets no question through.
type cutter struct {
	dir    string
	cuts   atomic.Int64 // of answers, that it is told to make
	before atomic.Int64 // of questions

	mu    sync.Mutex
	conns []net.Conn
}

func newCutter(t testing.TB, s *postgres.Server) *cutter {
	t.Helper()
	dir, err := os.MkdirTemp("", "cut") // of a short name: a socket's is bounded
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	must(t, err)
	c := &cutter{dir: dir}
	c.serve(t, s, l)
	return c
}

// serve lets who comes by a listener through to the database.
func (c *cutter) serve(t testing.TB, s *postgres.Server, l net.Listener) {
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
				pass(to, from, &c.before)
				to.Close()
			})
			serving.Go(func() {
				defer from.Close()
				defer to.Close()
				pass(from, to, &c.cuts)
			})
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
	})
}

// pass passes on what comes until one end is gone, or it is to cut.
func pass(to, from net.Conn, cuts *atomic.Int64) {
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

func (c *cutter) url() string {
	return "postgres://hookgate@/postgres?host=" + c.dir + "&sslmode=disable"
}
