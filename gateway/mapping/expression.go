package mapping

import (
	"errors"

	"github.com/nikolalohinski/gonja/v2/nodes"
)

// expression is a value that has to be worked out, by filters and operators (see
// eval). The plain paths in it are inputs, so the body is not decoded for it: only
// what they find.
type expression struct {
	root   nodes.Expression
	inputs []*input
}

// compileExpression compiles a path of the form {{ … }}.
func compileExpression(path string, add func([]step) (Slot, error)) (valuer, error) {
	c := expressions{place: func(steps []step) (*place, error) {
		slot, err := add(steps)
		return &place{slot: slot}, err
	}}
	return c.output(path, 0)
}

// Why an expression gives nothing; an errMissing is no fault.
var (
	errBound      = errors.New("an expression takes values of 256 KiB and lists of 4096, all together, and makes no larger ones")
	errMissing    = errors.New("the value is missing")
	errOperand    = errors.New("the operator does not take these values")
	errRange      = errors.New("range() takes whole numbers, and no step of 0")
	errArguments  = errors.New("the filter does not take these arguments")
	errExpression = errors.New("a filter or test of the expression does not take these values")
)

// value gives the result as JSON; it is missing where that is None, or where a
// missing value has no filter that takes it.
func (x *expression) value(v *Values) (result Value, err error) {
	if err := v.step(); err != nil {
		return Value{}, err
	}
	defer func() {
		if recover() != nil { // the library's own slips, such as a number base of 1
			result, err = Value{}, errExpression
		}
	}()
	s := newSandbox(v.deadline, v.work)
	s.inputs = make([]any, len(x.inputs))
	size := 0
	for i, in := range x.inputs {
		value, err := in.place.value(v)
		if err != nil {
			return Value{}, err
		}
		if size += len(value.Raw); size > maxText {
			return Value{}, errBound
		}
		if value.Kind == Missing {
			continue
		}
		if !v.work.spend(decodeCost * len(value.Raw)) {
			return Value{}, errWork
		}
		decoded, ok := s.decode(value.Raw)
		if !ok {
			return Value{}, errBound
		}
		s.inputs[i] = decoded
	}
	raw, err := s.result(x.root)
	return valueOf(raw), err
}

func (s *sandbox) result(n nodes.Node) ([]byte, error) {
	value, err := s.orNone(n)
	if err != nil || value.IsNil() {
		return nil, err
	}
	out, ok := appendResult(nil, value, 0)
	switch {
	case !s.work.spend(buildCost * len(out)):
		return nil, errWork
	case !ok:
		return nil, errExpression
	case len(out) > maxFound:
		return nil, errBound
	}
	return out, nil
}
