package markup

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"text/template/parse"
)

// HTML is text that goes into a page as it is. Who makes it has escaped what others wrote.
type HTML string

// Functions are what templates call by name: each gives one value.
type Functions map[string]any

// Methods are what templates call of values, by name: each a method expression, (*view).At,
// that gives one value. Several types may have one of a name.
type Methods map[string][]any

// Set is templates that may call one another. Once parsed it may be used by many at once.
type Set struct {
	functions map[string]reflect.Value
	methods   map[string][]reflect.Value
	known     map[string]any // the names of functions, for parse
	trees     map[string]*parse.Tree
}

// New makes an empty set. A function or method that is none is a mistake in the program.
func New(functions Functions, methods Methods) *Set {
	s := &Set{functions: map[string]reflect.Value{}, methods: map[string][]reflect.Value{}, known: map[string]any{}, trees: map[string]*parse.Tree{}}
	for name, f := range builtins {
		s.functions[name] = reflect.ValueOf(f)
	}
	for name, f := range functions {
		s.functions[name] = called(name, f, 0)
	}
	for name := range s.functions {
		s.known[name] = true
	}
	for name := range lazy {
		s.known[name] = true
	}
	for name, all := range methods {
		for _, m := range all {
			s.methods[name] = append(s.methods[name], called(name, m, 1))
		}
	}
	return s
}

// called is a function with so many parameters at least, and one result.
func called(name string, f any, least int) reflect.Value {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.Type().NumOut() != 1 || v.Type().NumIn() < least {
		panic(fmt.Sprintf("markup: %s is a %T: a function or method expression with one result is needed", name, f))
	}
	return v
}

// Parse adds the templates that a text defines, and the text itself under its name, if it is
// more than definitions. One of a name that is there already takes its place.
func (s *Set) Parse(name, text string) error {
	trees, err := parse.Parse(name, text, "", "", s.known)
	if err != nil {
		return err
	}
	for name, tree := range trees {
		if err := s.check(tree); err != nil {
			return err
		}
		if s.trees[name] == nil || !parse.IsEmptyTree(tree.Root) {
			s.trees[name] = tree
		}
	}
	return nil
}

// Clone gives a set that can be added to without a change of this one.
func (s *Set) Clone() *Set {
	c := *s
	c.trees = maps.Clone(s.trees)
	return &c
}

// Execute writes the page that a template makes of data. After an error part of it may have
// been written.
func (s *Set) Execute(w io.Writer, name string, data any) (err error) {
	r := run{set: s, out: &output{w: w}}
	defer func() {
		if what := recover(); what != nil {
			failed, is := what.(failure)
			if !is {
				panic(what)
			}
			err = failed.err
		}
	}()
	r.template(nil, name, reflect.ValueOf(data))
	if !r.out.place.inText() {
		return fmt.Errorf("%s: the page ends within a tag, or within <%s>", name, r.out.place.element)
	}
	return nil
}

// failure ends a run, from wherever in it. Each step would have to hand it on otherwise; a
// panic of anything else goes through.
type failure struct{ err error }

// fail ends a run with what is wrong at a node.
func (r *run) fail(at parse.Node, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if at != nil && r.tree != nil {
		where, what := r.tree.ErrorContext(at)
		err = fmt.Errorf("%s: %s: %w", where, what, err)
	}
	panic(failure{err})
}
