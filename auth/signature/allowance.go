package signature

import (
	"net/netip"
	"sync"
	"time"
)

// allowance is what the requests to one source may have fetched, for nobody has
// verified them yet: so many certificates a minute, of which the clients of one block
// get a few, so that a stranger uses up neither another source's fetches nor, from his
// own addresses, those of the provider.
type allowance struct {
	mu     sync.Mutex
	minute time.Time
	all    int
	of     map[netip.Prefix]int
}

const (
	fetchWindow     = time.Minute
	fetchesOfSource = 20 // in a window
	fetchesOfBlock  = 3
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
	if a.all >= fetchesOfSource || a.of[block] >= fetchesOfBlock {
		return false
	}
	a.all++
	a.of[block]++
	return true
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
