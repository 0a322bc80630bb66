package edge

// ahead is bytes that were read before anybody asked for them; its buffer is nil while
// there are none.
type ahead struct{ *buffer }

// take moves as many of them as there is room for to p.
func (a *ahead) take(p []byte) int {
	n := copy(p, a.b)
	if rest := copy(a.b, a.b[n:]); rest > 0 {
		a.b = a.b[:rest]
	} else {
		release(&a.buffer)
	}
	return n
}

// put keeps b, which came before what is there already.
func (a *ahead) put(b []byte) {
	if a.buffer == nil {
		a.buffer = newBuffer()
	}
	n := len(a.b)
	a.b = append(a.b, b...)
	if n > 0 {
		copy(a.b[len(b):], a.b[:n])
		copy(a.b, b)
	}
}
