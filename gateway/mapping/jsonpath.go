package mapping

// query is a JSONPath (RFC 9535) that plain steps cannot say: it may find any
// number of values.
type query struct {
	absolute bool // starts at the body, not at the value that a filter looks at
	segments []segment
}

// segment goes from each value found so far to values inside it.
type segment struct {
	descend   bool // from everything beneath it, too
	selectors []selector
}

// selector picks among a value's children; exactly one of its parts is used.
type selector struct {
	kind   selectorKind
	name   string
	index  int
	slice  slice
	filter logical
}

type selectorKind uint8

const (
	byName selectorKind = iota
	byIndex
	bySlice
	byFilter
	everyChild
)

type slice struct {
	start, end       int
	hasStart, hasEnd bool
	step             int
}

// compileJSONPath turns a path that can only find one value into plain steps,
// which the one walk looks up.
func compileJSONPath(path string, patterns *patterns) (compiled, error) {
	p := queryParser{text: path, patterns: patterns}
	q, err := p.whole()
	if err != nil {
		return compiled{}, err
	}
	if !q.singular() {
		return compiled{query: q}, nil
	}
	steps := make([]step, 0, len(q.segments))
	for _, s := range q.segments {
		if only := s.selectors[0]; only.kind == byName {
			steps = append(steps, step{name: only.name, member: true})
		} else {
			steps = append(steps, step{index: only.index, item: true})
		}
	}
	return compiled{steps: steps}, nil
}

func (q *query) singular() bool {
	for _, s := range q.segments {
		if s.descend || len(s.selectors) != 1 || s.selectors[0].kind > byIndex {
			return false
		}
	}
	return true
}

// maxFound is the largest array, in bytes, that several found values make: one
// path may find a value again in each of its parents.
const maxFound = 1 << 20

// find gives the value of the one node found, an array of several, or nil.
func (q *query) find(body []byte, w *work) []byte {
	i := skipSpace(body, 0)
	root := body[i:skipValue(body, i)]
	f := finder{root: root, work: w}
	defer f.free()
	nodes := q.nodes(&f, root)
	switch {
	case len(nodes) == 0 || w.left < 0:
		return nil
	case len(nodes) == 1:
		return nodes[0]
	}
	size := 1
	for _, node := range nodes {
		size += len(node) + 1
	}
	if size > maxFound || !w.spend(buildCost*size) {
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

// finder is one run of a query over one body. Values are looked at where they
// lie; no tree is built. What it passes over is counted, and when the bound is
// reached everything ends empty.
type finder struct {
	root []byte
	work *work
	last foundPattern
	// What was learned of a pattern by one value serves for the next.
	machines []*machine
}

// mostMachines is how many patterns of one path are kept so.
const mostMachines = 8

func (f *finder) match(p *pattern, text []byte) bool {
	for _, m := range f.machines {
		if m.pattern == p {
			return m.run(text)
		}
	}
	if len(f.machines) == mostMachines {
		f.free()
	}
	if !f.work.spend(machineCost) {
		return false
	}
	m := p.machine(f.work)
	f.machines = append(f.machines, m)
	return m.run(text)
}

func (f *finder) free() {
	for _, m := range f.machines {
		m.free()
	}
	f.machines = f.machines[:0]
}

func (q *query) nodes(f *finder, current []byte) [][]byte {
	if q.absolute {
		current = f.root
	}
	if !f.work.spend(itemCost) {
		return nil
	}
	nodes := [][]byte{current}
	for i := range q.segments {
		var next [][]byte
		if !f.work.spend(itemCost + nameCost*len(nodes)) {
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
	names  []member
	values [][]byte
	object bool
}

func (f *finder) children(value []byte) (children, bool) {
	c := children{object: value[0] == '{'}
	if !f.work.spend(len(value)) {
		return c, false
	}
	if c.object {
		c.names = lastMembers(value, f.work)
		for _, m := range c.names {
			c.values = append(c.values, m.value)
		}
		return c, f.work.spend(nodeCost * len(c.values))
	}
	for i := 1; ; {
		start, ok := nextItem(value, i)
		if !ok {
			return c, f.work.spend(nodeCost * len(c.values))
		}
		i = skipValue(value, start)
		c.values = append(c.values, value[start:i])
	}
}

// lastMembers gives an object's members in order; of those with one name the last.
func lastMembers(object []byte, w *work) []member {
	var all []member
	at := make(map[string]int)
	for i := 1; ; {
		m, next, ok := nextMember(object, i)
		if !ok || !w.spend(namedCost+textCost*len(m.name)) {
			return all
		}
		i = next
		name := view(m.name)
		if m.escaped {
			name = unescaped(m.name)
			m.name, m.escaped = []byte(name), false // names are compared often
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
	if !f.work.spend(itemCost) {
		return nil
	}
	switch s.kind {
	case byName:
		f.work.spend(nameCost * len(c.names))
		for i := range c.names {
			if string(c.names[i].name) == s.name {
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
			if f.work.left >= 0 && s.filter.test(f, v) {
				found = append(found, v)
			}
		}
	case everyChild:
		found = append(found, c.values...)
	}
	if !f.work.spend(nodeCost * (len(found) - before)) {
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
