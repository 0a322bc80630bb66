package mapping

import (
	"iter"

	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/nodes"
)

// whole gives the whole number that n is; nil where it is left out or None.
func (s *sandbox) whole(n nodes.Node) (*int, error) {
	if n == nil {
		return nil, nil
	}
	value, err := s.eval(n)
	switch {
	case err != nil:
		return nil, err
	case value.IsNil():
		return nil, nil
	case !value.IsInteger():
		return nil, errOperand
	}
	i := value.Integer()
	return &i, nil
}

// slice is value[start:stop:step] of a text or a list, as in Python.
func (s *sandbox) slice(n *nodes.GetSlice) (*exec.Value, error) {
	value, err := s.some(n.Node)
	if err != nil {
		return nil, err
	}
	var parts [3]*int
	for i, part := range []nodes.Node{n.Start, n.End, n.Step} {
		if parts[i], err = s.whole(part); err != nil {
			return nil, err
		}
	}
	switch {
	case parts[2] != nil && *parts[2] == 0:
		return nil, errOperand
	case value.IsString():
		text := []rune(value.String())
		var out []rune
		for i := range sliced(len(text), parts) {
			out = append(out, text[i])
		}
		return s.checked(exec.AsValue(string(out)))
	case value.IsList():
		out := []any{}
		for i := range sliced(value.Len(), parts) {
			out = append(out, value.Index(i).Interface())
		}
		return s.checked(exec.AsValue(out))
	}
	return nil, errOperand
}

// sliced gives the indexes that a slice takes, of start, stop and step.
func sliced(length int, parts [3]*int) iter.Seq[int] {
	step := 1
	if parts[2] != nil { // beyond the length nothing changes, but sums overflow
		step = max(-length-1, min(*parts[2], length+1))
	}
	low, high := 0, length
	start, stop := low, high
	if step < 0 {
		low, high = -1, length-1
		start, stop = high, low
	}
	for i, given := range parts[:2] {
		if given == nil {
			continue
		}
		at := *given
		if at < 0 {
			at += length
		}
		if at = max(low, min(at, high)); i == 0 {
			start = at
		} else {
			stop = at
		}
	}
	return func(yield func(int) bool) {
		for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
			if !yield(i) {
				return
			}
		}
	}
}

// numbers is range(stop), range(start, stop) or range(start, stop, step).
func (s *sandbox) numbers(args []nodes.Expression) (*exec.Value, error) {
	var given [3]int
	for i, n := range args {
		number, err := s.whole(n)
		switch {
		case err == errOperand:
			return nil, errRange
		case err != nil:
			return nil, err
		case number == nil:
			return nil, errMissing
		}
		given[i] = *number
	}
	start, stop, step := given[0], given[1], given[2]
	switch len(args) {
	case 1:
		start, stop, step = 0, given[0], 1
	case 2:
		step = 1
	}
	const most = 1 << 53 // below it no sum overflows
	if step == 0 || max(magnitude(start), magnitude(stop), magnitude(step)) > most {
		return nil, errRange
	}
	list := []any{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(list) == maxItems {
			return nil, errBound
		}
		list = append(list, i)
	}
	return s.checked(exec.AsValue(list))
}
