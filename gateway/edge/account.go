package edge

import (
	"math/bits"
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
	budget *shares.Budget // nil: no bound

	mu    sync.Mutex
	of    shares.Holder
	taken int64
}

// open begins a request of h.
func (a *account) open(h shares.Holder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.budget.Give(a.of, a.taken) // nothing, where the request before has ended
	a.of, a.taken = h, 0
}

// take takes n bytes from the budget.
func (a *account) take(n int64) *gateway.Error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.budget.Take(a.of, n) {
		return ErrNoMemory
	}
	a.taken += n
	return nil
}

// move has h have what was taken until now, and what is from now on.
func (a *account) move(h shares.Holder) *gateway.Error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of.Is(h) {
		return nil
	}
	if !a.budget.Take(h, a.taken) {
		return ErrNoMemory
	}
	a.budget.Give(a.of, a.taken)
	a.of = h
	return nil
}

// give gives n bytes back.
func (a *account) give(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n = min(n, a.taken) // Close may have been here
	a.budget.Give(a.of, n)
	a.taken -= n
}

// close gives back all that was taken.
func (a *account) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.budget.Give(a.of, a.taken)
	a.taken = 0
}

// allocated is what fasthttp allocates for a body of n bytes that it reads whole.
func allocated(n int64) int64 {
	if n <= 1 {
		return n
	}
	return 1 << bits.Len64(uint64(n-1))
}
