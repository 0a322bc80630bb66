package markup

import (
	"cmp"
	"fmt"
	"reflect"
)

// builtins are the functions that every set has; and and or are in lazy. Each is as in
// text/template.
var builtins = map[string]any{
	"not":    func(v any) bool { return !truth(reflect.ValueOf(v)) },
	"eq":     equalsOne,
	"ne":     func(a, b any) bool { return !equals(a, b) },
	"lt":     func(a, b any) bool { return order(a, b) < 0 },
	"le":     func(a, b any) bool { return order(a, b) <= 0 },
	"gt":     func(a, b any) bool { return order(a, b) > 0 },
	"ge":     func(a, b any) bool { return order(a, b) >= 0 },
	"len":    func(v any) int { return bare(reflect.ValueOf(v)).Len() },
	"index":  index,
	"print":  fmt.Sprint,
	"printf": fmt.Sprintf,
}

// equalsOne says whether a value equals one of others.
func equalsOne(a any, others ...any) bool {
	for _, b := range others {
		if equals(a, b) {
			return true
		}
	}
	return false
}

// equals compares two of one kind; other kinds are a mistake in a template.
func equals(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Kind() == reflect.Bool && y.Kind() == reflect.Bool {
		return x.Bool() == y.Bool()
	}
	return order(a, b) == 0
}

// order compares two texts, or two numbers of one kind.
func order(a, b any) int {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	switch {
	case x.Kind() == reflect.String && y.Kind() == reflect.String:
		return cmp.Compare(x.String(), y.String())
	case x.CanInt() && y.CanInt():
		return cmp.Compare(x.Int(), y.Int())
	case x.CanUint() && y.CanUint():
		return cmp.Compare(x.Uint(), y.Uint())
	case x.CanFloat() && y.CanFloat():
		return cmp.Compare(x.Float(), y.Float())
	}
	panic(fmt.Sprintf("a %T is not compared with a %T", a, b))
}

// index gives what a list has at a place, or a map at a key.
func index(of any, at any) any {
	list, key := bare(reflect.ValueOf(of)), reflect.ValueOf(at)
	switch list.Kind() {
	case reflect.Map:
		if found := list.MapIndex(key); found.IsValid() {
			return found.Interface()
		}
		return reflect.Zero(list.Type().Elem()).Interface()
	case reflect.Slice, reflect.Array, reflect.String:
		return list.Index(int(key.Int())).Interface()
	}
	panic(fmt.Sprintf("a %T has no index", of))
}
