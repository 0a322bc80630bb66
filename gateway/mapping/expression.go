package mapping

import (
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
