package mapping

import (
	"errors"
	"time"

	"hookgate/gateway/mapping/jinja"
	"hookgate/gateway/mapping/jsonpath"
	"hookgate/gateway/mapping/rawjson"
	"hookgate/gateway/mapping/work"
)

// What all templates of one document take and make together (SPEC 14).
const (
	maxRender   = 100 * time.Millisecond
	maxRendered = 1 << 20 // bytes
)

// maxCompute is how long one expression of a path may take, whatever it counts: the
// clock, which runs on while others have the CPU, is a second net far behind.
const maxCompute = time.Second

// A unit is what package jinja counts in; the clock is looked at once in so many.
const (
	unitCost   = 50 // ns
	clockUnits = 256
)

// Why a template or an expression does not end.
var (
	errTime = errors.New("all rendering together takes more than 100 ms")
	errWork = errors.New("reading the document takes too much work")
)

// rendering is what the template or expression that runs now works with.
type rendering struct {
	most    time.Duration
	started time.Time   // when the clock was first looked at; zero: it was not yet
	clock   int         // units until it is looked at
	given   int         // work that the template was given; 0 outside of one
	over    error       // why it was ended
	outside work.Budget // of what is not a template
	leaf    []byte      // the text of a leaf, before it is JSON
}

// start says how long may be taken. Most templates are done before the clock is looked
// at, which would be half of what they take.
func (v *Values) start(most time.Duration) {
	v.most, v.started = most, time.Time{}
	v.clock, v.over = clockUnits, nil
}

// took is the time since the clock was first looked at.
func (v *Values) took() time.Duration {
	if v.started.IsZero() {
		return 0
	}
	return v.work.Now().Sub(v.started)
}

// open makes ready for a template. What it takes is counted apart: a call has its
// bound for templates, whatever was matched and mapped before.
func (v *Values) open() error {
	if v.work == nil { // nothing was read: it has no path
		v.work = &v.own
		v.own.Begin(maxRender, v.owner)
	}
	left := maxRender - v.rendered
	v.given = int(left)
	v.outside = v.work.Aside(left, v.owner)
	v.start(left)
	switch {
	case left <= 0:
		return errTime
	case v.outside.Over():
		return errWork
	}
	return nil
}

// finish gives what was appended, or dst as it was and a *RenderError.
func (v *Values) finish(dst, out []byte, path string, err error) ([]byte, error) {
	counted := time.Duration(v.given - v.work.Left())
	v.rendered += max(counted, v.took())
	v.work.Rest()
	*v.work = v.outside
	v.given = 0
	if err != nil {
		return dst, renderError(path, err)
	}
	v.written += len(out) - len(dst)
	return out, nil
}

// compute works out the expression of a path. What it takes is counted as all work
// is. Filters that are given nothing find nothing: a variable with an upper is then
// missing as one without, and not an empty text.
func (v *Values) compute(x *jinja.Expression) (Value, error) {
	if v.work.Over() {
		return Value{}, errWork
	}
	v.start(maxCompute)
	nothing, err := x.GivenNothing((*environment)(v))
	if nothing {
		return Value{}, nil
	}
	var raw []byte
	var found bool
	if err == nil {
		raw, found, err = x.AppendJSON(nil, jsonpath.MaxFound, (*environment)(v))
	}
	switch {
	case v.over != nil: // half a result would be worse than none
		v.work.Stop()
		return Value{}, v.over
	case err != nil || !found:
		return Value{}, err
	case !v.work.Spend(work.Build * len(raw)):
		return Value{}, errWork
	}
	return valueOf(raw), nil
}

// environment is what package jinja may ask of Values.
type environment Values

// Raw gives what a slot found. It is JSON, for a Resolver names nothing outside of
// the body, and lies there until the document is released.
func (e *environment) Raw(place int) (string, error) {
	return rawjson.View((*Values)(e).At(Slot(place)).Raw), nil
}

// Step counts work.
func (e *environment) Step(units int) error {
	if !e.work.Spend(unitCost * units) {
		return e.end()
	}
	if e.clock -= units; e.clock >= 0 {
		return nil
	}
	e.clock = clockUnits
	if e.started.IsZero() {
		e.started = e.work.Now()
	}
	if (*Values)(e).took() > e.most {
		e.over = errTime
	}
	return e.over
}

func (e *environment) end() error {
	switch {
	case e.work.Busy():
		e.over = ErrBusy
	case e.given > 0:
		e.over = errTime
	default:
		e.over = errWork
	}
	return e.over
}
