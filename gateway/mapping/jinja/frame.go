package jinja

// frame holds what the names of one scope were given.
type frame struct {
	outer *frame
	vars  []Value
	kept  bool // by a macro, which may outlive the scope
}

// noNames is the frame of who gives no name a value.
var noNames frame

func (f *frame) clear() {
	for i := range f.vars {
		f.vars[i] = Value{kind: unset}
	}
}

// keep marks a frame, and those around it, for who goes on reading them.
func (f *frame) keep() *frame {
	for at := f; at != nil && !at.kept && at != &noNames; at = at.outer {
		at.kept = true
	}
	return f
}

// newFrame gives a frame for so many names, in the memory of one that was dropped.
func (r *run) newFrame(outer *frame, size int) *frame {
	var f *frame
	if last := len(r.free) - 1; last >= 0 {
		f, r.free = r.free[last], r.free[:last]
	} else {
		f = new(frame)
	}
	f.outer = outer
	if cap(f.vars) < size {
		f.vars = make([]Value, size)
	}
	f.vars = f.vars[:size]
	f.clear()
	return f
}

// mostFree is how many frames wait to be used again.
const mostFree = 8

// drop lets go of a frame and what is in it.
func (r *run) drop(f *frame) {
	if f.kept || len(r.free) == mostFree {
		return
	}
	clear(f.vars)
	f.outer = nil
	r.free = append(r.free, f)
}

// enter goes into a frame; leave has to follow where there is no error.
func (r *run) enter(outer *frame, size int) (before *frame, err error) {
	if r.depth++; r.depth > maxDepth {
		r.depth--
		return nil, errDepth
	}
	before = r.frame
	r.frame = r.newFrame(outer, size)
	return before, nil
}

// leave goes back to the frame before.
func (r *run) leave(before *frame) {
	r.depth--
	r.drop(r.frame)
	r.frame = before
}
