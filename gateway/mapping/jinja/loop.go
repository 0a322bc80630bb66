package jinja

import "hookgate/gateway/mapping/rawjson"

// forEach is {% for %}.
type forEach struct {
	at        int
	to        target
	of        expression
	filter    expression // nil: every item
	scope     *scope
	loop      int // the slot of loop
	recursive bool
	body      block
	otherwise block
	elseScope *scope
}

func (f *forEach) run(r *run) error {
	v, err := f.of.value(r)
	if err != nil {
		return placed(f.at, err)
	}
	return placed(f.at, f.over(r, v, r.frame, 0))
}

// over goes over the items of a value.
func (f *forEach) over(r *run, v Value, outer *frame, depth int) error {
	base := len(r.stack)
	defer func() { r.stack = r.stack[:base] }()
	items, err := f.items(r, v)
	if err == nil && f.filter != nil {
		items, err = f.chosen(r, items, outer)
	}
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return f.instead(r, outer)
	}
	before, err := r.enter(outer, len(f.scope.slots))
	if err != nil {
		return err
	}
	defer r.leave(before)
	var l *loop
	if f.scope.asksLoop {
		l = &loop{items: items, each: f, outer: outer, depth: depth}
	}
	if f.recursive {
		outer.keep()
	}
	for i := range items {
		if err := f.round(r, items[i], l, i); err != nil {
			return err
		}
	}
	return nil
}

// items gives what it goes over: where nobody can keep the list, in memory that is used
// again.
func (f *forEach) items(r *run, v Value) ([]Value, error) {
	if v.kind != List || !v.raw || f.scope.asksLoop {
		return r.each(v)
	}
	if err := r.work(len(v.source)); err != nil {
		return nil, err
	}
	base := len(r.stack)
	r.stack = appendItems(r.stack, rawjson.Bytes(v.source), maxItems+1)
	items := r.stack[base:len(r.stack):len(r.stack)]
	if len(items) > maxItems {
		return nil, errItems
	}
	return items, r.env.Step(itemUnits * len(items))
}

// round is one item's; l is nil where the body does not ask for loop.
func (f *forEach) round(r *run, item Value, l *loop, i int) error {
	if err := r.step(); err != nil {
		return err
	}
	f.afresh(r)
	if l != nil {
		l.index = i
		r.frame.vars[f.loop] = object(l)
	}
	if err := f.to.give(r, item); err != nil {
		return err
	}
	return f.body.run(r)
}

// afresh empties the frame of a round: another one where a macro keeps the last.
func (f *forEach) afresh(r *run) {
	if r.frame.kept {
		r.frame = r.newFrame(r.frame.outer, len(f.scope.slots))
		return
	}
	r.frame.clear()
}

// instead is the else of a for.
func (f *forEach) instead(r *run, outer *frame) error {
	if f.otherwise == nil {
		return nil
	}
	before, err := r.enter(outer, len(f.elseScope.slots))
	if err != nil {
		return err
	}
	defer r.leave(before)
	return f.otherwise.run(r)
}

// chosen gives the items that the for's if is true for.
func (f *forEach) chosen(r *run, items []Value, outer *frame) (chosen []Value, err error) {
	before, err := r.enter(outer, len(f.scope.slots))
	if err != nil {
		return nil, err
	}
	defer r.leave(before)
	for _, item := range items {
		if err := r.step(); err != nil {
			return nil, err
		}
		f.afresh(r)
		if err := f.to.give(r, item); err != nil {
			return nil, err
		}
		is, err := f.filter.value(r)
		if err != nil {
			return nil, err
		}
		if is.truth() {
			chosen = append(chosen, item)
		}
	}
	return chosen, nil
}
