package fields

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// object is what Decode knows of a struct type.
type object struct {
	index map[string][]int // by json name, for FieldByIndex
	names []string         // in the order of the struct
	list  []int            // of the field that a list is read into, in the place of an object; nil: none
	alone []int            // and of the one that a single value is read into
}

var objects sync.Map // reflect.Type to *object

// objectOf lists the fields of a struct type under their json names, those of
// embedded structs included. Where two have one name, the outer one counts.
func objectOf(t reflect.Type) *object {
	if known, ok := objects.Load(t); ok {
		return known.(*object)
	}
	o := &object{index: map[string][]int{}}
	for _, f := range reflect.VisibleFields(t) {
		switch f.Tag.Get("fields") {
		case "list":
			o.list = f.Index
		case "alone":
			o.alone = f.Index
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		embedded := f.Anonymous && name == ""
		if !f.IsExported() || name == "-" || embedded {
			continue
		}
		if name == "" {
			name = f.Name
		}
		old, twice := o.index[name]
		if twice && len(old) <= len(f.Index) {
			continue
		}
		if !twice {
			o.names = append(o.names, name)
		}
		o.index[name] = f.Index
	}
	known, _ := objects.LoadOrStore(t, o)
	return known.(*object)
}

// Names lists the fields of a struct type, or of a pointer to one, as they are
// written; nil for other types and for those that read themselves.
func Names(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || readsItself(t) {
		return nil
	}
	return objectOf(t).names
}

// Alone gives the type of the single value that may stand in the place of a struct; nil
// where none may.
func Alone(t reflect.Type) reflect.Type {
	return instead(t, func(o *object) []int { return o.alone })
}

// List gives the type of the list that may stand in the place of a struct; nil where none
// may.
func List(t reflect.Type) reflect.Type {
	return instead(t, func(o *object) []int { return o.list })
}

func instead(t reflect.Type, index func(*object) []int) reflect.Type {
	if Names(t) == nil {
		return nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if at := index(objectOf(t)); at != nil {
		return t.FieldByIndex(at).Type
	}
	return nil
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// readsItself says whether values of the type have an UnmarshalJSON of their own that
// alone knows how they are written: a struct that may be a list is read here.
func readsItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(unmarshaler) && (t.Kind() != reflect.Struct || objectOf(t).list == nil)
}

// TypeAt gives the type of what stands at the place in a value of type t, nil if
// no field is there. Pointers are followed.
func TypeAt(t reflect.Type, path string) reflect.Type {
	if path != "" {
		parent, last := Parent(path)
		if t = TypeAt(t, parent); t == nil {
			return nil
		}
		if t = step(t, last, strings.HasSuffix(path, "]")); t == nil {
			return nil
		}
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func step(t reflect.Type, last string, bracket bool) reflect.Type {
	element := bracket && strings.HasPrefix(last, "[")
	switch {
	case KeepsOrder(t):
		return t.Elem().Field(1).Type
	case readsItself(t):
		return nil
	case t.Kind() == reflect.Slice && element:
		return t.Elem()
	case t.Kind() == reflect.Struct && element:
		if list := objectOf(t).list; list != nil {
			return t.FieldByIndex(list).Type.Elem()
		}
	case t.Kind() == reflect.Map:
		return t.Elem()
	case t.Kind() == reflect.Struct:
		if index, known := objectOf(t).index[last]; known {
			return t.FieldByIndex(index).Type
		}
	}
	return nil
}
