package mapping

import (
	"errors"
	"strconv"
	"time"
)

// maxRendered is how many bytes all templates of one document make, together
// (SPEC 14).
const maxRendered = 1 << 20

// maxRounds is how many rounds of loops and looks into their values one document
// may take.
const maxRounds = 200_000

// Why a template does not render.
var (
	errTime  = errors.New("all rendering together takes more than 100 ms")
	errSize  = errors.New("all that is rendered has more than 1 MiB")
	errHeld  = errors.New("all that set gives names has more than 4 MiB")
	errWork  = errors.New("the document is too hard to read")
	errSteps = errors.New("the loops take more than 200000 steps")
	errList  = errors.New("a for goes over a list or an object")
	errItems = errors.New("a for goes over at most 4096 items")
	errPair  = errors.New("two names in a for take an object, or a list of pairs")
)

// rendering is what the template that runs now works with.
type rendering struct {
	out       []byte
	most      int // how long out may become
	held      int // bytes that its names were given
	registers []register
	deadline  time.Time
	started   time.Time
	steps     int    // for this document
	leaf      []byte // the text of a leaf, before it is JSON
}

// register holds what a for or set gave a name.
type register struct {
	value Value
	set   bool
}

// clock starts the time for a template or an expression.
func (v *Values) clock() error {
	v.started = time.Now()
	v.deadline = v.started.Add(maxRender - v.rendered)
	switch {
	case v.rendered >= maxRender:
		return errTime
	case v.work.left < 0:
		return errWork
	}
	return nil
}

// compute works out the expression of a path.
func (v *Values) compute(o valuer) (Value, error) {
	if err := v.clock(); err != nil {
		return Value{}, err
	}
	value, err := o.value(v)
	v.rendered += time.Since(v.started)
	return value, err
}

// open makes ready to append to dst.
func (v *Values) open(dst []byte) error {
	v.out, v.most = dst, len(dst)+maxRendered-v.written
	v.held = 0
	return v.clock()
}

// finish gives what was appended, or dst as it was and a *RenderError.
func (v *Values) finish(dst []byte, path string, err error) ([]byte, error) {
	v.rendered += time.Since(v.started)
	out := v.out
	v.out = nil
	clear(v.rendering.registers)
	if err != nil {
		return dst, &RenderError{Path: path, Rule: err.Error()}
	}
	v.written += len(out) - len(dst)
	return out, nil
}

// step is asked before whatever a loop may repeat.
func (v *Values) step() error {
	if v.steps++; v.steps > maxRounds {
		return errSteps
	}
	if !time.Now().Before(v.deadline) {
		return errTime
	}
	return nil
}

func (v *Values) fits() error {
	if len(v.out) > v.most {
		return errSize
	}
	return nil
}

// hold counts what a name is given.
func (v *Values) hold(value Value) error {
	if v.held += len(value.Raw); v.held > maxProduced {
		return errHeld
	}
	return nil
}

// appendValue renders a value: nothing for what is missing or null, the text of
// a scalar, the JSON of a list or an object.
func (v *Values) appendValue(value Value) error {
	switch value.Kind {
	case Missing, Null:
		return nil
	case String:
		inner := value.Raw[1 : len(value.Raw)-1]
		if !hasEscape(inner) {
			v.out = append(v.out, inner...)
		} else {
			v.out = appendUnescaped(v.out, inner)
		}
	default:
		v.out = append(v.out, value.Raw...)
	}
	return v.fits()
}

// render runs the template on what open made ready.
func (t *Template) render(v *Values) error {
	v.registers = resize(v.registers, t.registers)
	return runAll(t.ops, v)
}

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
