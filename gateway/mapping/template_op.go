package mapping

import "strconv"

// op is one operation of a template.
type op interface{ run(v *Values) error }

func runAll(ops []op, v *Values) error {
	for _, o := range ops {
		if err := o.run(v); err != nil {
			return err
		}
	}
	return nil
}

// words is text as it stands.
type words string

func (l words) run(v *Values) error {
	v.out = append(v.out, l...)
	return v.fits()
}

// output is {{ … }}.
type output struct {
	at     int
	valuer valuer
}

func (o *output) run(v *Values) error {
	value, err := o.valuer.value(v)
	if err == nil {
		err = v.appendValue(value)
	}
	return placed(o.at, err)
}

func placed(at int, err error) error {
	if err == nil {
		return nil
	}
	return &placedError{at, err}
}

// branch is an if with its elifs and else.
type branch struct {
	arms      []arm
	otherwise []op
}

type arm struct {
	at        int
	condition valuer
	body      []op
}

func (b *branch) run(v *Values) error {
	for i := range b.arms {
		a := &b.arms[i]
		value, err := a.condition.value(v)
		if err != nil {
			return placed(a.at, err)
		}
		if value.isTrue() {
			return runAll(a.body, v)
		}
	}
	return runAll(b.otherwise, v)
}

// assign is a set.
type assign struct {
	at       int
	valuer   valuer
	register int
}

func (a *assign) run(v *Values) error {
	value, err := a.valuer.value(v)
	if err == nil {
		err = v.hold(value)
	}
	v.registers[a.register] = register{value, true}
	return placed(a.at, err)
}

// loop is a for.
type loop struct {
	at        int
	list      valuer
	filter    valuer // nil: every item
	from, to  int    // the registers that each round starts with empty; the first is the item's
	second    int    // the register of the second name, or noRegister
	loop      int    // the register of loop, or noRegister where nobody asks for it
	body      []op
	otherwise []op
}

func (l *loop) run(v *Values) error {
	rounds, err := l.rounds(v)
	if err != nil {
		return placed(l.at, err)
	}
	if len(rounds) == 0 {
		return runAll(l.otherwise, v)
	}
	var state []byte
	for i, r := range rounds {
		if err := l.begin(v, r); err != nil {
			return placed(l.at, err)
		}
		if l.loop != noRegister {
			state = appendLoop(state[:0], i, len(rounds))
			v.registers[l.loop] = register{valueOf(state), true}
		}
		if err := runAll(l.body, v); err != nil {
			return err
		}
	}
	return nil
}

// begin gives the names of the for what they are in this round.
func (l *loop) begin(v *Values, r round) error {
	clear(v.registers[l.from:l.to])
	v.registers[l.from] = register{r.first, true}
	if l.second != noRegister {
		v.registers[l.second] = register{r.second, true}
	}
	return v.step()
}

// appendLoop appends what loop is in round i of n.
func appendLoop(dst []byte, i, n int) []byte {
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendInt(dst, int64(i+1), 10)
	dst = append(dst, `,"index0":`...)
	dst = strconv.AppendInt(dst, int64(i), 10)
	dst = append(dst, `,"first":`...)
	dst = strconv.AppendBool(dst, i == 0)
	dst = append(dst, `,"last":`...)
	dst = strconv.AppendBool(dst, i == n-1)
	dst = append(dst, `,"length":`...)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, '}')
}
