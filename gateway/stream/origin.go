package stream

import (
	"crypto/rand"
	"encoding/hex"
	"slices"

	"hookgate/gateway"
)

// origin is the newest events of one node: of this one, or of another, as they were fetched
// there.
type origin struct {
	node  string // "": this one
	epoch string // of ids: those of another process, or of a time when nobody recorded
	ring  *ring
}

func newOrigin() *origin {
	var random [6]byte
	_, _ = rand.Read(random[:]) // it never fails
	return &origin{epoch: hex.EncodeToString(random[:]), ring: newRing(mostEvents, mostBytes)}
}

// Batch is what one node has told of another's events: those behind From, up to Last.
type Batch struct {
	Epoch      string
	From, Last uint64
	Lost       uint64 // those up to this one are not all there any more
	Events     []Event
}

// Event is one as it travels.
type Event struct {
	Seq    uint64
	At     int64
	Tenant string
	Kind   gateway.Kind
	Data   []byte
}

// mostFetched is how many bytes of events one Batch has, about.
const mostFetched = 1 << 20

// Since gives the events of this node that are behind an id, or from now on where the id says
// nothing of them; news, if there is nothing, is closed when there may be. Nodes that fetch are
// readers: for a while after it is recorded what happens.
func (s *Stream) Since(id string) (b Batch, news <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin()
	s.touch()
	o := s.own
	b.Epoch, b.From = o.epoch, o.ring.last
	seq, known := positions(id)[o.epoch]
	if known && seq <= o.ring.last {
		b.From = seq
	}
	b.Last = b.From
	if o.ring.lost > b.From {
		b.Lost = o.ring.lost
	}
	bytes := 0
	for i := o.ring.after(b.From); i < len(o.ring.entries) && bytes < mostFetched; i++ {
		e := &o.ring.entries[i]
		b.Last = e.seq
		if e.text != nil {
			b.Events = append(b.Events, Event{e.seq, e.at, e.tenant, e.kind, dataOf(e.text)})
			bytes += len(e.text)
		}
	}
	if b.Last > b.From || b.Lost > 0 || !known || s.closed {
		return b, nil
	}
	if s.news == nil {
		s.news = make(chan struct{})
	}
	return b, s.news
}

// Feed takes what another node has told, and gives the id behind it. Readers who were there
// before that node are told of a gap: nobody knows what happened at it meanwhile.
func (s *Stream) Feed(node string, b *Batch) (behind string) {
	s.mu.Lock()
	o := s.farOf(node)
	if o == nil || o.epoch != b.Epoch || b.From < o.ring.floor {
		next := &origin{node: node, epoch: b.Epoch, ring: newRing(mostEvents, mostBytes)}
		next.ring.last, next.ring.lost, next.ring.floor = b.From, b.From, b.From
		s.far = append(slices.DeleteFunc(s.far, func(was *origin) bool { return was == o }), next)
		o = next
	}
	r := o.ring
	if b.Lost > 0 {
		r.lost, r.floor = max(r.lost, b.Lost), max(r.floor, b.Lost)
	}
	for _, e := range b.Events {
		if e.Seq > r.last && e.Kind < gateway.Kinds {
			r.add(entry{seq: e.Seq, at: e.At, tenant: e.Tenant, tree: s.tree(e.Tenant), kind: e.Kind, text: appendEvent(nil, e.Kind, func(dst []byte) []byte { return append(dst, e.Data...) })})
		}
	}
	r.last = max(r.last, b.Last)
	behind = string(appendPosition(nil, o.epoch, r.last))
	s.mu.Unlock()
	s.rouse()
	return behind
}

// Leave drops what was fetched of a node that is gone. Who has read of it is told of a gap.
func (s *Stream) Leave(node string) {
	s.mu.Lock()
	s.far = slices.DeleteFunc(s.far, func(o *origin) bool { return o.node == node })
	s.mu.Unlock()
	s.rouse()
}

// Covers says whether what was fetched of a node reaches back to an id; "" is satisfied with
// anything.
func (s *Stream) Covers(node, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.farOf(node)
	if o == nil || id == "" {
		return o != nil
	}
	seq, known := positions(id)[o.epoch]
	return !known || seq >= o.ring.floor
}

// Reading says whether anybody reads here.
func (s *Stream) Reading() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.readers) > 0
}

func (s *Stream) farOf(node string) *origin {
	for _, o := range s.far {
		if o.node == node {
			return o
		}
	}
	return nil
}

// origins gives all, this node's first; s.mu is held.
func (s *Stream) origins() []*origin {
	if s.own == nil {
		return s.far
	}
	return append([]*origin{s.own}, s.far...)
}
