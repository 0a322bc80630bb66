package signature

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// allowance is what the requests to one source may have fetched, for nobody has
// verified them yet: so many certificates a minute, of which the clients of one block
// get a few, so that a stranger uses up neither another source's fetches nor, from his
// own addresses, those of the provider. Strangers of many blocks leave a first fetch for
// whoever had none; and a block from which something was verified has its own, whatever
// others took.
type allowance struct {
	mu     sync.Mutex
	minute time.Time
	all    int
	of     map[netip.Prefix]int
	good   []netip.Prefix // those that verified last
}

const (
	fetchWindow        = time.Minute
	fetchesOfSource    = 20  // in a window
	fetchesOfNewcomers = 120 // in a window, those included: for blocks that had none in it
	fetchesOfBlock     = 3
	mostProved         = 16 // blocks: those of a provider are few
)

// take counts a fetch for a client, if one more may be made.
func (a *allowance) take(client netip.Addr, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	// An earlier now, that of a request whose body was slow, begins no window anew.
	if a.of == nil || now.Sub(a.minute) >= fetchWindow {
		a.minute, a.all, a.of = now, 0, map[netip.Prefix]int{}
	}
	block := blockOf(client)
	if !a.has(block) {
		return false
	}
	a.all++
	a.of[block]++
	return true
}

// has says whether there is a fetch for a block. The lock is held.
func (a *allowance) has(block netip.Prefix) bool {
	had := a.of[block]
	switch {
	case had >= fetchesOfBlock:
		return false
	case a.all < fetchesOfSource, had == 0 && a.all < fetchesOfNewcomers:
		return true
	}
	return slices.Contains(a.good, block)
}

// proved remembers that a request of a client was verified.
func (a *allowance) proved(client netip.Addr) {
	block := blockOf(client)
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.Contains(a.good, block) {
		return
	}
	if len(a.good) == mostProved {
		a.good = slices.Delete(a.good, 0, 1)
	}
	a.good = append(a.good, block)
}

// blockOf is what counts as one client: an IPv4 /24, an IPv6 /48.
func blockOf(a netip.Addr) netip.Prefix {
	bits := 24
	if a = a.Unmap().WithZone(""); a.Is6() {
		bits = 48
	}
	block, _ := a.Prefix(bits) // it fails on the zero Addr alone
	return block
}
