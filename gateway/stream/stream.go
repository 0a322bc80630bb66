package stream

import (
	"bytes"
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
	own     *origin // nil: nobody records
	far     []*origin
	scratch []byte
	readers map[*reader]struct{}
	news    chan struct{} // closed with the next event; nil: no node waits for it
	pumping bool
	closed  bool
	touched time.Time // when somebody read last
	resting bool      // it is looked, later, whether anybody still does
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
	if s.own == nil {
		s.mu.Unlock()
		return
	}
	e := entry{seq: s.own.ring.last + 1, at: time.Now().UnixNano(), tenant: h.Tenant, tree: s.tree(h.Tenant), kind: h.Kind}
	s.scratch = appendEvent(s.scratch[:0], h.Kind, h.AppendJSON)
	e.text = append(make([]byte, 0, len(s.scratch)), s.scratch...)
	s.own.ring.add(e)
	s.tellNews()
	s.mu.Unlock()
	s.rouse()
}

// tellNews ends the waiting of other nodes; s.mu is held.
func (s *Stream) tellNews() {
	if s.news != nil {
		close(s.news)
		s.news = nil
	}
}

// An event is written once, but for its id, which says how far each reader is.
func appendEvent(dst []byte, kind gateway.Kind, data func([]byte) []byte) []byte {
	dst = append(append(append(dst, "\nevent: "...), kind.String()...), "\ndata: "...)
	return append(data(dst), "\n\n"...)
}

// dataOf gives the data of what appendEvent wrote.
func dataOf(text []byte) []byte {
	_, data, _ := bytes.Cut(text, []byte("\ndata: "))
	return bytes.TrimSuffix(data, []byte("\n\n"))
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
	if s.own == nil {
		s.own = newOrigin()
		s.recording.Store(true)
	}
}

// touch notes that somebody reads, or did until now; s.mu is held.
func (s *Stream) touch() {
	if s.touched = time.Now(); !s.resting {
		s.resting = true
		time.AfterFunc(keepFor, s.rest)
	}
}

// rest ends recording where nobody has come since the last reader left.
func (s *Stream) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.readers) > 0 { // the last of them has it looked again
		s.resting = false
		return
	}
	if left := keepFor - time.Since(s.touched); left > 0 {
		time.AfterFunc(left, s.rest)
		return
	}
	s.resting = false
	s.recording.Store(false)
	s.own, s.scratch = nil, nil
}

// Forget says that a tenant is no more: what it was told is for those alone who see all.
func (s *Stream) Forget(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.origins() {
		o.ring.forget(tenant)
	}
}

// Close ends all readers, and takes no more.
func (s *Stream) Close() {
	s.mu.Lock()
	s.closed = true
	s.tellNews()
	all := make([]*reader, 0, len(s.readers))
	for r := range s.readers {
		all = append(all, r)
	}
	s.mu.Unlock()
	for _, r := range all {
		s.end(r)
	}
}
