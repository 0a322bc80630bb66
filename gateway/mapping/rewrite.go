package mapping

import (
	"fmt"

	"github.com/nikolalohinski/gonja/v2/nodes"
)

// rewriter turns what was parsed into what may run: plain paths become inputs, and
// everything that eval does not know, or knows no bound of, is refused. The first
// fault ends it.
type rewriter struct {
	*expressions
	x   *expression
	at  int // where the parsed text starts, for the faults
	err error
}

func (r *rewriter) refuse(n nodes.Node, format string, args ...any) nodes.Expression {
	if r.err == nil {
		r.err = pathError(r.at+offset(n), format, args...)
	}
	return &nodes.None{}
}

func (r *rewriter) rewrite(n nodes.Node) nodes.Expression {
	if r.err != nil {
		return &nodes.None{}
	}
	if isNone(n) {
		return &nodes.None{Location: n.Position()}
	}
	if steps, ok := plainSteps(n); ok {
		return r.input(n, steps)
	}
	switch n := n.(type) {
	case *nodes.String, *nodes.Integer, *nodes.Float, *nodes.Bool:
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
		n.Left, n.Right = r.rewrite(n.Left), r.rewrite(n.Right)
		return n
	case *nodes.FilteredExpression:
		return r.filtered(n)
	case *nodes.TestExpression:
		return r.test(n)
	case *nodes.Call:
		return r.call(n)
	case nil:
		r.err = pathError(r.at, "an expression is missing")
		return &nodes.None{}
	}
	return r.refuse(n, "this is not taken in a path")
}

// call takes range() alone.
func (r *rewriter) call(n *nodes.Call) nodes.Expression {
	if !r.functions {
		return r.refuse(n, "a path calls no functions")
	}
	name, ok := n.Func.(*nodes.Name)
	if !ok || name.Name.Val != "range" || len(n.Kwargs) > 0 || len(n.Args) < 1 || len(n.Args) > 3 {
		return r.refuse(n, "there is no function but range(stop), range(start, stop) and range(start, stop, step)")
	}
	n.Args = r.each(n.Args)
	return n
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

func (r *rewriter) filtered(n *nodes.FilteredExpression) nodes.Expression {
	n.Expression = r.rewrite(n.Expression)
	for _, f := range n.Filters {
		if !sandboxFilters.Exists(f.Name) {
			if r.err == nil {
				r.err = pathError(r.at+f.Token.Pos, "there is no filter %s", f.Name)
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
			r.err = pathError(r.at+n.Test.Token.Pos, "there is no test %s", n.Test.Name)
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

// input makes a plain path an input.
func (r *rewriter) input(n nodes.Node, steps []step) nodes.Expression {
	p, err := r.place(steps)
	if err != nil {
		r.err = moved(err, r.at+offset(n))
		return &nodes.None{}
	}
	in := &input{Token: n.Position(), index: len(r.x.inputs), place: p}
	r.x.inputs = append(r.x.inputs, in)
	return in
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
		case *nodes.UnaryExpression:
			if n, isInteger := arg.Term.(*nodes.Integer); isInteger && arg.Negative {
				return append(steps, step{index: -n.Val, item: true}), ok
			}
		}
	}
	return nil, false
}
