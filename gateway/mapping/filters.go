package mapping

import (
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"
)

// parameter gives an argument by place or name.
func parameter(params *exec.VarArgs, place int, name string) (*exec.Value, bool) {
	if place < len(params.Args) {
		return params.Args[place], true
	}
	value, found := params.KwArgs[name]
	return value, found
}

// replace looks at the size of what it would make before it makes it.
func replace(e *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
	from, hasFrom := parameter(params, 0, "old")
	to, hasTo := parameter(params, 1, "new")
	times := -1
	if most, found := parameter(params, 2, "count"); found && !most.IsNil() {
		times = most.Integer()
	}
	if !hasFrom || !hasTo || !from.IsString() || !to.IsString() || in.IsList() || in.IsDict() {
		return sandboxOf(e).fail(errArguments)
	}
	text, _ := plainText(in)
	n := strings.Count(text, from.String())
	if times >= 0 {
		n = min(n, times)
	}
	if len(text)+n*(len(to.String())-len(from.String())) > maxText {
		return sandboxOf(e).bound()
	}
	return exec.AsValue(strings.Replace(text, from.String(), to.String(), times))
}

// join takes a list of scalars.
func join(e *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
	between := ""
	if d, found := parameter(params, 0, "d"); found {
		between = d.String()
	}
	if !in.IsList() {
		return sandboxOf(e).fail(errArguments)
	}
	var b strings.Builder
	for i := range in.Len() {
		if i > 0 {
			b.WriteString(between)
		}
		text, ok := plainText(in.Index(i))
		if !ok {
			return sandboxOf(e).fail(errArguments)
		}
		b.WriteString(text)
		if b.Len() > maxText {
			return sandboxOf(e).bound()
		}
	}
	return exec.AsValue(b.String())
}

var librarySort = library("sort")

// sorted refuses a list of attributes, which each of the comparisons would split.
func sorted(e *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
	if by, found := parameter(params, 2, "attribute"); found && strings.Contains(by.String(), ",") {
		return sandboxOf(e).fail(errArguments)
	}
	return librarySort(e, in, params)
}

// toJSONText gives the value's JSON as a text, without the escapes for HTML that
// the library writes.
func toJSONText(e *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
	if len(params.Args)+len(params.KwArgs) > 0 {
		return sandboxOf(e).fail(errArguments)
	}
	out, ok := appendResult(nil, in, 0)
	if !ok {
		return sandboxOf(e).fail(errArguments)
	}
	return exec.AsValue(string(out))
}

// The filters that stand for range(list), for value[key], and for value where it
// must be there; nobody can write them.
const (
	rangeName  = "#range"
	insideName = "#inside"
	thereName  = "#there"
)

// inside gives a member, an item or a character; None where there is none.
func inside(_ *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
	key := params.First()
	switch {
	case in.IsDict() && (key.IsString() || key.IsInteger()):
		found, _ := in.GetItem(key.String())
		return found
	case in.IsString() && key.IsInteger():
		text := []rune(in.String())
		if i, ok := fromEnd(key.Integer(), len(text)); ok {
			return exec.AsValue(string(text[i]))
		}
	case in.IsList() && key.IsInteger():
		if i, ok := fromEnd(key.Integer(), in.Len()); ok {
			return in.Index(i)
		}
	}
	return exec.AsValue(nil)
}

// fromEnd counts an index below 0 from the end.
func fromEnd(i, length int) (int, bool) {
	if i < 0 {
		i += length
	}
	return i, i >= 0 && i < length
}

// numbers is range() with its arguments as a list.
func numbers(e *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) *exec.Value {
	arguments := [3]int{0, 0, 1}
	n := in.Len()
	if n < 1 || n > len(arguments) {
		return sandboxOf(e).fail(errArguments)
	}
	for i := range n {
		value := in.Index(i)
		if !value.IsInteger() {
			return sandboxOf(e).fail(errArguments)
		}
		arguments[i] = value.Integer()
	}
	start, stop, step := arguments[0], arguments[1], arguments[2]
	if n == 1 {
		start, stop = 0, arguments[0]
	}
	const most = 1 << 53 // beyond it nobody counts, and below nothing overflows
	if step == 0 || max(magnitude(start), magnitude(stop), magnitude(step)) > most {
		return sandboxOf(e).fail(errArguments)
	}
	list := []any{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(list) == maxItems {
			return sandboxOf(e).bound()
		}
		list = append(list, i)
	}
	return exec.AsValue(list)
}
