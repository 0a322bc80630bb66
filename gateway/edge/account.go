package edge

import (
	"math/bits"
	"net/netip"
	"sync"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// copies is how often a body counts. One is the buffer in which it comes. The other is
// for what is made of it, as soon as it is whole: whoever takes it keeps a copy until it
// is stored; until then it stands for what the collector has not swept, which is up to
// as much again as there is (GOGC). So the memory of the process grows by less than what
// is counted.
const copies = 2

// largeBody is where a body becomes worth a closer look before any of it comes.
const largeBody = 64 << 10 // bytes

// account is the memory that the request of one connection has of the budget for
// bodies, and whose it is. Close may empty it from any goroutine.
type account struct {
	mu    sync.Mutex
	of    shares.Holder
	taken int64
}

// open begins a request of h.
func (a *account) open(of *shares.Budget, h shares.Holder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of.Give(a.of, a.taken) // nothing, where the request before has ended
	a.of, a.taken = h, 0
}

// take takes n bytes from the budget.
func (a *account) take(from *shares.Budget, n int64) *gateway.Error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !from.Take(a.of, n) {
		return ErrNoMemory
	}
	a.taken += n
	return nil
}

// give gives n bytes back.
func (a *account) give(to *shares.Budget, n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n = min(n, a.taken) // Close may have been here
	to.Give(a.of, n)
	a.taken -= n
}

// close gives back all that was taken.
func (a *account) close(to *shares.Budget) {
	a.mu.Lock()
	defer a.mu.Unlock()
	to.Give(a.of, a.taken)
	a.taken = 0
}

// bill finds whose the body of a request is. A stranger may send a small one: the
// answer to it tells him what is missing.
func (c *Conn) bill(b []byte, h *head) *gateway.Error {
	if c.limits.Bodies == nil {
		return nil
	}
	who := c.holder
	if c.limits.trusts(c.address) {
		who = shares.Client(clientIn(b, c.address, c.limits.Trusts))
	}
	if c.limits.Caller != nil {
		var known bool
		if who, known = c.limits.Caller(h.authorization, who); !known {
			c.most = min(c.most, largeBody)
			if h.length > c.most {
				return errStranger
			}
		}
	}
	c.account.open(c.limits.Bodies, who)
	return nil
}

// clientIn is Client for a head that was passed.
func clientIn(head []byte, peer netip.Addr, trusts func(netip.Addr) bool) netip.Addr {
	var fields [][]byte
	for line, rest, _ := nextLine(head); rest != nil; line, rest, _ = nextLine(rest) {
		if name, value, found := cutField(line); found && isName(name, "x-forwarded-for") {
			fields = append(fields, value)
		}
	}
	return clientOf(peer, fields, trusts)
}

// charge takes n bytes from the budget; giveBack returns all that was taken.
func (c *Conn) charge(n int64) *gateway.Error { return c.account.take(c.limits.Bodies, n) }

// allocated is what fasthttp allocates for a body of n bytes that it reads whole.
func allocated(n int64) int64 {
	if n <= 1 {
		return n
	}
	return 1 << bits.Len64(uint64(n-1))
}
