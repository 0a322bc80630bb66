package api

import (
	"sync"
	"time"
)

// farHolds bounds the pulls that are held here for other nodes, which have their clients: each
// takes a connection between the two for as long, and a goroutine at both. What is above it is
// answered at once, and its client asks again.
type farHolds struct {
	mu  sync.Mutex
	all int
	of  map[string]int // by tenant
}

const (
	// mostFarHold is how long such a pull is held: its node learns only then that its client
	// has left, or that it is to stop itself.
	mostFarHold = 5 * time.Second
	// mostFarHolds is how many there are at once, and mostFarHoldsOf how many of one tenant.
	mostFarHolds   = 64
	mostFarHoldsOf = 8
)

func (f *farHolds) enter(tenant string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all >= mostFarHolds || f.of[tenant] >= mostFarHoldsOf {
		return false
	}
	f.all++
	f.of[tenant]++
	return true
}

func (f *farHolds) leave(tenant string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all--
	if f.of[tenant]--; f.of[tenant] == 0 {
		delete(f.of, tenant)
	}
}

// pullFar is pull for another node: it waits here until something is due.
func (h *pulls) pullFar(c *call, p pulling) (answer, error) {
	until := time.NewTimer(min(p.hold, mostFarHold))
	defer until.Stop()
	waits := p.hold > 0 && h.far.enter(p.key.Tenant)
	if waits {
		defer h.far.leave(p.key.Tenant)
	}
	may := stillMay(c)
	for {
		s, leases, err := h.take(&p)
		if err != nil {
			return answer{}, err
		}
		if len(leases) > 0 || !waits {
			return c.atOnce(s), nil
		}
		ready := make(chan error, 1)
		stop, err := h.lanes.Await(p.key, func(err error) { ready <- err })
		if err != nil {
			return answer{}, err
		}
		select {
		case err = <-ready:
		case <-until.C:
			if waits = false; !stop() {
				err = <-ready
			}
		}
		if err != nil {
			return answer{}, err
		}
		if err := may(); err != nil { // what is lent then would be given to whom nobody knows any more
			return answer{}, err
		}
		if s.sent != nil {
			s.sent()
		}
	}
}
