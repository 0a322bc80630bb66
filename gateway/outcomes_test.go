package gateway_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"hookgate/gateway"
)

// An outcome that is not listed has no counter, and counting it would be a panic.
func TestOutcomesAreAllListed(t *testing.T) {
	source, err := parser.ParseFile(token.NewFileSet(), "callback.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []gateway.Outcome
	ast.Inspect(source, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		if name, is := spec.Type.(*ast.Ident); is && name.Name == "Outcome" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			declared = append(declared, gateway.Outcome(text))
		}
		return true
	})
	listed := slices.Clone(gateway.Outcomes)
	slices.Sort(declared)
	slices.Sort(listed)
	if len(declared) == 0 || !slices.Equal(declared, listed) {
		t.Errorf("declared are\n%q, listed\n%q", declared, listed)
	}
}
