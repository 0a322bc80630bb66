package stats

import (
	"log/slog"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// Store is what stats needs of a store; storetest holds each store to it.
type Store interface {
	// PutFigures keeps figures, each in place of those that it had; all of them or none.
	PutFigures([]store.Figures) error
	// Figures shows those that are asked for, in the order of time.
	Figures(of store.FiguresOf, visit func(at time.Time, data []byte)) error
}

// Options are what Stats are made of. Store and Above are required.
type Options struct {
	Store Store
	// Above gives the tenants above one, and whether it is there.
	Above func(tenant string) (above []string, known bool)
	// Below gives the tenants below one; "": all tenants. nil: of the minute that runs there
	// are no sums.
	Below func(tenant string) []string
	// Lanes tells how each lane stands, and each breaker of another kind that is open; nil:
	// nobody knows.
	Lanes func(visit func(Lane))
	// Others are the other nodes that count; nil: there are none.
	Others Others
	// Now is the clock of figures, which must not leap; nil: time.Now.
	Now func() time.Time
	Log *slog.Logger // nil: slog.Default()
}

// Lane is how a lane stands, or the breaker of a webhook (Endpoint ""), which has no
// deliveries.
type Lane struct {
	Tenant, Endpoint string
	Depth            int       // unfinished deliveries
	Oldest           time.Time // when the oldest of them was made; zero for none
	Open             bool      // the breaker is
}

// Lanes is how all lanes of a tenant stand.
type Lanes struct {
	Backlog int
	Oldest  time.Time
	Open    int // breakers
}

// Bounds of what one minute has of parts of tenants. What is above them is counted for
// the tenant alone.
const (
	mostParts   = 50_000
	mostOfOne   = 4_000 // of one tenant
	sampleEvery = time.Second
)

// PartKind is what a part of a tenant is.
type PartKind byte

// The kinds of parts.
const (
	Source   PartKind = 's'
	Endpoint PartKind = 'e'
	Webhook  PartKind = 'w'
)

// Part is a source, endpoint or webhook; the zero Part is the tenant itself.
type Part struct {
	Kind PartKind
	ID   string
}

// Stats counts what happens. It is safe for concurrent use.
type Stats struct {
	options Options
	stop    chan struct{}
	done    chan struct{}
	ahead   chan []string

	// keeping is held while a minute goes to the store, and by who reads: each sees it
	// either here or there.
	keeping sync.RWMutex

	sampling sync.Mutex // one at a time looks how things stand

	mu      sync.Mutex
	minute  time.Time
	of      map[string]*counted
	parts   int
	parked  map[string]int // callbacks by tenant, as it stands
	waiting map[string]int // waits, too
	lanes   map[string]Lanes
	sampled time.Time
	ends    int     // counts them
	ended   []ended // minutes that are not kept yet; of one of several nodes

	giving   sync.Mutex // one at a time gives them
	arriving arriving
	kept     map[string]time.Time // by node ("": this one): its last minute; guarded by keeping, and what follows
	last     time.Time            // of any
	flushed  int                  // how often

	strips strips
}

// counted is what a tenant has in the minute that runs.
type counted struct {
	own   figures
	parts map[Part]*figures
}

// New makes Stats, which keep figures from Start on.
func New(o Options) *Stats {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Below == nil {
		o.Below = func(string) []string { return nil }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Stats{
		options: o, stop: make(chan struct{}), done: make(chan struct{}), ahead: make(chan []string, 1),
		kept: map[string]time.Time{}, minute: o.Now().UTC().Truncate(time.Minute), of: map[string]*counted{}, parked: map[string]int{}, waiting: map[string]int{}, lanes: map[string]Lanes{},
	}
}

// Count counts one thing that happened. It does not keep h.
func (s *Stats) Count(h gateway.Happening) {
	if h.Tenant == "" || h.Kind >= gateway.HappenedBreaker {
		return
	}
	part := partOf(&h)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenant(h.Tenant)
	t.own.count(&h)
	if f := s.part(t, part); f != nil {
		f.count(&h)
	}
}

// tenant gives what a tenant has; s.mu is held.
func (s *Stats) tenant(id string) *counted {
	t := s.of[id]
	if t == nil {
		t = &counted{}
		s.of[id] = t
	}
	return t
}

// part gives what a part of a tenant has; nil where that is not counted. s.mu is held.
func (s *Stats) part(t *counted, p Part) *figures {
	if p.Kind == 0 {
		return nil
	}
	f := t.parts[p]
	if f == nil && s.parts < mostParts && len(t.parts) < mostOfOne {
		if t.parts == nil {
			t.parts = map[Part]*figures{}
		}
		f = &figures{}
		t.parts[p] = f
		s.parts++
	}
	return f
}

// partOf gives whose part a happening is.
func partOf(h *gateway.Happening) Part {
	switch h.Kind {
	case gateway.HappenedWait:
		return Part{Source, h.Wait.Source}
	case gateway.HappenedCallback:
		return Part{Source, h.Target}
	case gateway.HappenedDelivery, gateway.HappenedAttempt:
		return Part{Endpoint, h.Delivery.Endpoint}
	case gateway.HappenedCall:
		return Part{Webhook, h.Call.Webhook}
	}
	return Part{}
}

// Parked tells that a tenant has so many parked callbacks more, or fewer.
func (s *Stats) Parked(tenant string, delta int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parked[tenant] += delta; s.parked[tenant] <= 0 {
		delete(s.parked, tenant)
	}
}

// Waiting tells that a tenant has so many open waits more, or fewer.
func (s *Stats) Waiting(tenant string, delta int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.waiting[tenant] + delta; n > 0 {
		s.waiting[tenant] = n
	} else {
		delete(s.waiting, tenant)
	}
}

// Forget drops what the minute has of a tenant that is no more.
func (s *Stats) Forget(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.of[tenant]; t != nil {
		s.parts -= len(t.parts)
		delete(s.of, tenant)
	}
	delete(s.parked, tenant)
	delete(s.waiting, tenant)
	s.strips.forget(tenant)
}
