package mapping

import (
	"fmt"

	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// eval works out what the library has parsed, with the library's filters and
// tests. The library's own evaluator is not asked: it takes "90" > 100 for true
// and a missing value for zero, finds the methods of Go, is one off where an index
// counts from the end, and prints the whole expression into an error once for each
// level of it.
//
// What is computed from a missing value is missing, which is the error errMissing
// until something takes it for None.
func (s *sandbox) eval(n nodes.Node) (*exec.Value, error) {
	if !s.leave() {
		return nil, s.overBound()
	}
	value, err := s.evaluated(n)
	if err == nil && !s.weigh(value) {
		return nil, s.overBound()
	}
	return value, err
}

func (s *sandbox) evaluated(n nodes.Node) (*exec.Value, error) {
	switch n := n.(type) {
	case *nodes.None:
		return exec.AsValue(nil), nil
	case *nodes.String:
		return exec.AsValue(n.Val), nil
	case *nodes.Integer:
		return exec.AsValue(n.Val), nil
	case *nodes.Float:
		return exec.AsValue(n.Val), nil
	case *nodes.Bool:
		return exec.AsValue(n.Val), nil
	case *input:
		return exec.AsValue(s.inputs[n.index]), nil
	case *nodes.List:
		return s.list(n.Val)
	case *nodes.Tuple:
		return s.list(n.Val)
	case *nodes.GetAttribute:
		if n.Attribute == "" {
			return s.inside(n.Node, exec.AsValue(n.Index))
		}
		return s.inside(n.Node, exec.AsValue(n.Attribute))
	case *nodes.GetItem:
		key, err := s.eval(n.Arg)
		if err != nil {
			return nil, err
		}
		return s.inside(n.Node, key)
	case *nodes.GetSlice:
		return s.slice(n)
	case *nodes.Negation:
		value, err := s.orNone(n.Term)
		return exec.AsValue(err == nil && !value.IsTrue()), err
	case *nodes.UnaryExpression:
		return s.unary(n)
	case *nodes.BinaryExpression:
		return s.binary(n)
	case *nodes.FilteredExpression:
		return s.filtered(n)
	case *nodes.TestExpression:
		return s.test(n)
	case *nodes.Call: // the only one that is compiled is range()
		return s.numbers(n.Args)
	}
	return nil, errExpression
}

// some gives a value that is there, or errMissing.
func (s *sandbox) some(n nodes.Node) (*exec.Value, error) {
	value, err := s.eval(n)
	if err == nil && value.IsNil() {
		err = errMissing
	}
	return value, err
}

// orNone gives None for what is missing.
func (s *sandbox) orNone(n nodes.Node) (*exec.Value, error) {
	value, err := s.eval(n)
	if err == errMissing {
		return exec.AsValue(nil), nil
	}
	return value, err
}

func (s *sandbox) list(items []nodes.Expression) (*exec.Value, error) {
	list := make([]any, 0, len(items))
	for _, n := range items {
		value, err := s.orNone(n)
		if err != nil {
			return nil, err
		}
		list = append(list, value.Interface())
	}
	return s.checked(exec.AsValue(list))
}

// checked counts what was made.
func (s *sandbox) checked(value *exec.Value) (*exec.Value, error) {
	if value = s.made(value); s.exceeded {
		return nil, s.overBound()
	}
	return value, nil
}

// inside gives a member, an item or a character; None where there is none.
func (s *sandbox) inside(n nodes.Node, key *exec.Value) (*exec.Value, error) {
	value, err := s.some(n)
	if err != nil {
		return nil, err
	}
	switch {
	case value.IsDict() && (key.IsString() || key.IsInteger()):
		found, _ := value.GetItem(key.String())
		return found, nil
	case value.IsString() && key.IsInteger():
		text := []rune(value.String())
		if i, ok := fromEnd(key.Integer(), len(text)); ok {
			return exec.AsValue(string(text[i])), nil
		}
	case value.IsList() && key.IsInteger():
		if i, ok := fromEnd(key.Integer(), value.Len()); ok {
			return value.Index(i), nil
		}
	}
	return exec.AsValue(nil), nil
}

// fromEnd counts an index below 0 from the end.
func fromEnd(i, length int) (int, bool) {
	if i < 0 {
		i += length
	}
	return i, i >= 0 && i < length
}

func (s *sandbox) unary(n *nodes.UnaryExpression) (*exec.Value, error) {
	value, err := s.some(n.Term)
	if err != nil {
		return nil, err
	}
	if !n.Negative {
		return value, nil
	}
	return s.operate(tokens.Subtraction, exec.AsValue(0), value)
}

func (s *sandbox) binary(n *nodes.BinaryExpression) (*exec.Value, error) {
	kind := n.Operator.Token.Type
	left, err := s.orNone(n.Left)
	if err != nil || kind == tokens.And && !left.IsTrue() || kind == tokens.Or && left.IsTrue() {
		return left, err
	}
	right, err := s.orNone(n.Right)
	if err != nil {
		return nil, err
	}
	switch kind {
	case tokens.And, tokens.Or:
		return right, nil
	case tokens.Equals:
		return exec.AsValue(left.EqualValueTo(right)), nil
	case tokens.Ne:
		return exec.AsValue(!left.EqualValueTo(right)), nil
	case tokens.Tilde:
		return s.operate(kind, left, right)
	}
	if left.IsNil() || right.IsNil() {
		return nil, errMissing
	}
	return s.operate(kind, left, right)
}

func (s *sandbox) operate(kind tokens.Type, left, right *exec.Value) (*exec.Value, error) {
	operator, known := operators[kind]
	if !known {
		return nil, errOperand
	}
	switch made := operator(left, right); made {
	case nil:
		return nil, errOperand
	case errBound:
		return nil, errBound
	default:
		return s.checked(exec.AsValue(made))
	}
}

// filtered runs the filters. Where a value is missing or faulty, those that take
// that go on with None; what is over a bound nothing stands in for.
func (s *sandbox) filtered(n *nodes.FilteredExpression) (*exec.Value, error) {
	value, err := s.eval(n.Expression)
	for _, f := range n.Filters {
		lenient := isLenient(f.Name)
		switch {
		case err == nil && !lenient && value.IsNil():
			err = errMissing
		case err == errMissing, err == errOperand, err == errRange, err == errArguments, err == errExpression:
			if lenient {
				value, err = exec.AsValue(nil), nil
			}
		}
		if err != nil {
			continue
		}
		params, fault := s.params(f.Args, f.Kwargs)
		if fault != nil {
			return nil, fault
		}
		s.cause = nil
		value, err = s.called(s.evaluator.ExecuteFilterByName(f.Name, value, params))
	}
	return value, err
}

func (s *sandbox) test(n *nodes.TestExpression) (*exec.Value, error) {
	value, err := s.orNone(n.Expression)
	if err != nil {
		return nil, err
	}
	params, err := s.params(n.Test.Args, n.Test.Kwargs)
	if err != nil {
		return nil, err
	}
	s.cause = nil
	return s.called(s.evaluator.ExecuteTestByName(n.Test.Name, value, params))
}

// called takes what a filter or test gives. The library has its own errors and
// wraps ours beyond recognition; neither is told, for they quote values.
func (s *sandbox) called(value *exec.Value) (*exec.Value, error) {
	switch {
	case s.exceeded:
		return nil, s.overBound()
	case !value.IsError():
		return value, nil
	case s.cause != nil:
		return nil, s.cause
	}
	return nil, errExpression
}

func (s *sandbox) params(args []nodes.Expression, named map[string]nodes.Expression) (*exec.VarArgs, error) {
	params := &exec.VarArgs{KwArgs: map[string]*exec.Value{}}
	for _, n := range args {
		value, err := s.orNone(n)
		if err != nil {
			return nil, err
		}
		params.Args = append(params.Args, value)
	}
	for name, n := range named {
		value, err := s.orNone(n)
		if err != nil {
			return nil, err
		}
		params.KwArgs[name] = value
	}
	return params, nil
}

// input is a plain path inside an expression.
type input struct {
	*tokens.Token
	index int
	place *place
}

// Position is where the path starts.
func (in *input) Position() *tokens.Token { return in.Token }

func (in *input) String() string { return fmt.Sprintf("input %d", in.index) }
