package api

import (
	"errors"
	"math"

	"hookgate/gateway"
)

// text is JSON while it is written. All of its memory beyond the small is taken from
// the budget before it is there. After a fault everything that is written is dropped.
type text struct {
	b      []byte
	most   int // bytes
	tail   int // bytes behind what is written that stay free for its end
	growth int // how many times larger the memory is each time that it is too small
	memory *memory
	err    error // errOver, or that there is no memory
}

// errOver says that a text is over its bound.
var errOver = errors.New("the text is over its bound")

// wholeItem is the text of one thing: as long as it is, if there is memory.
func (c *call) wholeItem() *text { return &text{most: math.MaxInt, growth: 2, memory: c.memory()} }

// room makes room for n bytes more; false after a fault.
func (t *text) room(n int) bool {
	need := len(t.b) + n + t.tail
	switch {
	case t.err != nil:
		return false
	case need > t.most:
		t.err = errOver
		return false
	case need <= cap(t.b):
		return true
	}
	to := max(min(max(t.growth*cap(t.b), 1<<10), t.most), need)
	was := counted(cap(t.b))
	if t.err = t.memory.take(counted(to)); t.err != nil {
		return false
	}
	t.b = append(make([]byte, 0, to), t.b...)
	t.memory.give(was)
	return true
}

// trim gives back memory that a text turned out not to need.
func (t *text) trim() {
	n := len(t.b)
	if counted(cap(t.b)) == 0 || cap(t.b) < 2*n || t.memory.take(counted(n)) != nil {
		return
	}
	was := cap(t.b)
	t.b = append(make([]byte, 0, n), t.b...)
	t.memory.give(was)
}

func counted(n int) int {
	if n <= small {
		return 0
	}
	return n
}

// raw appends what is JSON already, or a part of it.
func (t *text) raw(s string) {
	if t.room(len(s)) {
		t.b = append(t.b, s...)
	}
}

// append appends what write appends to a slice: at most n bytes.
func (t *text) append(n int, write func(dst []byte) []byte) {
	if t.room(n) {
		t.b = write(t.b)
	}
}

// string appends a JSON string.
func (t *text) string(s []byte) {
	t.append(gateway.StringSize(s), func(dst []byte) []byte { return gateway.AppendString(dst, string(s)) })
}

// answer makes the text an answer, or says why there is none.
func (t *text) answer(status int) (answer, error) {
	if t.err != nil {
		return answer{}, t.err
	}
	t.trim()
	a := answer{status: status, contentType: jsonType, body: t.b}
	if t.memory.n > 0 {
		a.sent = t.memory.free
	}
	return a, nil
}
