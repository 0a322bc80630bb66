package jsonpath

import (
	"hookgate/gateway/mapping/pattern"
	"hookgate/gateway/mapping/rawjson"
	"hookgate/gateway/mapping/work"
)

// MaxFound is the largest array, in bytes, that several found values make: one
// path may find a value again in each of its parents.
const MaxFound = 1 << 20

// Find gives the value of the one node found, an array of several, or nil.
func (q *Query) Find(body []byte, w *work.Budget) []byte { return q.FindIn(body, body, w) }

// FindIn is Find from a value of the body, for what Inside gave. From nothing it finds
// nothing.
func (q *Query) FindIn(body, from []byte, w *work.Budget) []byte {
	if from == nil {
		return nil
	}
	nodes := q.nodesIn(body, from, w)
	switch {
	case len(nodes) == 0 || w.Over():
		return nil
	case len(nodes) == 1:
		return nodes[0]
	}
	size := 1
	for _, node := range nodes {
		size += len(node) + 1
	}
	if size > MaxFound || !w.Spend(work.Build*size) {
		return nil
	}
	out := append(make([]byte, 0, size), '[')
	for i, node := range nodes {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, node...)
	}
	return append(out, ']')
}

// Nodes gives the values found, as they lie in the body, in the order of RFC 9535; none
// where that takes too much work.
func (q *Query) Nodes(body []byte, w *work.Budget) [][]byte {
	nodes := q.nodesIn(body, body, w)
	if w.Over() {
		return nil
	}
	return nodes
}

func (q *Query) nodesIn(body, from []byte, w *work.Budget) [][]byte {
	i := rawjson.SkipSpace(body, 0)
	root := body[i:rawjson.SkipValue(body, i)]
	f := finder{root: root, work: w}
	defer f.free()
	if q.absolute {
		from = root
	}
	return q.nodes(&f, from)
}

// finder is one run of a query over one body. Values are looked at where they
// lie; no tree is built. What it passes over is counted, and when the bound is
// reached everything ends empty.
type finder struct {
	root []byte
	work *work.Budget
	last foundPattern
	// What was learned of a pattern by one value serves for the next.
	machines []*pattern.Machine
}

// mostMachines is how many patterns of one path are kept so.
const mostMachines = 8

func (f *finder) match(p *pattern.Regexp, text []byte) bool {
	for _, m := range f.machines {
		if m.Regexp == p {
			return m.Run(text)
		}
	}
	if len(f.machines) == mostMachines {
		f.free()
	}
	m := p.Machine(f.work)
	if m == nil {
		return false
	}
	f.machines = append(f.machines, m)
	return m.Run(text)
}

func (f *finder) free() {
	for _, m := range f.machines {
		m.Free()
	}
	f.machines = f.machines[:0]
}

func (q *Query) nodes(f *finder, current []byte) [][]byte {
	if q.absolute {
		current = f.root
	}
	if !f.work.Spend(work.Item) {
		return nil
	}
	nodes := [][]byte{current}
	for i := range q.segments {
		var next [][]byte
		if !f.work.Spend(work.Item + work.Name*len(nodes)) {
			return nil
		}
		for _, node := range nodes {
			next = q.segments[i].from(f, node, next)
		}
		nodes = next
	}
	return nodes
}

func (s *segment) from(f *finder, value []byte, found [][]byte) [][]byte {
	if value[0] != '{' && value[0] != '[' {
		return found
	}
	inside, ok := f.children(value)
	if !ok {
		return nil
	}
	for i := range s.selectors {
		found = s.selectors[i].pick(f, inside, found)
	}
	if s.descend {
		for _, c := range inside.values {
			found = s.from(f, c, found)
		}
	}
	return found
}

// children are the values directly inside one, with names where it is an object.
type children struct {
	names  []rawjson.Member
	values [][]byte
	object bool
}

func (f *finder) children(value []byte) (children, bool) {
	c := children{object: value[0] == '{'}
	if !f.work.Spend(len(value)) {
		return c, false
	}
	if c.object {
		c.names = lastMembers(value, f.work)
		for _, m := range c.names {
			c.values = append(c.values, m.Value)
		}
		return c, f.work.Spend(work.Node * len(c.values))
	}
	for i := 1; ; {
		start, ok := rawjson.NextItem(value, i)
		if !ok {
			return c, f.work.Spend(work.Node * len(c.values))
		}
		i = rawjson.SkipValue(value, start)
		c.values = append(c.values, value[start:i])
	}
}

// lastMembers gives an object's members in order; of those with one name the last.
func lastMembers(object []byte, w *work.Budget) []rawjson.Member {
	var all []rawjson.Member
	at := make(map[string]int)
	for i := 1; ; {
		m, next, ok := rawjson.NextMember(object, i)
		if !ok || !w.Spend(work.Named+work.Text*len(m.Name)) {
			return all
		}
		i = next
		name := rawjson.View(m.Name)
		if m.Escaped {
			name = rawjson.Unescaped(m.Name)
			m.Name, m.Escaped = []byte(name), false // names are compared often
		}
		if first, known := at[name]; known {
			all[first] = m
			continue
		}
		at[name] = len(all)
		all = append(all, m)
	}
}

func (s *selector) pick(f *finder, c children, found [][]byte) [][]byte {
	before := len(found)
	if !f.work.Spend(work.Item) {
		return nil
	}
	switch s.kind {
	case byName:
		f.work.Spend(work.Name * len(c.names))
		for i := range c.names {
			if string(c.names[i].Name) == s.name {
				found = append(found, c.values[i])
			}
		}
	case byIndex:
		i := s.index
		if i < 0 {
			i += len(c.values)
		}
		if !c.object && i >= 0 && i < len(c.values) {
			found = append(found, c.values[i])
		}
	case bySlice:
		if !c.object {
			found = s.slice.pick(c.values, found)
		}
	case byFilter:
		for _, v := range c.values {
			if !f.work.Over() && s.filter.test(f, v) {
				found = append(found, v)
			}
		}
	case everyChild:
		found = append(found, c.values...)
	}
	if !f.work.Spend(work.Node * (len(found) - before)) {
		return nil
	}
	return found
}

// pick follows RFC 9535, 2.3.4.2.2.
func (s slice) pick(values, found [][]byte) [][]byte {
	n := len(values)
	bound := func(i int, given bool, otherwise, low, high int) int {
		if !given {
			i = otherwise
		} else if i < 0 {
			i += n
		}
		return min(max(i, low), high)
	}
	switch {
	case s.step > 0:
		end := bound(s.end, s.hasEnd, n, 0, n)
		for i := bound(s.start, s.hasStart, 0, 0, n); i < end; i += s.step {
			found = append(found, values[i])
		}
	case s.step < 0:
		end := bound(s.end, s.hasEnd, -1, -1, n-1)
		for i := bound(s.start, s.hasStart, n-1, -1, n-1); i > end; i += s.step {
			found = append(found, values[i])
		}
	}
	return found
}
