package markup

import (
	"fmt"
	"reflect"
	"text/template/parse"
)

// arguments are what a function or method is called with: nodes, then what the pipeline had.
type arguments struct {
	dot   reflect.Value
	nodes []parse.Node
	final []reflect.Value
}

func (a arguments) count() int { return len(a.nodes) + len(a.final) }

// function calls a function by its name.
func (r *run) function(n *parse.IdentifierNode, args arguments) reflect.Value {
	if until, is := lazy[n.Ident]; is {
		return r.until(n, args, until)
	}
	f := r.set.functions[n.Ident]
	if !f.IsValid() {
		r.fail(n, "there is no function %s", n.Ident) // parse has refused it
	}
	return r.call(n, n.Ident, f, args)
}

// lazy are the functions that look at their arguments until one is as they want it.
var lazy = map[string]bool{"and": false, "or": true}

// until gives the first argument whose truth is as wanted, or else the last.
func (r *run) until(at parse.Node, args arguments, wanted bool) (value reflect.Value) {
	if args.count() == 0 {
		r.fail(at, "it takes one argument at least")
	}
	for _, node := range args.nodes {
		if value = inside(r.operand(args.dot, node)); truth(value) == wanted {
			return value
		}
	}
	for _, value = range args.final {
		value = inside(value)
	}
	return value
}

// inside gives what is in an interface.
func inside(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Interface {
		return v.Elem()
	}
	return v
}

// call calls a function with a receiver, if it is a method, and arguments.
func (r *run) call(at parse.Node, name string, f reflect.Value, args arguments, receiver ...reflect.Value) reflect.Value {
	t := f.Type()
	have := len(receiver) + args.count()
	fixed := t.NumIn()
	if t.IsVariadic() {
		fixed--
	}
	if have < fixed || have > fixed && !t.IsVariadic() {
		r.fail(at, "%s is called with %d arguments, and takes %d", name, have-len(receiver), fixed-len(receiver))
	}
	given := receiver
	wanted := func() reflect.Type {
		if len(given) < fixed {
			return t.In(len(given))
		}
		return t.In(fixed).Elem()
	}
	for _, node := range args.nodes {
		want := wanted()
		if n, is := node.(*parse.NumberNode); is && want.Kind() == reflect.Float64 {
			given = append(given, reflect.ValueOf(n.Float64).Convert(want))
			continue
		}
		given = append(given, r.fit(node, r.operand(args.dot, node), want))
	}
	for _, value := range args.final {
		given = append(given, r.fit(at, value, wanted()))
	}
	result, err := safely(f, given)
	if err != nil {
		r.fail(at, "%s: %w", name, err)
	}
	return inside(result)
}

// safely calls a function. One that panics, or compares what cannot be compared, ends the
// page and not the program.
func safely(f reflect.Value, given []reflect.Value) (result reflect.Value, err error) {
	defer func() {
		if what := recover(); what != nil {
			if said, is := what.(error); is {
				err = said
			} else {
				err = fmt.Errorf("%v", what)
			}
		}
	}()
	return f.Call(given)[0], nil
}

// fit makes a value one of a type, if it, what it leads to, or what leads to it is one.
func (r *run) fit(at parse.Node, value reflect.Value, want reflect.Type) reflect.Value {
	value = inside(value)
	switch {
	case !value.IsValid():
		switch want.Kind() {
		case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
			return reflect.Zero(want)
		default:
			r.fail(at, "nil is no %s", want)
		}
	case value.Type().AssignableTo(want):
		return value
	case value.Kind() == reflect.Pointer && !value.IsNil() && value.Type().Elem().AssignableTo(want):
		return value.Elem()
	case value.CanAddr() && reflect.PointerTo(value.Type()).AssignableTo(want):
		return value.Addr()
	}
	r.fail(at, "a %s is no %s", value.Type(), want)
	panic("unreachable")
}
