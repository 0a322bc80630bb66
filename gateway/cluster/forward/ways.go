package forward

import (
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// mostWays is how many requests are under way to one node at once: each takes a connection, of
// which peers have as many.
const mostWays = 512

// errNoWay refuses a request of one who has as many under way as his share is. Nothing was sent.
var errNoWay = gateway.Unavailable("as many requests of the tenant, or client, are under way to the node that decides this as may be", time.Second)

// ways are the requests that are under way to other nodes. A request may stay for as long as the
// backend of a call takes, so whoever has slow ones would have all connections to a node, and
// everybody else's requests would be refused: they are shared.
type ways struct {
	mu sync.Mutex
	of map[string]*way // by address: of nodes to which any are under way
}

type way struct {
	budget *shares.Budget
	taken  int
}

func (w *ways) take(address string, holder shares.Holder) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	to := w.of[address]
	if to == nil {
		to = &way{budget: shares.New(mostWays)}
		w.of[address] = to
	}
	if !to.budget.Take(holder, 1) {
		return false
	}
	to.taken++
	return true
}

func (w *ways) give(address string, holder shares.Holder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	to := w.of[address]
	to.budget.Give(holder, 1)
	if to.taken--; to.taken == 0 {
		delete(w.of, address)
	}
}
