package transport

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// hosts keeps the connections, apart for each tenant and target. It is bounded:
// a target beyond the bound gets a keeper that serves once.
//
// fasthttp's own cleaner is not used, for it sleeps on for each host, one
// goroutine each, however long ago the last connection closed. Connections rest
// in a queue, so that those of a busy host are all in use or found too old; one
// sweep closes those of a host that rests.
type hosts struct {
	most, conns int
	idle        time.Duration

	mu    sync.RWMutex
	byKey map[hostKey]*host
	sweep *time.Timer // runs while there is anything to close
}

type hostKey struct {
	tenant  string
	at      string // host:port
	tls     bool
	secured string // the digest of its own settings of TLS; "": none
	trusted bool   // a connection that no rule has judged serves none that they bind
}

// host is the keeper of the connections to one target.
type host struct {
	fasthttp.HostClient
	idle    time.Duration
	busy    atomic.Int64 // requests on their way
	used    atomic.Int64 // when the last one ended, Unix nanoseconds
	dropped atomic.Bool  // nobody finds it any more
}

func (h *hosts) init(most, conns int, idle time.Duration) {
	h.most, h.conns, h.idle = most, conns, idle
	h.byKey = make(map[hostKey]*host)
}

// find gives the keeper, counted as busy until leave; nil where there is none.
func (h *hosts) find(key hostKey) *host {
	h.mu.RLock()
	defer h.mu.RUnlock()
	found := h.byKey[key]
	if found != nil {
		found.busy.Add(1)
	}
	return found
}

// add is find that makes what is missing.
func (h *hosts) add(key hostKey, dial fasthttp.DialFuncWithTimeout) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	if found := h.byKey[key]; found != nil {
		found.busy.Add(1)
		return found
	}
	added := &host{idle: h.idle, HostClient: fasthttp.HostClient{
		Addr:               key.at,
		DialTimeout:        dial,
		MaxConns:           h.conns,
		MaxConnWaitTimeout: time.Hour, // the request's own deadline is what bounds it
		ReadBufferSize:     readBuffer,
		ConnPoolStrategy:   fasthttp.FIFO,
	}}
	added.busy.Add(1)
	if len(h.byKey) >= h.most {
		added.dropped.Store(true)
		return added
	}
	h.byKey[key] = added
	if h.sweep == nil {
		h.sweep = time.AfterFunc(h.idle, h.closeIdle)
	}
	return added
}

// closeIdle forgets every host that has rested for the idle time.
func (h *hosts) closeIdle() {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := time.Now().Add(-h.idle).UnixNano()
	for key, host := range h.byKey {
		if host.busy.Load() == 0 && host.used.Load() <= before {
			delete(h.byKey, key)
			host.CloseIdleConnections()
		}
	}
	if h.sweep == nil {
		return // closed meanwhile
	}
	if len(h.byKey) == 0 {
		h.sweep = nil
		return
	}
	h.sweep.Reset(h.idle)
}

// forget drops all keepers; what is under way finishes, and its connections are
// not used again. A bound of 0 keeps any from being remembered afterwards.
func (h *hosts) forget(closing bool) {
	h.mu.Lock()
	all := h.byKey
	h.byKey = make(map[hostKey]*host)
	if h.sweep != nil {
		h.sweep.Stop()
		h.sweep = nil
	}
	if closing {
		h.most = 0
	}
	h.mu.Unlock()
	for _, host := range all {
		host.dropped.Store(true)
		host.CloseIdleConnections()
	}
}

// MaxAge is how long a connection is used: then its name is looked up again, for it may
// lead elsewhere by now (SPEC 15).
const MaxAge = 5 * time.Minute

// readBuffer is for what comes in at once, in bytes. Most answers have less.
const readBuffer = 8 << 10

// connection gives a kept connection that has neither rested nor lived too long, or a
// fresh one. With true fasthttp starts no cleaner; that is all it means there.
func (h *host) connection(left time.Duration) (kept connection, err error) {
	for {
		c, err := h.AcquireConn(left, true)
		if err != nil {
			return connection{}, err
		}
		last := c.LastUseTime()
		if last.IsZero() || time.Since(last) < h.idle && time.Since(c.CreatedTime()) < MaxAge {
			return connection{
				Conn:    c.Conn(),
				reused:  !last.IsZero(),
				release: func() { h.ReleaseConn(c) },
				close:   func() { h.CloseConn(c) },
			}, nil
		}
		h.CloseConn(c)
	}
}

// connection is one of a host's, on loan: fasthttp does not export its type.
type connection struct {
	net.Conn
	reused         bool
	release, close func()
}

// address puts where the connection leads into what came of it.
func (c *connection) address(answer *Answer, err error) error {
	l, known := c.Conn.(*link)
	if !known {
		return err
	}
	if answer != nil {
		answer.Address = l.address
	}
	return withAddress(err, l.address)
}

// leave ends a find or an add.
func (h *host) leave() {
	h.used.Store(time.Now().UnixNano())
	if h.busy.Add(-1) == 0 && h.dropped.Load() {
		h.CloseIdleConnections()
	}
}
