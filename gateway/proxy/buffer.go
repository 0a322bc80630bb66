package proxy

import (
	"net"
	"sync"

	"hookgate/gateway/wire"
)

// buffer is what came from an upstream and was not passed on yet: b[r:w]. Around
// that is room to frame it as a chunk where it lies.
type buffer struct {
	b     []byte
	r, w  int
	small []byte  // b, while it is not large
	large *[]byte // b, while it is
}

const (
	before = wire.FrameBefore
	behind = wire.FrameBehind
	small  = 16 << 10 // room for nearly all heads of answers, in bytes
	// large bounds the head of an answer (SPEC 15): what is read at once must have room
	// for it.
	large = 64 << 10
)

var largeBuffers = sync.Pool{New: func() any {
	b := make([]byte, before+large+behind)
	return &b
}}

func (b *buffer) init() {
	b.small = make([]byte, before+small+behind)
	b.reset()
}

// reset forgets all of it.
func (b *buffer) reset() {
	if b.large != nil {
		largeBuffers.Put(b.large)
		b.large = nil
	}
	b.b = b.small
	b.rewind()
}

// rewind makes all room free; what is pending is passed on.
func (b *buffer) rewind() { b.r, b.w = before, before }

// widen makes more room, once all is passed on: a long body goes in fewer steps.
func (b *buffer) widen() {
	if b.large == nil {
		b.large = largeBuffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
		b.b = *b.large
	}
	b.rewind()
}

// grow makes more room behind what is pending, for one of the few heads that want it;
// false says that there is none.
func (b *buffer) grow() bool {
	if b.large != nil {
		return false
	}
	pending := b.pending()
	b.widen()
	b.w += copy(b.b[b.w:], pending)
	return true
}

func (b *buffer) pending() []byte { return b.b[b.r:b.w] }
func (b *buffer) empty() bool     { return b.r == b.w }
func (b *buffer) full() bool      { return b.w == len(b.b)-behind }

// room is where more may be put.
func (b *buffer) room() []byte { return b.b[b.w : len(b.b)-behind] }

func (b *buffer) read(c net.Conn) (int, error) {
	n, err := c.Read(b.room())
	b.w += n
	return n, err
}

// compact makes the room before what is pending free.
func (b *buffer) compact() {
	n := copy(b.b[before:], b.pending())
	b.r, b.w = before, before+n
}

// frame gives the first n pending bytes as a chunk, framed where they lie; what is
// behind them is lost.
func (b *buffer) frame(n int) []byte { return wire.Frame(b.b, b.r, b.r+n) }
