package stream

import (
	"time"

	"hookgate/gateway"
)

// Out is where a reader's events go.
type Out interface {
	// Send writes what can be written without waiting, which may be nothing.
	Send(p []byte) (n int, err error)
	// Close ends it; it may be called often.
	Close()
}

// Reader is somebody who looks on.
type Reader struct {
	Kinds []gateway.Kind           // nil: all
	Sees  func(tenant string) bool // whose events; "" is what no tenant has
	// Alive says whether he may still read: his token may be gone.
	Alive func() bool
	After string // the id of the last event that he has seen; "": he begins now
	Out   Out
	Left  func() // is told once when it is over
}

// reader is a Reader and how far he is. But for over all of it is the pump's.
type reader struct {
	Reader
	kinds uint32 // a bit for each Kind
	seq   uint64 // of the last event that was looked at for him
	gap   bool   // he misses some
	rest  []byte // was not taken yet
	moved time.Time
	over  bool // guarded by Stream.mu
}

// Open lets somebody read. end ends it; it may be called often.
func (s *Stream) Open(o Reader) (end func()) {
	r := &reader{Reader: o, kinds: 1<<gateway.Kinds - 1, moved: time.Now()}
	if o.Kinds != nil {
		r.kinds = 0
		for _, k := range o.Kinds {
			r.kinds |= 1 << k
		}
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		o.Out.Close()
		o.Left()
		return func() {}
	}
	s.begin()
	r.seq = s.ring.last
	if o.After != "" {
		seq, known := seqOf(o.After, s.epoch)
		if r.gap = !known || seq > s.ring.last; !r.gap {
			r.seq = seq
		}
	}
	s.readers[r] = struct{}{}
	if !s.pumping {
		s.pumping = true
		go s.pump()
	}
	s.mu.Unlock()
	s.rouse()
	return func() { s.end(r) }
}

// end ends a reader.
func (s *Stream) end(r *reader) {
	s.mu.Lock()
	over := r.over
	r.over = true
	delete(s.readers, r)
	if !over && len(s.readers) == 0 {
		s.left++
		left := s.left
		time.AfterFunc(keepFor, func() { s.rest(left) })
	}
	s.mu.Unlock()
	if over {
		return
	}
	r.Out.Close()
	r.Left()
	s.rouse() // the pump ends with the last one
}
