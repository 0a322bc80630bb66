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
	(*b).b = (*b).b[:0]
	for i, size := range bodySizes {
		if cap((*b).b) == size {
			bodies[i].Put(*b)
			*b = nil
			return
		}
	}
	if cap((*b).b) <= maxPooled {
		buffers.Put(*b)
	}
	*b = nil
}

// Small bodies have buffers of these sizes, so that one of a few hundred bytes does
// not have, and count as, the memory of one of 64 KiB.
var (
	bodySizes = [...]int{4 << 10, 16 << 10, 64 << 10}
	bodies    [len(bodySizes)]sync.Pool
)

// bodyRoom gives the room that a body of n bytes gets, which may grow to most.
func bodyRoom(n, most int) int {
	for _, size := range bodySizes {
		if n <= size {
			return size
		}
	}
	return min(n, max(most, bodySizes[len(bodySizes)-1]))
}

// newBody gives an empty buffer of room that bodyRoom gave.
func newBody(room int) *buffer {
	for i, size := range bodySizes {
		if room != size {
			continue
		}
		if b, is := bodies[i].Get().(*buffer); is {
			return b
		}
	}
	return &buffer{make([]byte, 0, room)}
}

// grow makes room for n bytes more.
func (b *buffer) grow(n int) { b.b = slices.Grow(b.b, n) }
