package mapping

import "strings"

// maxBlocks is how deep statements may be nested, and maxTags how many of them and
// of expressions the templates of one Builder may have.
const (
	maxBlocks = 32
	maxTags   = 4096
)

// templateCompiler turns a text into operations. The library parses and runs the
// expressions alone: its own statements keep theirs to themselves, where no
// operator of them could be made a checked one.
type templateCompiler struct {
	scan      scanner
	builder   *Builder
	scope     *scope
	registers int
	depth     int
}

// scope holds the names that statements give values: those of the whole text, or
// of one for, each round of which starts with none. An if has no scope of its own.
type scope struct {
	outer *scope
	names map[string]int // the register of each
	firm  int            // registers below it always hold something
	loop  int            // the register of loop; noRegister outside a for
	loops bool           // loop is asked for
}

const noRegister = -1

func newScope(outer *scope, firm int) *scope {
	return &scope{outer: outer, names: make(map[string]int), firm: firm, loop: noRegister}
}

func (c *templateCompiler) template() (*Template, error) {
	ops, end, err := c.block()
	if err != nil {
		return nil, err
	}
	if end.kind != endPiece {
		return nil, pathError(end.at, "%s has no statement that it belongs to", end.word)
	}
	return &Template{ops: ops, registers: c.registers}, nil
}

// block compiles up to a statement that ends or divides another, and gives that
// one; or else the end of the text.
func (c *templateCompiler) block() (ops []op, end piece, err error) {
	if c.depth++; c.depth > maxBlocks {
		return nil, end, pathError(c.scan.at, "statements are nested at most %d deep", maxBlocks)
	}
	defer func() { c.depth-- }()
	for {
		p, err := c.scan.next()
		if err != nil {
			return nil, p, err
		}
		if err := c.count(p); err != nil {
			return nil, p, err
		}
		var next op
		switch p.kind {
		case endPiece:
			return ops, p, nil
		case textPiece:
			if n := len(ops); n > 0 { // what a comment or a raw divides is one
				if before, is := ops[n-1].(words); is {
					ops[n-1] = before + words(p.text)
					continue
				}
			}
			next = words(p.text)
		case outputPiece:
			next, err = c.output(p)
		default:
			switch p.word {
			case "elif", "else", "endif", "endfor":
				return ops, p, nil
			}
			next, err = c.statement(p)
		}
		if err != nil {
			return nil, p, err
		}
		ops = append(ops, next)
	}
}

func (c *templateCompiler) count(p piece) error {
	if p.kind != outputPiece && p.kind != statementPiece {
		return nil
	}
	if c.builder.tags++; c.builder.tags > maxTags {
		return pathError(p.at, "all templates together have at most %d expressions and statements", maxTags)
	}
	return nil
}

func (c *templateCompiler) output(p piece) (op, error) {
	made, err := c.expression(p.text, p.from, true)
	return &output{at: p.at, valuer: made}, err
}

// expression compiles what stands at from. One with a condition of its own is
// taken where conditional is true.
func (c *templateCompiler) expression(text string, from int, conditional bool) (valuer, error) {
	const open, end = "{{ ", " }}"
	if strings.TrimSpace(text) == "" {
		return nil, pathError(from, "an expression is missing")
	}
	if steps, ok := plainBetween(text); ok {
		return c.plain(steps, from)
	}
	e := expressions{place: c.place, functions: true}
	made, err := e.output(open+text+end, from-len(open))
	if _, chosen := made.(*choice); chosen && !conditional && err == nil {
		return nil, pathError(from, "if has no place here")
	}
	return made, err
}

// plain compiles a plain path that stands at from.
func (c *templateCompiler) plain(steps []step, from int) (valuer, error) {
	p, err := c.place(steps)
	if err != nil {
		return nil, moved(err, from)
	}
	return p, nil
}

// place finds what a name stands for here: what statements before gave it, and
// behind that what Builder.Names says.
func (c *templateCompiler) place(steps []step) (*place, error) {
	p := &place{slot: NoSlot, inside: steps[1:]}
	for s := c.scope; s != nil; s = s.outer {
		if steps[0].name == "loop" && s.loop != noRegister {
			s.loops = true
			p.registers = append(p.registers, s.loop)
			return p, nil
		}
		if r, named := s.names[steps[0].name]; named {
			p.registers = append(p.registers, r)
			if r < s.firm {
				return p, nil
			}
		}
	}
	var err error
	p.slot, err = c.builder.name(steps)
	return p, err
}

// register gives a name in this scope its register.
func (c *templateCompiler) register(name string) int {
	r, named := c.scope.names[name]
	if !named {
		r = c.registers
		c.registers++
		c.scope.names[name] = r
	}
	return r
}
