// Package shares divides what one process has (memory for bodies, open waits,
// pending calls) among those who ask for it, so that nobody can use up what others
// need (SPEC 16).
//
// A holder gets at most three times what is still free: alone it may have three
// quarters of a budget, two get three sevenths each, and whoever comes next always
// finds something (dynamic thresholds: Choudhury and Hahne, "Dynamic Queue Length
// Thresholds for Shared-Memory Packet Switches", 1998). While others want some, it
// gets at most a quarter.
//
// Time is divided by Turns: few at once do what takes long, and of each owner one.
package shares

import (
	"net/netip"
	"slices"
	"sync"
	"time"
	"unique"
)

// name is what one that has a share is known by: a tenant, or a block of client
// addresses.
type name struct {
	tenant string
	block  netip.Addr
}

// key stands for a name; the zero key for that of nobody. It is one pointer, for every
// request asks several budgets for its share, and to hash a whole name again and again
// is most of what that costs.
type key = unique.Handle[name]

func keyOf(n name) key {
	if n == (name{}) {
		return key{}
	}
	return unique.Make(n)
}

// Holder is whoever a part of a budget is taken for. The zero Holder is nobody in
// particular, who has one share.
type Holder struct {
	own   key
	above []key // the tenants above it, each of which has it in its own share
}

// Tenant is the holder of what a tenant uses. Its own share is within those of the
// tenants above it, so that who makes many tenants has no more for that.
func Tenant(id string, above ...string) Holder {
	h := Holder{own: keyOf(name{tenant: id})}
	for _, parent := range above {
		h.above = append(h.above, keyOf(name{tenant: parent}))
	}
	return h
}

// Client is the holder of what is used for a client before anybody knows for which
// tenant: all of an IPv4 /24, or of an IPv6 /48, are one.
func Client(a netip.Addr) Holder {
	return Holder{own: keyOf(name{block: Block(a).Addr()})}
}

// Block is what counts as one client; that of the zero Addr is not valid.
func Block(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 24
	if a.Is6() {
		bits = 48
	}
	block, _ := a.Prefix(bits) // it fails on the zero Addr alone
	return block
}

// Is says whether two are one and the same, the tenants above them too.
func (h Holder) Is(other Holder) bool {
	return h.own == other.own && slices.Equal(h.above, other.above)
}

// Outermost gives the tenant above all others that the holder is within: itself, where
// none is; "" for a block of clients.
func (h Holder) Outermost() string {
	last := h.own
	if n := len(h.above); n > 0 {
		last = h.above[n-1]
	}
	if last == (key{}) {
		return ""
	}
	return last.Value().tenant
}

// within says whether what the holder has is in the share of k too.
func (h Holder) within(k key) bool { return h.own == k || slices.Contains(h.above, k) }

// wanted is how long one who was refused counts as wanting more.
const wanted = 10 * time.Second

// Budget is an amount that many share, in whatever unit its user counts. A nil
// Budget has no bound.
type Budget struct {
	most int64
	now  func() time.Time

	mu      sync.Mutex
	used    int64
	of      map[key]int64 // never 0
	refused uint64
	last    Holder    // who was refused last
	lastAt  time.Time // and when
}

// New makes a budget of most, which is more than 0.
func New(most int64) *Budget { return &Budget{most: most, now: time.Now, of: map[key]int64{}} }

// Most is all that there is; 0: no bound.
func (b *Budget) Most() int64 {
	if b == nil {
		return 0
	}
	return b.most
}

// Take takes n for h, or says that h has no right to so much now.
func (b *Budget) Take(h Holder, n int64) bool {
	if b == nil || n <= 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.may(h, n) {
		b.refused++
		b.last, b.lastAt = h, b.now()
		return false
	}
	b.used += n
	b.add(h, n)
	return true
}

// Force takes n for h whatever others have, for what must be held all the same: it
// was promised before this process started.
func (b *Budget) Force(h Holder, n int64) {
	if b == nil || n <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += n
	b.add(h, n)
}

// Give gives back n of what was taken for this very holder.
func (b *Budget) Give(h Holder, n int64) {
	if b == nil || n <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	b.add(h, -n)
}

func (b *Budget) may(h Holder, n int64) bool {
	if b.used+n > b.most || !b.within(h.own, n) {
		return false
	}
	for _, k := range h.above {
		if !b.within(k, n) {
			return false
		}
	}
	return true
}

// within says whether one may have n more. A single thing that is larger than a
// quarter is let through to one who has nothing yet: nobody could ever have it
// otherwise.
func (b *Budget) within(k key, n int64) bool {
	own := b.of[k]
	if own+n > 3*(b.most-b.used-n) && own > 0 {
		return false
	}
	return own == 0 || own+n <= b.most/4 || !b.contended(k)
}

// contended says whether others than k want some: they hold some, or were refused
// a moment ago.
func (b *Budget) contended(k key) bool {
	return b.used > b.of[k] || !b.lastAt.IsZero() && !b.last.within(k) && b.now().Sub(b.lastAt) < wanted
}

func (b *Budget) add(h Holder, n int64) {
	b.addTo(h.own, n)
	for _, k := range h.above {
		b.addTo(k, n)
	}
}

func (b *Budget) addTo(k key, n int64) {
	if n < 0 && b.of[k] == -n {
		delete(b.of, k)
		return
	}
	b.of[k] += n
}

// Held tells what a tenant has, together with the tenants below it.
func (b *Budget) Held(tenant string) int64 {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of[keyOf(name{tenant: tenant})]
}

// Used is what all have.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// Stat is how a budget stands.
type Stat struct {
	Most, Used int64
	Largest    int64 // that any one holder has
	Refused    uint64
}

// Stat tells how the budget stands. It looks at every holder.
func (b *Budget) Stat() Stat {
	if b == nil {
		return Stat{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Stat{Most: b.most, Used: b.used, Refused: b.refused}
	for _, n := range b.of {
		s.Largest = max(s.Largest, n)
	}
	return s
}
