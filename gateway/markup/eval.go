package markup

import (
	"reflect"
	"strings"
	"text/template/parse"
)

// pipe gives the value of a pipeline; its variables have it then.
func (r *run) pipe(dot reflect.Value, pipe *parse.PipeNode) (value reflect.Value) {
	for i, command := range pipe.Cmds {
		if i == 0 {
			value = r.command(dot, command)
		} else {
			value = r.command(dot, command, value)
		}
		if value.Kind() == reflect.Interface { // what is in it is what matters
			value = value.Elem()
		}
	}
	for _, v := range pipe.Decl {
		if pipe.IsAssign {
			r.assign(pipe, v.Ident[0], value)
		} else {
			r.vars = append(r.vars, variable{v.Ident[0], value})
		}
	}
	return value
}

// command gives the value of one command; final is that of the one before it in a pipeline.
func (r *run) command(dot reflect.Value, c *parse.CommandNode, final ...reflect.Value) reflect.Value {
	args := arguments{dot: dot, nodes: c.Args[1:], final: final}
	switch n := c.Args[0].(type) {
	case *parse.FieldNode:
		return r.fields(n, dot, n.Ident, args)
	case *parse.ChainNode:
		return r.fields(n, r.operand(dot, n.Node), n.Field, args)
	case *parse.VariableNode:
		return r.fields(n, r.variable(n), n.Ident[1:], args)
	case *parse.IdentifierNode:
		return r.function(n, args)
	}
	if len(args.nodes)+len(final) > 0 {
		r.fail(c.Args[0], "what is no function has no arguments")
	}
	return r.operand(dot, c.Args[0])
}

// operand gives the value of what stands for one, of whatever type it has by itself.
func (r *run) operand(dot reflect.Value, node parse.Node) reflect.Value {
	switch n := node.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return r.fields(n, dot, n.Ident, arguments{})
	case *parse.VariableNode:
		return r.fields(n, r.variable(n), n.Ident[1:], arguments{})
	case *parse.ChainNode:
		return r.fields(n, r.operand(dot, n.Node), n.Field, arguments{})
	case *parse.PipeNode:
		return r.pipe(dot, n)
	case *parse.IdentifierNode:
		return r.function(n, arguments{dot: dot})
	case *parse.BoolNode:
		return reflect.ValueOf(n.True)
	case *parse.StringNode:
		return reflect.ValueOf(n.Text)
	case *parse.NumberNode:
		return r.number(n)
	case *parse.NilNode:
		return reflect.Value{}
	}
	r.fail(node, "this is no value")
	panic("unreachable")
}

// number is an int, or by a point or an exponent a float64.
func (r *run) number(n *parse.NumberNode) reflect.Value {
	switch {
	case n.IsInt && !strings.ContainsAny(n.Text, ".eE"):
		return reflect.ValueOf(int(n.Int64))
	case n.IsFloat:
		return reflect.ValueOf(n.Float64)
	}
	r.fail(n, "numbers are int or float64")
	panic("unreachable")
}

func (r *run) variable(n *parse.VariableNode) reflect.Value {
	for i := len(r.vars) - 1; i >= 0; i-- {
		if r.vars[i].name == n.Ident[0] {
			return r.vars[i].value
		}
	}
	r.fail(n, "there is no variable %s", n.Ident[0]) // parse has refused it
	panic("unreachable")
}

// fields gives .A.B.C of a value; the arguments are for the last.
func (r *run) fields(at parse.Node, value reflect.Value, names []string, args arguments) reflect.Value {
	for i, name := range names {
		if i < len(names)-1 {
			value = r.field(at, value, name, arguments{})
		} else {
			value = r.field(at, value, name, args)
		}
	}
	if len(names) == 0 && args.count() > 0 {
		r.fail(at, "what is no function has no arguments")
	}
	return value
}

// field gives .Name of a value: what its method gives, or a member.
func (r *run) field(at parse.Node, of reflect.Value, name string, args arguments) reflect.Value {
	if of.Kind() == reflect.Interface {
		of = of.Elem()
	}
	if !of.IsValid() {
		r.fail(at, "nil has no %s", name)
	}
	if method, receiver := r.set.method(of, name); method.IsValid() {
		return r.call(at, name, method, args, receiver)
	}
	inner := bare(of)
	if args.count() > 0 {
		r.fail(at, "%s has no method %s that templates may call: it takes no arguments", of.Type(), name)
	}
	switch inner.Kind() {
	case reflect.Struct:
		if f, is := inner.Type().FieldByName(name); is && f.IsExported() {
			found, err := inner.FieldByIndexErr(f.Index)
			if err != nil {
				r.fail(at, "%w", err)
			}
			return found
		}
	case reflect.Map:
		if key := reflect.ValueOf(name); key.Type().AssignableTo(inner.Type().Key()) {
			return inner.MapIndex(key)
		}
	case reflect.Invalid:
		r.fail(at, "a %s that is nil has no %s", of.Type(), name)
	}
	r.fail(at, "%s has no field %s, and no such method that templates may call", of.Type(), name)
	panic("unreachable")
}

// method finds a method that templates may call of a value, and what it is called with: the
// value, what it leads to, what leads to it, or what is embedded in it.
func (s *Set) method(of reflect.Value, name string) (method, receiver reflect.Value) {
	all := s.methods[name]
	if len(all) == 0 {
		return reflect.Value{}, reflect.Value{}
	}
	for _, m := range all {
		switch first := m.Type().In(0); {
		case of.Type() == first:
			return m, of
		case of.CanAddr() && first == reflect.PointerTo(of.Type()):
			return m, of.Addr()
		case of.Kind() == reflect.Pointer && !of.IsNil() && first == of.Type().Elem():
			return m, of.Elem()
		}
	}
	return s.embedded(bare(of), name)
}

// embedded is method for what is embedded in a struct. A field is nearer than that.
func (s *Set) embedded(in reflect.Value, name string) (method, receiver reflect.Value) {
	if in.Kind() != reflect.Struct {
		return reflect.Value{}, reflect.Value{}
	}
	if f, is := in.Type().FieldByName(name); is && f.IsExported() {
		return reflect.Value{}, reflect.Value{}
	}
	if !in.CanAddr() {
		copied := reflect.New(in.Type()).Elem()
		copied.Set(in)
		in = copied
	}
	for i := range in.NumField() {
		f := in.Type().Field(i)
		at := in.Field(i)
		if f.Type.Kind() != reflect.Pointer {
			at = at.Addr()
		}
		if !f.Anonymous || at.IsNil() {
			continue
		}
		// Of a field of an unexported type reflect calls nothing; of what stands there it does.
		if m, receiver := s.method(reflect.NewAt(at.Type().Elem(), at.UnsafePointer()), name); m.IsValid() {
			return m, receiver
		}
	}
	return reflect.Value{}, reflect.Value{}
}

// bare gives what pointers and interfaces lead to; nil leads to what is not valid.
func bare(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// truth says whether a value is other than nothing.
func truth(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return false
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() > 0
	case reflect.Struct:
		return true // as text/template has it
	default:
		return !v.IsZero()
	}
}
