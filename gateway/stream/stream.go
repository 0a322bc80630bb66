package stream

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
)

// Bounds of what is kept for readers. Each tree of tenants has the half of both at most, so
// that one alone finds its last 10,000 events, and one with very many leaves room to others.
const (
	mostEvents = 20_000
	mostBytes  = 16 << 20
	// keepFor is how long recording goes on without a reader.
	keepFor = 5 * time.Minute
)

// Stream is what happens, for those who look on. It is safe for concurrent use.
type Stream struct {
	tree      func(tenant string) string
	recording atomic.Bool
	wake      chan struct{} // of the pump; one is enough

	mu      sync.Mutex
	epoch   string // of ids: those of another process, or of a time when nobody recorded
	ring    *ring
	scratch []byte
	readers map[*reader]struct{}
	pumping bool
	closed  bool
	left    int // counts the times at which the last reader left
}

// New makes a Stream that nobody reads. tree gives the top of the tree that a tenant is in;
// nil: each is one.
func New(tree func(tenant string) string) *Stream {
	if tree == nil {
		tree = func(tenant string) string { return tenant }
	}
	return &Stream{tree: tree, wake: make(chan struct{}, 1), readers: map[*reader]struct{}{}}
}

// Tell tells of one thing. It does not keep h.
func (s *Stream) Tell(h gateway.Happening) {
	if s.recording.Load() {
		s.record(&h)
	}
}

// record writes it down.
func (s *Stream) record(h *gateway.Happening) {
	s.mu.Lock()
	if s.ring == nil {
		s.mu.Unlock()
		return
	}
	e := entry{seq: s.ring.last + 1, tenant: h.Tenant, tree: s.tree(h.Tenant), kind: h.Kind}
	b := append(s.scratch[:0], "id: "...)
	b = appendID(b, s.epoch, e.seq)
	b = append(append(b, "\nevent: "...), h.Kind.String()...)
	b = h.AppendJSON(append(b, "\ndata: "...))
	s.scratch = append(b, "\n\n"...)
	e.text = append(make([]byte, 0, len(s.scratch)), s.scratch...)
	s.ring.add(e)
	s.mu.Unlock()
	s.rouse()
}

// rouse lets the pump look.
func (s *Stream) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// begin begins to record, with the lock held.
func (s *Stream) begin() {
	if s.ring != nil {
		return
	}
	var random [6]byte
	_, _ = rand.Read(random[:]) // it never fails
	s.epoch = hex.EncodeToString(random[:])
	s.ring = newRing(mostEvents, mostBytes)
	s.recording.Store(true)
}

// rest ends recording where nobody has come since the last reader left.
func (s *Stream) rest(left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.readers) == 0 && s.left == left {
		s.recording.Store(false)
		s.ring, s.scratch = nil, nil
	}
}

// Close ends all readers, and takes no more.
func (s *Stream) Close() {
	s.mu.Lock()
	s.closed = true
	all := make([]*reader, 0, len(s.readers))
	for r := range s.readers {
		all = append(all, r)
	}
	s.mu.Unlock()
	for _, r := range all {
		s.end(r)
	}
}
