package mapping

import (
	"errors"

	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/nodes"
)

// expression is what the template library works out: filters and operators. The
// plain paths in it are inputs, so the body is not decoded for it: only what they
// find.
type expression struct {
	root   nodes.Expression
	inputs []input
}

// input is a plain path inside an expression, and the name that stands for it.
type input struct {
	name  string
	place *place
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
	s := &sandbox{deadline: v.deadline}
	data := map[string]any{sandboxKey: s}
	size := 0
	for _, in := range x.inputs {
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
		decoded, ok := s.decode(value.Raw)
		if !ok {
			return Value{}, errBound
		}
		data[in.name] = decoded
	}
	raw, err := s.result(s.evaluator(data).Eval(x.root))
	return valueOf(raw), err
}

func (s *sandbox) result(value *exec.Value) ([]byte, error) {
	switch {
	case s.late:
		return nil, errTime
	case s.exceeded:
		return nil, errBound
	case value.IsError() && s.cause == errMissing:
		return nil, nil
	case value.IsError() && s.cause != nil:
		return nil, s.cause
	case value.IsError():
		return nil, errExpression
	case value.IsNil():
		return nil, nil
	}
	out, ok := appendResult(nil, value, 0)
	switch {
	case !ok:
		return nil, errExpression
	case len(out) > maxFound:
		return nil, errBound
	}
	return out, nil
}
