package mapping

import (
	"strings"
	"unicode"
)

func (c *templateCompiler) statement(p piece) (op, error) {
	switch p.word {
	case "if":
		return c.branch(p)
	case "for":
		return c.loop(p)
	case "set":
		return c.set(p)
	case "":
		return nil, pathError(p.from, "a statement is missing")
	}
	return nil, pathError(p.at, "there is no statement %s: there are if, for, set and raw", p.word)
}

func (c *templateCompiler) branch(p piece) (op, error) {
	made := &branch{}
	first := p
	for {
		condition, err := c.expression(p.text, p.from, false)
		if err != nil {
			return nil, err
		}
		body, end, err := c.block()
		if err != nil {
			return nil, err
		}
		made.arms = append(made.arms, arm{p.at, condition, body})
		if end.word == "elif" {
			p = end
			continue
		}
		made.otherwise, err = c.ending(first, end, "endif")
		return made, err
	}
}

// ending takes the rest of a statement: an else and its block, if it is there,
// and the word that ends it.
func (c *templateCompiler) ending(first, end piece, word string) (otherwise []op, err error) {
	if end.word == "else" {
		if err := alone(end); err != nil {
			return nil, err
		}
		if otherwise, end, err = c.block(); err != nil {
			return nil, err
		}
	}
	switch {
	case end.kind == endPiece:
		return nil, pathError(first.at, "the %s is not closed: {%% %s %%} is missing", first.word, word)
	case end.word != word:
		return nil, pathError(end.at, "%s has no place in this %s", end.word, first.word)
	}
	return otherwise, alone(end)
}

func alone(p piece) error {
	if strings.TrimSpace(p.text) != "" {
		return pathError(p.from, "nothing stands behind %s", p.word)
	}
	return nil
}

// loop compiles for name in list, for name, name in list, and either with an if
// that chooses among the items.
func (c *templateCompiler) loop(p piece) (op, error) {
	names, list, err := splitFor(p)
	if err != nil {
		return nil, err
	}
	made := &loop{at: p.at, from: c.registers, second: noRegister}
	c.registers += len(names)
	inner := newScope(c.scope, c.registers)
	for i, name := range names {
		inner.names[name] = made.from + i
	}
	if len(names) == 2 {
		made.second = made.from + 1
	}
	if err := c.items(made, list, inner); err != nil {
		return nil, err
	}
	inner.loop = c.registers
	c.registers++
	c.scope = inner
	body, end, err := c.block()
	c.scope = inner.outer
	if err != nil {
		return nil, err
	}
	made.body, made.to = body, c.registers
	if made.loop = noRegister; inner.loops {
		made.loop = inner.loop
	}
	made.otherwise, err = c.ending(p, end, "endfor")
	return made, err
}

// items compiles the list of a for, and its if in the scope of its names.
func (c *templateCompiler) items(made *loop, list piece, inner *scope) (err error) {
	const open, end = "{{ ", " }}"
	if strings.TrimSpace(list.text) == "" {
		return pathError(list.from, "the list of the for is missing")
	}
	at := list.from - len(open)
	if steps, ok := plainBetween(list.text); ok {
		made.list, err = c.plain(steps, list.from)
		return err
	}
	parsed, err := parseOutput(open+list.text+end, at)
	if err != nil {
		return err
	}
	if parsed.Alternative != nil {
		return pathError(list.from, "the if of a for has no else within the tag")
	}
	e := expressions{place: c.place, functions: true}
	if made.list, err = e.valuer(parsed.Expression, at); err != nil || parsed.Condition == nil {
		return err
	}
	c.scope = inner
	made.filter, err = e.valuer(parsed.Condition, at)
	c.scope = inner.outer
	return err
}

// splitFor takes "a, b in list" apart.
func splitFor(p piece) (names []string, list piece, err error) {
	const rule = "a for is written: for name in list, or: for key, value in object"
	rest, from := p.text, p.from
	for {
		trimmed := strings.TrimLeft(rest, blank)
		from += len(rest) - len(trimmed)
		name := trimmed[:wordEnd(trimmed)]
		if fault := nameFault(name); fault != "" {
			return nil, p, pathError(from, "%s", rule)
		}
		names = append(names, name)
		rest = strings.TrimLeft(trimmed[len(name):], blank)
		from += len(trimmed) - len(rest)
		if !strings.HasPrefix(rest, ",") || len(names) == 2 {
			break
		}
		rest = rest[1:]
		from++
	}
	const in = "in"
	if rest[:wordEnd(rest)] != in || len(names) == 2 && names[0] == names[1] {
		return nil, p, pathError(from, "%s", rule)
	}
	return names, piece{at: p.at, text: rest[len(in):], from: from + len(in)}, nil
}

// set compiles set name = value.
func (c *templateCompiler) set(p piece) (op, error) {
	name, value, found := strings.Cut(p.text, "=")
	from := p.from + len(name) + len("=")
	name = strings.TrimSpace(name)
	if !found {
		return nil, pathError(p.from, "a set is written: set name = value")
	}
	if fault := nameFault(name); fault != "" {
		return nil, pathError(p.from, "%s", fault)
	}
	made, err := c.expression(value, from, true)
	if err != nil {
		return nil, err
	}
	return &assign{at: p.at, valuer: made, register: c.register(name)}, nil
}

// nameFault says why a statement cannot give this name a value.
func nameFault(name string) string {
	switch {
	case name == "" || wordEnd(name) < len(name) || unicode.IsDigit([]rune(name)[0]):
		return "a set is written: set name = value"
	case reserved[name] || name == "loop":
		return name + " cannot be given a value"
	}
	return ""
}
