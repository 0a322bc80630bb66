package jinja

// names finds out what each name stands for.
type names struct {
	*reader
	resolve Resolver
	scope   *scope
	late    []func() error  // what is bound when all names are known
	reads   map[string]bool // names that the macro reads which is parsed; nil outside of one
}

// scope is where statements give names values: the whole text, a round of a for, a
// macro, a with. An if has none of its own.
type scope struct {
	outer    *scope
	slots    map[string]int
	asksLoop bool // somebody reads its loop
}

func (p *names) open() *scope {
	p.scope = &scope{outer: p.scope, slots: map[string]int{}}
	return p.scope
}

func (p *names) close() { p.scope = p.scope.outer }

// slot gives the place of a name in the scope's frame; it is made when it is new.
func (s *scope) slot(name string) int {
	i, found := s.slots[name]
	if !found {
		i = len(s.slots)
		s.slots[name] = i
	}
	return i
}

// named is a name that is read. What it stands for is found when all of the text was
// parsed: a macro may use what is set behind it.
func (p *names) named(t token) *name {
	n := &name{at: t.at, name: t.text, place: noPlace}
	if p.reads != nil {
		p.reads[t.text] = true
	}
	scope := p.scope
	p.late = append(p.late, func() error { return p.bind(n, scope) })
	return n
}

func (p *names) bind(n *name, from *scope) error {
	for s, up := from, 0; s != nil; s, up = s.outer, up+1 {
		if slot, found := s.slots[n.name]; found {
			n.given = append(n.given, given{up, slot})
			s.asksLoop = s.asksLoop || n.name == "loop"
		}
	}
	if n.called { // no value of a document is a function
		n.function = functions[n.name]
		if n.function == nil && len(n.given) == 0 {
			return p.fail(n.at, "there is no function "+n.name)
		}
		return nil
	}
	if p.resolve == nil {
		return nil
	}
	n.index = noPlace
	for i, s := range n.steps {
		if s.Number {
			n.index = i
		}
	}
	var err error
	if n.place, err = p.resolve(append([]Step{{Name: n.name}}, n.steps...)); err == nil && n.index != noPlace {
		n.before, err = p.resolve(append([]Step{{Name: n.name}}, n.steps[:n.index]...))
	}
	if err != nil {
		return p.fail(n.at, err.Error())
	}
	return nil
}

func (p *names) bindAll() error {
	for _, bind := range p.late {
		if err := bind(); err != nil {
			return err
		}
	}
	return nil
}
