package mapping

import (
	"errors"
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
	errWork  = errors.New("reading the document takes too much work")
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
	outside   work   // of what is not a template
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
	v.started = v.work.now()
	v.deadline = v.started.Add(maxRender - v.rendered)
	switch {
	case v.rendered >= maxRender:
		return errTime
	case v.work.left < 0:
		return errWork
	}
	return nil
}

// compute works out the expression of a path. What it takes is counted as all work
// is; the clock, which runs on while others have the CPU, is a second net far behind.
func (v *Values) compute(o valuer) (Value, error) {
	if v.work.left < 0 {
		return Value{}, errWork
	}
	v.started = v.work.now()
	v.deadline = v.started.Add(maxCompute)
	value, err := o.value(v)
	if err == errTime || err == errSteps { // half a result would be worse than none
		v.work.left = -1
	}
	return value, err
}

// maxCompute is how long one expression of a path may take, whatever it counts.
const maxCompute = time.Second

// open makes ready to append to dst.
func (v *Values) open(dst []byte) error {
	v.out, v.most = dst, len(dst)+maxRendered-v.written
	v.held = 0
	if v.work == nil { // nothing was read: it has no path
		v.work = &v.own
		v.own.begin(maxRender, v.owner)
	}
	err := v.clock()
	v.outside = *v.work
	v.work.begin(time.Hour, v.owner) // the clock is nearer: what is counted is for the turns
	v.work.waited = v.outside.waited
	return err
}

// finish gives what was appended, or dst as it was and a *RenderError.
func (v *Values) finish(dst []byte, path string, err error) ([]byte, error) {
	v.rendered += v.work.now().Sub(v.started)
	v.work.rest()
	*v.work = v.outside
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
	if !v.work.now().Before(v.deadline) {
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
