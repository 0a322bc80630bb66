package mapping

import (
	"errors"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// valuer gives one value: *place, constant, *fallback, *choice or *expression.
// Only the last needs the template library; what the others give is the JSON as
// it lies in the body.
type valuer interface {
	value(v *Values) (Value, error)
}

// constant is a literal.
type constant Value

func (c constant) value(*Values) (Value, error) { return Value(c), nil }

// fallback is {{ first | default(other) }}, the commonest of all filters.
type fallback struct{ first, other valuer }

func (f *fallback) value(v *Values) (Value, error) {
	value, err := f.first.value(v)
	if err != nil || value.Kind != Missing && value.Kind != Null {
		return value, err
	}
	return f.other.value(v)
}

// choice is {{ then if condition else otherwise }}.
type choice struct{ condition, then, otherwise valuer }

func (c *choice) value(v *Values) (Value, error) {
	condition, err := c.condition.value(v)
	switch {
	case err != nil:
		return Value{}, err
	case condition.isTrue():
		return c.then.value(v)
	case c.otherwise == nil:
		return Value{}, nil
	}
	return c.otherwise.value(v)
}

// isTrue says what an if makes of a value, as Jinja does: what is missing, null,
// zero or empty is false.
func (v Value) isTrue() bool {
	switch v.Kind {
	case Missing, Null:
		return false
	case Bool:
		return v.Raw[0] == 't'
	case Number:
		return len(parseDecimal(v.Raw).digits) > 0
	case Array, Object:
		c := v.Raw[skipSpace(v.Raw, 1)]
		return c != ']' && c != '}'
	case String:
		return len(v.Raw) > len(`""`)
	}
	return len(v.Raw) > 0
}

// expressions compiles what stands between braces.
type expressions struct {
	place     func([]step) (*place, error)
	functions bool // range() may be called
}

// output compiles {{ … }}, text with its braces; at is where text starts, for the
// faults.
func (c *expressions) output(text string, at int) (made valuer, err error) {
	parsed, err := parseOutput(text, at)
	if err != nil {
		return nil, err
	}
	made, err = c.valuer(parsed.Expression, at)
	if err != nil || parsed.Condition == nil {
		return made, err
	}
	chosen := &choice{then: made}
	if chosen.condition, err = c.valuer(parsed.Condition, at); err != nil {
		return nil, err
	}
	if parsed.Alternative != nil {
		chosen.otherwise, err = c.valuer(parsed.Alternative, at)
	}
	return chosen, err
}

func (c *expressions) valuer(n nodes.Node, at int) (valuer, error) {
	if made, err := c.simple(n, at); made != nil || err != nil {
		return made, err
	}
	if f, ok := n.(*nodes.FilteredExpression); ok && isDefault(f.Filters) {
		first, err := c.simple(f.Expression, at)
		if err != nil {
			return nil, err
		}
		var other valuer = constant{} // as in Jinja, no default is an empty one
		if len(f.Filters[0].Args) == 1 {
			other, err = c.simple(f.Filters[0].Args[0], at)
		}
		if err != nil {
			return nil, err
		}
		if first != nil && other != nil {
			return &fallback{first, other}, nil
		}
	}
	x := &expression{}
	r := rewriter{x: x, expressions: c, at: at}
	x.root = r.rewrite(n)
	if r.err != nil {
		return nil, r.err
	}
	return x, nil
}

// simple gives the valuer of a plain path or a literal; nil for anything else.
func (c *expressions) simple(n nodes.Node, at int) (valuer, error) {
	if isNone(n) {
		return constant{}, nil
	}
	if steps, ok := plainSteps(n); ok {
		p, err := c.place(steps)
		if err != nil {
			return nil, moved(err, at+offset(n))
		}
		return p, nil
	}
	switch n := n.(type) {
	case *nodes.String:
		return literalOf(n.Val), nil
	case *nodes.Integer:
		return literalOf(n.Val), nil
	case *nodes.Float:
		return literalOf(n.Val), nil
	case *nodes.Bool:
		return literalOf(n.Val), nil
	}
	return nil, nil
}

// isNone says whether n is None; the parser knows two spellings alone.
func isNone(n nodes.Node) bool {
	switch n := n.(type) {
	case *nodes.None:
		return true
	case *nodes.Name:
		return n.Name.Val == "none"
	}
	return false
}

func literalOf(value any) valuer {
	raw, ok := appendResult(nil, exec.AsValue(value), 0)
	if !ok {
		return nil
	}
	return constant(valueOf(raw))
}

func isDefault(filters []*nodes.FilterCall) bool {
	if len(filters) != 1 {
		return false
	}
	f := filters[0]
	return (f.Name == "default" || f.Name == "d") && len(f.Args) <= 1 && len(f.Kwargs) == 0
}

// parseOutput has the library parse one {{ … }}.
func parseOutput(text string, at int) (output *nodes.Output, err error) {
	defer func() { // the parser is not ours, and the text is a stranger's
		if recover() != nil {
			output, err = nil, pathError(at, "the expression cannot be parsed")
		}
	}()
	stream := tokens.LexAll(oneLine(text), jinjaConfig)
	template, err := parser.NewParser("path", stream, jinjaConfig, nil, noStatements).Parse()
	if err != nil {
		return nil, syntaxFault(err, at)
	}
	if len(template.Nodes) != 1 {
		return nil, pathError(at, "a path is one {{ expression }}, with nothing before, between or after")
	}
	output, ok := template.Nodes[0].(*nodes.Output)
	if !ok {
		return nil, pathError(at, "a path is one {{ expression }}, and no statement")
	}
	return output, nil
}

// oneLine makes spaces of newlines outside strings: the lexer takes them for a
// part of the next name.
func oneLine(text string) string {
	if !strings.ContainsAny(text, "\r\n") {
		return text
	}
	out := []byte(text)
	var quote, before byte
	for i, c := range out {
		switch {
		case quote != 0:
			if c == quote && before != '\\' {
				quote = 0
			}
			before = c
		case c == '"' || c == '\'':
			quote, before = c, 0
		case c == '\r' || c == '\n':
			out[i] = ' '
		}
	}
	return string(out)
}

// syntaxFault places what the parser says.
func syntaxFault(err error, at int) error {
	var fault *parser.SyntaxError
	if !errors.As(err, &fault) {
		return pathError(at, "%v", err)
	}
	rule := fault.Message
	if strings.HasSuffix(rule, "expected here") { // '}}' expected here
		rule = "the expression cannot go on here"
	}
	if fault.Line != 1 || fault.Column < 1 { // unknown, or counted from a newline in a string
		return pathError(at+len("{{ "), "%s", rule)
	}
	return pathError(at+fault.Column-1, "%s", rule)
}

// offset is where a node starts in what was parsed.
func offset(n nodes.Node) int {
	if token := n.Position(); token != nil {
		return token.Pos
	}
	return 0
}
