package storage

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
)

// Disk is what Storage needs of a store; a *pebblestore.Store is one.
type Disk interface {
	// Extent gives how many bytes the tables on the disk have of a tenant.
	Extent(tenant string) (int64, error)
	// Unflushed gives how many bytes were committed, and are in no table yet.
	Unflushed() int64
	// Room gives how many bytes may still be written; false: nobody knows.
	Room() (int64, bool)
}

// Promises tells in bytes what is still to be written of what was taken on: the outcomes of
// calls that are under way, and of open waits. Whoever may go on with it fills the disk
// when nothing new of him is taken any more.
type Promises interface {
	Most() int64 // that all may have together
	All() int64  // of all, now
	// Held is of a tenant, together with the tenants below it.
	Held(tenant string) int64
}

// Options are what a Storage needs; all but Log are required.
type Options struct {
	Disk     Disk
	Promises Promises
	// Used gives how many bytes the store has on the disk.
	Used func() int64
	// Tenants tells each tenant that there is, those above it, the nearest first, and its
	// limits.storage; 0: none. It is false, and tells nobody, where that is as it was when
	// it was asked before.
	Tenants func(tell func(tenant string, above []string, most int64)) (changed bool)
	Now     func() time.Time
	Log     *slog.Logger // is told who is refused; nil: slog.Default()
}

// Storage keeps books of what tenants have on the disk. It is safe for concurrent use.
type Storage struct {
	options Options
	size    atomic.Int64 // what all may have together
	reserve atomic.Int64 // of it, for those who have little; 0: nobody knows
	bound   atomic.Bool  // some tenant has a limits.storage
	refused atomic.Uint64

	mu sync.RWMutex
	of map[string]*account

	want wanting
	look looking
	stop func()
}

// account is what one tenant has.
type account struct {
	tenant   string
	measured atomic.Int64 // on the disk, when that was last looked at
	since    atomic.Int64 // committed after, and not in what was looked at
	tree     atomic.Int64 // with all tenants below it
	most     atomic.Int64 // limits.storage; 0: none
	above    atomic.Pointer[[]*account]
	at       time.Time // when it was looked at; of looking alone
	turn     uint64    // of the look that saw its tenant last; of looking alone
	sum      int64     // what tree becomes; of looking alone
	toldAt   time.Time // that it is refused; of wanting alone
}

func (a *account) own() int64 { return a.measured.Load() + a.since.Load() }

// over gives the accounts of the tenants above, the nearest first.
func (a *account) over() []*account {
	if above := a.above.Load(); above != nil {
		return *above
	}
	return nil
}

// outermost gives the account of the tenant above all others.
func (a *account) outermost() *account {
	if above := a.over(); len(above) > 0 {
		return above[len(above)-1]
	}
	return a
}

// New makes a Storage, which looks at the disk from Start on.
func New(o Options) *Storage {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Storage{options: o, of: map[string]*account{}}
}

// Written counts what a commit put of a tenant. It is on the way of every commit.
func (s *Storage) Written(tenant string, bytes int) {
	a := s.find(tenant)
	if a == nil {
		a = s.open(tenant)
	}
	a.since.Add(int64(bytes))
	a.tree.Add(int64(bytes))
	for _, above := range a.over() {
		above.tree.Add(int64(bytes))
	}
}

func (s *Storage) find(tenant string) *account {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.of[tenant]
}

func (s *Storage) open(tenant string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.of[tenant]
	if a == nil {
		a = &account{tenant: tenant}
		s.of[tenant] = a
	}
	return a
}

// Held tells what a tenant has, together with the tenants below it.
func (s *Storage) Held(tenant string) int64 {
	if a := s.find(tenant); a != nil {
		return a.tree.Load()
	}
	return 0
}

// Stat is how the disk stands.
type Stat struct {
	Most, Used, Largest int64 // bytes; 0: nobody knows
	Refused             uint64
}

// Stat tells how the disk stands.
func (s *Storage) Stat() Stat {
	stat := Stat{Most: s.size.Load(), Used: s.options.Used(), Refused: s.refused.Load()}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, a := range s.of {
		stat.Largest = max(stat.Largest, a.tree.Load())
	}
	return stat
}

// Errors of who has more than it may have.
var (
	errLimited = &gateway.Error{
		Code: gateway.CodeRateLimited, RetryAfter: 30 * time.Second,
		Message: "the tenant, or one above it, has as much on the disk as limits.storage allows",
	}
	errShare = gateway.Unavailable("the disk is nearly full, and the tenant, or one above it, has its share of it", 30*time.Second)
)
