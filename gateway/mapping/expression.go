package mapping

import (
	"fmt"
	"time"

	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// expression is a path with filters or operators between braces. The plain paths
// in it are slots of the same set, so the body is not decoded for it: only what
// they find.
type expression struct {
	root                   nodes.Expression
	condition, alternative nodes.Expression // {{ root if condition else alternative }}
	inputs                 []input
}

// input is a plain path inside an expression, and the name that stands for it.
type input struct {
	name string
	slot Slot
}

// compileExpression parses {{ … }} and rewrites it for the sandbox.
func compileExpression(path string, add func([]step) (Slot, error)) (x *expression, err error) {
	defer func() { // the parser is not ours, and the text is a stranger's
		if r := recover(); r != nil {
			x, err = nil, pathError(0, "the expression cannot be parsed")
		}
	}()
	stream := tokens.LexAll(path, jinjaConfig)
	template, err := parser.NewParser("path", stream, jinjaConfig, nil, noStatements).Parse()
	if err != nil {
		return nil, pathError(0, "%v", err)
	}
	if len(template.Nodes) != 1 {
		return nil, pathError(0, "a path is one {{ expression }}, with nothing before, between or after")
	}
	output, ok := template.Nodes[0].(*nodes.Output)
	if !ok {
		return nil, pathError(0, "a path is one {{ expression }}, and no statement")
	}
	x = &expression{}
	r := rewriter{x: x, add: add}
	x.root = r.rewrite(output.Expression)
	if output.Condition != nil {
		x.condition = r.rewrite(output.Condition)
	}
	if output.Alternative != nil {
		x.alternative = r.rewrite(output.Alternative)
	}
	if r.err != nil {
		return nil, r.err
	}
	return x, nil
}

// rewriter turns what was parsed into what may run: plain paths become inputs,
// operators that can do unbounded work become checked filters, and everything
// that is not known to be harmless is refused. The first fault ends it.
type rewriter struct {
	x   *expression
	add func([]step) (Slot, error)
	err error
}

func (r *rewriter) refuse(n nodes.Node, format string, args ...any) nodes.Expression {
	if r.err == nil {
		at := 0
		if token := n.Position(); token != nil {
			at = token.Pos
		}
		r.err = pathError(at, format, args...)
	}
	return &nodes.None{}
}

func (r *rewriter) rewrite(n nodes.Node) nodes.Expression {
	if r.err != nil {
		return &nodes.None{}
	}
	if steps, ok := plainSteps(n); ok {
		return r.input(n, steps)
	}
	switch n := n.(type) {
	case *nodes.None, *nodes.String, *nodes.Integer, *nodes.Float, *nodes.Bool:
		return n.(nodes.Expression)
	case *nodes.List:
		n.Val = r.each(n.Val)
		return n
	case *nodes.Tuple:
		n.Val = r.each(n.Val)
		return n
	case *nodes.GetAttribute:
		n.Node = r.rewrite(n.Node)
		return n
	case *nodes.GetItem:
		n.Node, n.Arg = r.rewrite(n.Node), r.rewrite(n.Arg)
		return n
	case *nodes.GetSlice:
		return r.slice(n)
	case *nodes.Negation:
		n.Term = r.rewrite(n.Term)
		return n
	case *nodes.UnaryExpression:
		n.Term = r.rewrite(n.Term)
		return n
	case *nodes.BinaryExpression:
		return r.binary(n)
	case *nodes.FilteredExpression:
		return r.filtered(n)
	case *nodes.TestExpression:
		return r.test(n)
	case *nodes.Call:
		return r.refuse(n, "a path calls no functions")
	case nil:
		r.err = pathError(0, "an expression is missing")
		return &nodes.None{}
	}
	return r.refuse(n, "this is not taken in a path")
}

func (r *rewriter) each(list []nodes.Expression) []nodes.Expression {
	for i := range list {
		list[i] = r.rewrite(list[i])
	}
	return list
}

func (r *rewriter) slice(n *nodes.GetSlice) nodes.Expression {
	n.Node = r.rewrite(n.Node)
	for _, part := range []*nodes.Node{&n.Start, &n.End, &n.Step} {
		if *part != nil {
			*part = r.rewrite(*part)
		}
	}
	return n
}

// binary leaves comparisons and and/or/in as they are: they make nothing larger
// than their operands.
func (r *rewriter) binary(n *nodes.BinaryExpression) nodes.Expression {
	n.Left, n.Right = r.rewrite(n.Left), r.rewrite(n.Right)
	token := n.Operator.Token
	if _, checked := operators[token.Type]; !checked {
		return n
	}
	return &nodes.FilteredExpression{Expression: n.Left, Filters: []*nodes.FilterCall{{
		Token: token, Name: operatorName(token.Type), Args: []nodes.Expression{n.Right},
	}}}
}

func (r *rewriter) filtered(n *nodes.FilteredExpression) nodes.Expression {
	n.Expression = r.rewrite(n.Expression)
	for _, f := range n.Filters {
		if !sandboxFilters.Exists(f.Name) {
			if r.err == nil {
				r.err = pathError(f.Token.Pos, "there is no filter %s", f.Name)
			}
			return n
		}
		f.Args = r.each(f.Args)
		r.named(f.Kwargs)
	}
	return n
}

func (r *rewriter) test(n *nodes.TestExpression) nodes.Expression {
	n.Expression = r.rewrite(n.Expression)
	if !sandboxTests.Exists(n.Test.Name) {
		if r.err == nil {
			r.err = pathError(n.Test.Token.Pos, "there is no test %s", n.Test.Name)
		}
		return n
	}
	n.Test.Args = r.each(n.Test.Args)
	r.named(n.Test.Kwargs)
	return n
}

func (r *rewriter) named(args map[string]nodes.Expression) {
	for name := range args {
		args[name] = r.rewrite(args[name])
	}
}

// input makes a plain path a slot of the set, under a name that nobody can write.
func (r *rewriter) input(n nodes.Node, steps []step) nodes.Expression {
	slot, err := r.add(steps)
	if err != nil {
		return r.refuse(n, "%v", err)
	}
	name := fmt.Sprintf("#%d", len(r.x.inputs))
	r.x.inputs = append(r.x.inputs, input{name, slot})
	return &nodes.Name{Name: &tokens.Token{Type: tokens.Name, Val: name}}
}

// plainSteps gives the steps of a name with nothing but literal members and
// indexes after it.
func plainSteps(n nodes.Node) ([]step, bool) {
	switch n := n.(type) {
	case *nodes.Name:
		return []step{{name: n.Name.Val, member: true}}, true
	case *nodes.GetAttribute:
		steps, ok := plainSteps(n.Node)
		if n.Attribute == "" {
			return append(steps, namedStep(fmt.Sprint(n.Index))), ok
		}
		return append(steps, step{name: n.Attribute, member: true}), ok
	case *nodes.GetItem:
		steps, ok := plainSteps(n.Node)
		switch arg := n.Arg.(type) {
		case *nodes.String:
			return append(steps, step{name: arg.Val, member: true}), ok
		case *nodes.Integer:
			return append(steps, step{index: arg.Val, item: true}), ok
		}
	}
	return nil, false
}

// evaluate gives the result as JSON; nil where it is missing, None, a fault, or
// over a bound.
func (x *expression) evaluate(v *Values) (result []byte) {
	if v.rendered >= maxRender {
		return nil
	}
	start := time.Now()
	defer func() {
		v.rendered += time.Since(start)
		if recover() != nil { // the library's own slips, such as a number base of 1
			result = nil
		}
	}()
	s := &sandbox{deadline: start.Add(maxRender - v.rendered)}
	data := map[string]any{sandboxKey: s}
	size := 0
	for _, in := range x.inputs {
		value := v.At(in.slot)
		if size += len(value.Raw); size > maxText {
			return nil
		}
		if value.Kind == Missing {
			continue
		}
		decoded, ok := s.decode(value.Raw)
		if !ok {
			return nil
		}
		data[in.name] = decoded
	}
	e := s.evaluator(data)
	root := x.root
	if x.condition != nil {
		if condition := e.Eval(x.condition); condition.IsError() || !condition.IsTrue() {
			root = x.alternative
		}
	}
	if root == nil {
		return nil
	}
	return s.result(e.Eval(root))
}

func (s *sandbox) result(value *exec.Value) []byte {
	if value.IsNil() || value.IsError() || s.exceeded {
		return nil
	}
	out, ok := appendResult(nil, value, 0)
	if !ok || len(out) > maxFound {
		return nil
	}
	return out
}
