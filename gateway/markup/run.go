package markup

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"text/template/parse"
)

// mostDeep bounds templates that call templates.
const mostDeep = 1000

// run is one execution of a template.
type run struct {
	set  *Set
	out  *output
	tree *parse.Tree
	vars []variable // those in scope, the newest last
	deep int
}

type variable struct {
	name  string
	value reflect.Value
}

// template runs a template with a value of its own as dot, and as $.
func (r *run) template(at parse.Node, name string, dot reflect.Value) {
	tree := r.set.trees[name]
	if tree == nil {
		r.fail(at, "there is no template %q", name)
	}
	if r.deep >= mostDeep {
		r.fail(at, "templates call one another %d deep", mostDeep)
	}
	inner := run{set: r.set, out: r.out, tree: tree, vars: []variable{{"$", dot}}, deep: r.deep + 1}
	inner.walk(dot, tree.Root)
}

// walk writes what a node makes.
func (r *run) walk(dot reflect.Value, node parse.Node) {
	switch n := node.(type) {
	case *parse.ListNode:
		for _, one := range n.Nodes {
			r.walk(dot, one)
		}
	case *parse.TextNode:
		if err := r.out.text(n.Text); err != nil {
			r.fail(n, "%w", err)
		}
	case *parse.ActionNode:
		value := r.pipe(dot, n.Pipe)
		if len(n.Pipe.Decl) > 0 {
			return // it gave a value to a variable
		}
		if err := r.out.value(value); err != nil {
			r.fail(n, "%w", err)
		}
	case *parse.IfNode:
		r.branch(dot, &n.BranchNode, false)
	case *parse.WithNode:
		r.branch(dot, &n.BranchNode, true)
	case *parse.RangeNode:
		r.each(dot, n)
	case *parse.TemplateNode:
		var inner reflect.Value
		if n.Pipe != nil {
			inner = r.pipe(dot, n.Pipe)
		}
		r.template(n, n.Name, inner)
	}
}

// branch is an if, or a with, which moves dot.
func (r *run) branch(dot reflect.Value, n *parse.BranchNode, moves bool) {
	defer r.scope(len(r.vars))
	value := r.pipe(dot, n.Pipe)
	switch {
	case truth(value) && moves:
		r.walk(value, n.List)
	case truth(value):
		r.walk(dot, n.List)
	case n.ElseList != nil:
		r.walk(dot, n.ElseList)
	}
}

// scope takes away the variables that are newer than so many.
func (r *run) scope(most int) { r.vars = r.vars[:most] }

// each is a range: over a list, or over a map by its keys in their order.
func (r *run) each(dot reflect.Value, n *parse.RangeNode) {
	defer r.scope(len(r.vars))
	value := bare(r.pipe(dot, n.Pipe)) // it declares what it declares by its first value, which is set below
	scope := len(r.vars)
	some := false
	one := func(key, element reflect.Value) {
		some = true
		decl := n.Pipe.Decl
		if len(decl) > 0 {
			r.assign(n, decl[len(decl)-1].Ident[0], element)
		}
		if len(decl) > 1 {
			r.assign(n, decl[0].Ident[0], key)
		}
		r.walk(element, n.List)
		r.scope(scope)
	}
	switch value.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			one(reflect.ValueOf(i), value.Index(i))
		}
	case reflect.Map:
		keys := value.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
		for _, key := range keys {
			one(key, value.MapIndex(key))
		}
	case reflect.Invalid: // nil has nothing in it
	default:
		r.fail(n, "there is no range over a %s", value.Type())
	}
	if !some && n.ElseList != nil {
		r.walk(dot, n.ElseList)
	}
}

// assign gives a value to the newest variable of a name.
func (r *run) assign(at parse.Node, name string, value reflect.Value) {
	for i := len(r.vars) - 1; i >= 0; i-- {
		if r.vars[i].name == name {
			r.vars[i].value = value
			return
		}
	}
	r.fail(at, "there is no variable %s", name)
}

// check refuses what the language of this package does not have.
func (s *Set) check(tree *parse.Tree) error {
	var wrong error
	refuse := func(n parse.Node, why string) {
		if wrong == nil {
			where, what := tree.ErrorContext(n)
			wrong = fmt.Errorf("%s: %s: %s", where, what, why)
		}
	}
	var look func(parse.Node)
	branch := func(n *parse.BranchNode) {
		look(n.List)
		if n.ElseList != nil {
			look(n.ElseList)
		}
	}
	look = func(node parse.Node) {
		switch n := node.(type) {
		case *parse.ListNode:
			for _, one := range n.Nodes {
				look(one)
			}
		case *parse.IfNode:
			branch(&n.BranchNode)
		case *parse.WithNode:
			branch(&n.BranchNode)
		case *parse.RangeNode:
			if n.Pipe.IsAssign {
				refuse(n, "a range declares its variables: write :=")
			}
			branch(&n.BranchNode)
		case *parse.TextNode, *parse.ActionNode, *parse.TemplateNode, *parse.CommentNode:
		default:
			refuse(n, "there is no such thing here")
		}
	}
	look(tree.Root)
	return wrong
}
