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

// join takes a list of scalars; what is None in it is an empty text.
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
		item := in.Index(i)
		text, ok := plainText(item)
		if !ok && !item.IsNil() {
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

// urlEncode escapes as Jinja does: all but letters, digits and _ - . ~ /. The
// library leaves & and = as they are, by which a value could add parameters.
func urlEncode(e *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) *exec.Value {
	text, ok := plainText(in)
	if !ok {
		return sandboxOf(e).fail(errArguments)
	}
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(text))
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-.~/", c) >= 0 {
			out = append(out, c)
		} else {
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return exec.AsValue(string(out))
}
