package fields

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"hookgate/gateway"
)

// Word is a leaf of a tree that has no type of its own, such as an environment
// variable that was put in: it is read as whatever its field asks for.
type Word string

// Option changes how Decode goes about it.
type Option func(*decoder)

// ReadOnly names members that are left out of account, by their paths from the
// root: with those of a GET's answer, it can be written back as it is.
func ReadOnly(paths ...string) Option {
	return func(d *decoder) { d.readOnly = append(d.readOnly, paths...) }
}

// EveryFault has Decode give all faults, for who reads a file of its own.
func EveryFault(d *decoder) { d.most = math.MaxInt }

// Decode sets dst, a non-nil pointer, from a tree as Parse makes it, and gives
// the faults, ordered by their place: the first gateway.MaxFaults, after which it
// reads no further. With faults, dst holds what was right. What the tree does not mention keeps its value; lists and maps are replaced.
//
// dst may be made of structs with json tags, embedded ones too (by value), pointers,
// slices, maps by string, objects that keep their order, text, booleans, numbers, and
// types with an UnmarshalJSON. A struct in whose place a list may stand has a field for
// it, tagged fields:"list"; one in whose place a single value may stand has one tagged
// fields:"alone". It panics on other types.
func Decode(tree any, dst any, options ...Option) []gateway.Fault {
	d := &decoder{most: gateway.MaxFaults}
	for _, option := range options {
		option(d)
	}
	d.value("", tree, reflect.ValueOf(dst).Elem())
	return d.faults
}

type decoder struct {
	readOnly []string
	most     int // faults
	faults   []gateway.Fault
}

