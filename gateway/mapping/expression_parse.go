package mapping

import (
	"errors"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

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

// offset is where a node starts in what was parsed; the position of a member is
// its dot.
func offset(n nodes.Node) int {
	switch n := n.(type) {
	case *nodes.GetAttribute:
		return offset(n.Node)
	case *nodes.GetItem:
		return offset(n.Node)
	}
	if token := n.Position(); token != nil {
		return token.Pos
	}
	return 0
}
