package requests

import "unsafe"

// classes are the sizes of memory for one request, in bytes: what is freed fits the next
// of about its size.
var classes = [...]int{512, 768, 1 << 10, 1536, 2 << 10, 3 << 10, 4 << 10, 6 << 10, 8 << 10, 12 << 10, 16 << 10, 24 << 10, 32 << 10}

// overhead is what an entry takes beside its bytes.
const overhead = int(unsafe.Sizeof(entry{})) + 2*int(unsafe.Sizeof((*entry)(nil)))

// classOf gives the class of so many bytes.
func classOf(n int) int {
	for i, size := range classes {
		if n <= size {
			return i
		}
	}
	return len(classes) - 1
}

func (e *entry) class() int { return classOf(cap(e.buf)) }

// cost is what an entry counts in bytes.
func (e *entry) cost() int { return cap(e.buf) + overhead }

// memory is the bytes that entries have: those that are kept, and those that are free
// for the next of their class.
type memory struct {
	most, used int
	free       [len(classes)][]*entry
	bare       []*entry // without bytes
	slots      []*entry
}

// take gives an entry with room for n bytes; nil where there is none until something
// that is kept is given up.
func (m *memory) take(n int) *entry {
	class := classOf(n)
	if free := m.free[class]; len(free) > 0 {
		e := free[len(free)-1]
		m.free[class] = free[:len(free)-1]
		return e
	}
	need := classes[class] + overhead
	for m.used+need > m.most && m.drop() {
	}
	if m.used+need > m.most {
		return nil
	}
	m.used += need
	e := m.entry()
	e.buf = make([]byte, 0, classes[class])
	return e
}

func (m *memory) entry() *entry {
	if n := len(m.bare); n > 0 {
		e := m.bare[n-1]
		m.bare = m.bare[:n-1]
		return e
	}
	e := &entry{slot: uint32(len(m.slots))}
	m.slots = append(m.slots, e)
	return e
}

// give makes an entry free. What it holds is overwritten: it may be a credential.
func (m *memory) give(e *entry) {
	clear(e.buf)
	*e = entry{slot: e.slot, buf: e.buf[:0]}
	class := e.class()
	m.free[class] = append(m.free[class], e)
}

// drop gives the memory of one free entry back; the largest first.
func (m *memory) drop() bool {
	for class := len(m.free) - 1; class >= 0; class-- {
		free := m.free[class]
		if len(free) == 0 {
			continue
		}
		e := free[len(free)-1]
		m.free[class] = free[:len(free)-1]
		m.used -= e.cost()
		e.buf = nil
		m.bare = append(m.bare, e)
		return true
	}
	return false
}
