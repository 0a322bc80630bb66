package edge

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"hookgate/gateway/shares"
)

// Listener accepts connections within bounds and makes a Conn of each.
type Listener struct {
	ln     net.Listener
	limits *Limits
	tls    *tls.Config // nil: it is not spoken
	paused func(error) // see Observer; nil: nobody hears
	done   chan struct{}
	told   time.Time // when paused was called; of the goroutine that accepts
	looked time.Time // when makeRoom found nothing last; of that goroutine, too

	keepAlive net.KeepAliveConfig // what the sockets were told, for those that rested

	mu      sync.Mutex
	closed  bool
	conns   map[*Conn]struct{}
	resting map[*Held]struct{} // which hold a connection, and count as one
	blocks  map[netip.Prefix]int
}

func newListener(ln net.Listener, limits *Limits) *Listener {
	return &Listener{
		ln: ln, limits: limits, done: make(chan struct{}),
		conns: make(map[*Conn]struct{}), resting: make(map[*Held]struct{}), blocks: make(map[netip.Prefix]int),
	}
}

// Addr returns the address that it listens on.
func (l *Listener) Addr() net.Addr { return l.ln.Addr() }

// The pauses of Accept while the system has nothing for another connection.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second

	spellTime = time.Minute
)

// Accept returns the next connection. Only Close ends it: a shortage of
// descriptors makes it rest, for a server that stops accepting is a dead one.
func (l *Listener) Accept() (net.Conn, error) {
	pause := firstPause
	for {
		raw, err := l.ln.Accept()
		if err == nil {
			if c := l.admit(raw); c != nil {
				return c, nil
			}
			pause = firstPause
			continue
		}
		if !passes(err) {
			return nil, err
		}
		if now := time.Now(); l.paused != nil && (l.told.IsZero() || now.Sub(l.told) >= spellTime) {
			l.told = now
			l.paused(err)
		}
		select {
		case <-l.done:
			return nil, net.ErrClosed
		case <-time.After(pause):
			pause = min(2*pause, lastPause)
		}
	}
}

// passes reports whether an error of accept is no fault of the listener's.
func passes(err error) bool {
	for _, e := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
		syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EINTR, syscall.EPROTO, syscall.EPERM,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// admit makes raw a Conn, or answers and closes it where a bound is reached.
func (l *Listener) admit(raw net.Conn) *Conn {
	c := l.connOf(raw)
	if l.tls != nil {
		c.Conn = tls.Server(raw, l.tls)
	}
	if l.remember(c) || l.makeRoom(c) && l.remember(c) {
		return c
	}
	if l.tls == nil { // a refusal in TLS would need a handshake first
		_ = raw.SetWriteDeadline(time.Now().Add(firstPause))
		_, _ = raw.Write(tooManyConns())
	}
	_ = raw.Close()
	return nil
}

func (l *Listener) connOf(raw net.Conn) *Conn {
	c := &Conn{Conn: raw, listener: l, limits: l.limits, address: addressOf(raw), idling: idling{began: time.Now()}}
	c.request.limits, c.request.address, c.request.account.budget = l.limits, c.address, l.limits.Bodies
	c.request.holder = shares.Client(c.address)
	c.idling.begin()
	return c
}

func (l *Listener) remember(c *Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full() || l.hasQuota(c) {
		return false
	}
	if l.bounds(c) {
		c.block = shares.Block(c.address)
		l.blocks[c.block]++
	}
	l.conns[c] = struct{}{}
	if l.closed { // while it was on its way here: nobody else will answer it
		time.AfterFunc(freshFor, func() { l.closeIf(func(one *Conn) bool { return one == c && !c.heard.Load() }) })
	}
	return true
}

// full says whether there is no room for another; l.mu is held, as it is of those below.
func (l *Listener) full() bool {
	return l.limits.Conns > 0 && len(l.conns)+len(l.resting) >= l.limits.Conns
}

// bounds says whether the block of c is bound, and hasQuota whether it has all it may have.
func (l *Listener) bounds(c *Conn) bool {
	return l.limits.ConnsPerBlock > 0 && c.address.IsValid() && !l.limits.trusts(c.address)
}

func (l *Listener) hasQuota(c *Conn) bool {
	return l.bounds(c) && l.blocks[shares.Block(c.address)] >= l.limits.ConnsPerBlock
}

// freshFor is how long after its beginning a connection may have a request on its way that is
// not here yet, a handshake of TLS before it perhaps. net/http and fasthttp give it 5 s, which
// is how long a stop would take then.
const freshFor = time.Second

func (l *Listener) forget(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	if n := l.blocks[c.block]; n > 1 {
		l.blocks[c.block] = n - 1
	} else {
		delete(l.blocks, c.block)
	}
}

// Close stops accepting; open connections stay. Those that have sent nothing yet
// are closed once they are no more fresh, for no answer is owed on them and fasthttp would
// wait for them.
func (l *Listener) Close() error {
	l.mu.Lock()
	first := !l.closed
	l.closed = true
	l.mu.Unlock()
	if !first {
		return nil
	}
	close(l.done)
	err := l.ln.Close()
	now := time.Now()
	l.closeIf(func(c *Conn) bool { return !c.heard.Load() && now.Sub(c.idling.began) >= freshFor })
	time.AfterFunc(freshFor, func() { l.closeIf(func(c *Conn) bool { return !c.heard.Load() }) })
	return err
}

// waitsAgain makes c one that has sent nothing yet, if so it is; false when the
// listener is closed.
func (l *Listener) waitsAgain(c *Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.heard.Store(c.ahead.buffer != nil)
	return !l.closed
}

// Abort closes every connection, whatever it is doing.
func (l *Listener) Abort() {
	all := func(c *Conn) bool {
		c.dirty.Store(false) // no lingering
		return true
	}
	l.closeIf(all)
	l.cutHeld()
	l.closeIf(all) // what rested at first, and was woken since
}

func (l *Listener) closeIf(match func(*Conn) bool) {
	l.mu.Lock()
	var chosen []*Conn
	for c := range l.conns {
		if match(c) {
			chosen = append(chosen, c)
		}
	}
	l.mu.Unlock()
	for _, c := range chosen {
		_ = c.Close()
	}
}

// closing reports whether no more connections are taken.
func (l *Listener) closing() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}