func (d *decoder) fault(path, format string, args ...any) {
	d.faults = append(d.faults, gateway.Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (d *decoder) full() bool { return len(d.faults) >= d.most }

// value sets dst, which stands at path, from the tree.
func (d *decoder) value(path string, tree any, dst reflect.Value) {
	switch {
	case d.full():
	case dst.Kind() == reflect.Pointer:
		d.pointer(path, tree, dst)
	case KeepsOrder(dst.Type()):
		d.members(path, tree, dst)
	case readsItself(dst.Type()):
		d.unmarshal(path, tree, dst)
	case dst.Kind() == reflect.Struct:
		d.object(path, tree, dst)
	case dst.Kind() == reflect.Slice:
		d.list(path, tree, dst)
	case dst.Kind() == reflect.Map:
		d.dictionary(path, tree, dst)
	default:
		d.scalar(path, tree, dst)
	}
}

// pointer leaves a value nil that could not be read, so that who looks on finds
// it absent and not zero.
func (d *decoder) pointer(path string, tree any, dst reflect.Value) {
	if !dst.IsNil() {
		d.value(path, tree, dst.Elem())
		return
	}
	fresh, before := reflect.New(dst.Type().Elem()), len(d.faults)
	d.value(path, tree, fresh.Elem())
	if len(d.faults) == before || Names(dst.Type()) != nil {
		dst.Set(fresh)
	}
}

func (d *decoder) object(path string, tree any, dst reflect.Value) {
	known := objectOf(dst.Type())
	if _, is := tree.([]any); is && known.list != nil {
		d.list(path, tree, dst.FieldByIndex(known.list))
		return
	}
	members, ok := tree.(*Object)
	if _, list := tree.([]any); !ok && !list && known.alone != nil {
		d.value(path, tree, dst.FieldByIndex(known.alone))
		return
	}
	if !ok {
		d.mismatch(path, "an object", tree)
		return
	}
	for _, m := range members.sorted() {
		if d.full() {
			return
		}
		place := Member(path, m.name)
		if slices.Contains(d.readOnly, place) {
			continue
		}
		index, found := known.index[m.name]
		switch {
		case !found:
			d.unknown(place, m.name, known.names, dst.Type())
		case m.value != nil:
			d.value(place, m.value, dst.FieldByIndex(index))
		}
	}
}

func (d *decoder) unknown(place, name string, known []string, of reflect.Type) {
	if base, is := strings.CutSuffix(name, "_file"); is && isSecret(TypeAt(of, Member("", base))) {
		d.fault(place, "is for the configuration file alone, whose machine has the file: write %s itself", base)
		return
	}
	d.fault(place, "is not a known field%s", Meant(name, known))
}

// isSecret says whether values of a type are secrets, or lists of them.
func isSecret(t reflect.Type) bool {
	return t == reflect.TypeFor[gateway.Secret]() || t == reflect.TypeFor[[]gateway.Secret]()
}

func (d *decoder) list(path string, tree any, dst reflect.Value) {
	elements, ok := tree.([]any)
	if !ok {
		d.mismatch(path, "a list", tree)
		return
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(elements), len(elements)))
	for i, element := range elements {
		if d.full() {
			return
		}
		if element == nil && !readsItself(dst.Type().Elem()) { // one may know what null is: gateway.Raw does
			d.fault(Index(path, i), "has no value")
			continue
		}
		d.value(Index(path, i), element, dst.Index(i))
	}
}

func (d *decoder) dictionary(path string, tree any, dst reflect.Value) {
	members, ok := tree.(*Object)
	if !ok {
		d.mismatch(path, "an object", tree)
		return
	}
	dst.Set(reflect.MakeMapWithSize(dst.Type(), members.Len()))
	for _, m := range members.sorted() {
		if d.full() {
			return
		}
		element := reflect.New(dst.Type().Elem()).Elem()
		if d.element(Member(path, m.name), m.value, element) {
			dst.SetMapIndex(reflect.ValueOf(m.name).Convert(dst.Type().Key()), element)
		}
	}
}

// element sets the value of a member whose name is not ours; false where it has none.
func (d *decoder) element(path string, tree any, dst reflect.Value) bool {
	switch {
	case tree != nil:
		d.value(path, tree, dst)
	case Names(dst.Type()) == nil: // an object that says nothing is all defaults; a value is missing
		d.fault(path, "has no value")
		return false
	}
	return true
}

// ordered is an object whose members keep their order: gateway.Members is one. Append
// adds a member and gives where its value goes, good until the next.
type ordered interface{ Append(name string) any }

var orderedType = reflect.TypeFor[ordered]()

// KeepsOrder says whether t is of objects whose members keep their order: a list of
// structs of a name and a value.
func KeepsOrder(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && reflect.PointerTo(t).Implements(orderedType)
}

// members is dictionary for what keeps the order of its members. Faults come in that
// order, too.
func (d *decoder) members(path string, tree any, dst reflect.Value) {
	members, ok := tree.(*Object)
	if !ok {
		d.mismatch(path, "an object", tree)
		return
	}
	dst.Set(reflect.MakeSlice(dst.Type(), 0, members.Len()))
	to := dst.Addr().Interface().(ordered)
	for name, value := range members.All() {
		if d.full() {
			return
		}
		if !d.element(Member(path, name), value, reflect.ValueOf(to.Append(name)).Elem()) {
			dst.SetLen(dst.Len() - 1)
		}
	}
}

func (d *decoder) unmarshal(path string, tree any, dst reflect.Value) {
	if word, ok := tree.(Word); ok {
		tree = word.literal()
	}
	if err := dst.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(appendTree(nil, tree)); err != nil {
		d.fault(path, "is %s", err)
	}
}

// literal reads a word as JSON would: a number, true, false, else text.
func (w Word) literal() any {
	if w == "true" || w == "false" {
		return w == "true"
	}
	var n json.Number
	if err := json.Unmarshal([]byte(w), &n); err == nil && n.String() == string(w) {
		return n
	}
	return string(w)
}

func (d *decoder) scalar(path string, tree any, dst reflect.Value) {
	if word, ok := tree.(Word); ok {
		if tree = word.literal(); dst.Kind() == reflect.String {
			tree = string(word)
		}
	}
	switch kind := dst.Kind(); kind {
	case reflect.String:
		if s, ok := tree.(string); ok {
			dst.SetString(s)
			return
		}
		d.mismatch(path, "text", tree)
	case reflect.Bool:
		if b, ok := tree.(bool); ok {
			dst.SetBool(b)
			return
		}
		d.mismatch(path, "true or false", tree)
	default:
		n, ok := tree.(json.Number)
		if !ok {
			d.mismatch(path, "a number", tree)
			return
		}
		d.number(path, n.String(), dst)
	}
}

func (d *decoder) number(path, text string, dst reflect.Value) {
	bits := dst.Type().Bits()
	switch {
	case dst.CanFloat():
		if n, err := strconv.ParseFloat(text, bits); err == nil {
			dst.SetFloat(n)
			return
		}
		d.fault(path, "is a number that is too large")
	case dst.CanInt():
		if n, err := strconv.ParseInt(text, 10, bits); err == nil {
			dst.SetInt(n)
			return
		}
		d.fault(path, "must be a whole number of at most %d bits", bits)
	default:
		if n, err := strconv.ParseUint(text, 10, bits); err == nil {
			dst.SetUint(n)
			return
		}
		d.fault(path, "must be a whole number, not negative, of at most %d bits", bits)
	}
}

// mismatch names what was found, never its value: that may be a secret.
func (d *decoder) mismatch(path, want string, tree any) {
	hint := ""
	if _, leaf := tree.(*Object); !leaf && want == "text" {
		if _, list := tree.([]any); !list {
			hint = ": put it in quotes"
		}
	}
	d.fault(path, "must be %s, not %s%s", want, kindOf(tree), hint)
}

func kindOf(tree any) string {
	switch tree.(type) {
	case *Object:
		return "an object"
	case []any:
		return "a list"
	case bool:
		return "true or false"
	case json.Number:
		return "a number"
	case nil:
		return "null"
	}
	return "text"
}
