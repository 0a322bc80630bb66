package edge

import (
	"slices"
	"sync"
)

// buffer is bytes from a pool.
type buffer struct{ b []byte }

// Larger ones are left to the collector: one large body must not keep its memory for ever.
const maxPooled = 64 << 10

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func newBuffer() *buffer { return buffers.Get().(*buffer) } //nolint:forcetypeassert // the pool holds nothing else

// release gives *b back, if there is one, and forgets it.
func release(b **buffer) {
	if *b == nil {
		return
	}
	if cap((*b).b) <= maxPooled {
		(*b).b = (*b).b[:0]
		buffers.Put(*b)
	}
	*b = nil
}

// grow makes room for n bytes more.
func (b *buffer) grow(n int) { b.b = slices.Grow(b.b, n) }
