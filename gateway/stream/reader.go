package stream

import (
	"slices"
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
	All   bool                     // he sees those of tenants that are no more, too
	// Alive says whether he may still read: his token may be gone.
	Alive func() bool
	After string // the id of the last event that he has seen; "": he begins now
	Out   Out
	Left  func() // is told once when it is over
}

// reader is a Reader and how far he is. But for over all of it is the pump's.
type reader struct {
	Reader
	kinds uint32            // a bit for each Kind
	at    map[string]uint64 // by epoch: the last event that was looked at for him
	gap   bool              // he misses some
	rest  []byte            // was not taken yet
	moved time.Time
	over  bool // guarded by Stream.mu
}

// Open lets somebody read. end ends it; it may be called often.
func (s *Stream) Open(o Reader) (end func()) {
	r := &reader{Reader: o, kinds: 1<<gateway.Kinds - 1, at: map[string]uint64{}, moved: time.Now()}
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
	r.place(s.origins())
	s.readers[r] = struct{}{}
	if !s.pumping {
		s.pumping = true
		go s.pump()
	}
	s.mu.Unlock()
	s.rouse()
	return func() { s.end(r) }
}

// place has him begin now, or behind the event that he has seen last. One who has seen other
// events than there are misses some.
func (r *reader) place(all []*origin) {
	var seen map[string]uint64
	if r.After != "" {
		seen = positions(r.After)
		r.gap = len(seen) != len(all)
	}
	for _, o := range all {
		r.at[o.epoch] = o.ring.last
		switch seq, known := seen[o.epoch]; {
		case known && seq <= o.ring.last:
			r.at[o.epoch] = seq
		case r.After != "":
			r.gap = true
		}
	}
}

// follow has him go with the nodes that there are. misses says that there is one of which he
// may have missed something, or that one has gone.
func (r *reader) follow(all []*origin) (misses bool) {
	misses, r.gap = r.gap, false
	for _, o := range all {
		seq, known := r.at[o.epoch]
		switch {
		case !known:
			misses, r.at[o.epoch] = true, o.ring.floor
		case o.ring.misses(seq, r.Sees):
			misses, r.at[o.epoch] = true, o.ring.last
		}
	}
	if len(r.at) == len(all) {
		return misses
	}
	for epoch := range r.at {
		if !slices.ContainsFunc(all, func(o *origin) bool { return o.epoch == epoch }) {
			misses = true
			delete(r.at, epoch)
		}
	}
	return misses
}

// appendID appends where he is.
func (r *reader) appendID(dst []byte, all []*origin) []byte {
	dst = append(dst, "id: "...)
	for i, o := range all {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = appendPosition(dst, o.epoch, r.at[o.epoch])
	}
	return dst
}

// end ends a reader.
func (s *Stream) end(r *reader) {
	s.mu.Lock()
	over := r.over
	r.over = true
	delete(s.readers, r)
	if !over && len(s.readers) == 0 {
		s.touch()
	}
	s.mu.Unlock()
	if over {
		return
	}
	r.Out.Close()
	r.Left()
	s.rouse() // the pump ends with the last one
}
