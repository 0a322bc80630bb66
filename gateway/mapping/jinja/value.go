package jinja

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// Kind is what a value is, in the words of Python.
type Kind uint8

// The kinds.
const (
	Undefined Kind = iota
	None
	Bool
	Int
	Float
	String
	List // a tuple, too
	Dict
	Object // what templates make and documents cannot hold: a macro, loop, namespace

	unset // of a name to which nothing was given yet
)

// Value is one value. What came from the document stays JSON as it lies there until
// somebody looks into it.
type Value struct {
	kind   Kind
	flag   bool    // a Bool's value; a List is a tuple; a String is safe HTML
	raw    bool    // source is JSON
	num    int64   // an Int's value, where object is nil
	flt    float64 // a Float's
	source string  // a number's literal; a String, List or Dict that was not decoded; a String's text
	object any     // *big.Int, *list, *dict, or what an Object is
}

// list holds items; those of groupby have names, too.
type list struct {
	items []Value
	names []string
}

var (
	undefined = Value{}
	none      = Value{kind: None}
	empty     = Value{kind: String}
)

func boolean(b bool) Value { return Value{kind: Bool, flag: b} }

func integer(n int) Value { return Value{kind: Int, num: int64(n)} }

func float(f float64) Value { return Value{kind: Float, flt: f} }

func text(s string) Value { return Value{kind: String, source: s} }

func safe(s string) Value { return Value{kind: String, source: s, flag: true} }

func tuple(l ...Value) Value { return Value{kind: List, object: &list{items: l}, flag: true} }

func mapping(d *dict) Value { return Value{kind: Dict, object: d} }

func object(o any) Value { return Value{kind: Object, object: o} }

func (v Value) isNumber() bool { return v.kind == Int || v.kind == Float || v.kind == Bool }

func whole(b *big.Int) Value {
	if b.IsInt64() {
		return Value{kind: Int, num: b.Int64()}
	}
	return Value{kind: Int, object: b}
}

// fromJSON gives the value of a JSON text, which must be valid.
func fromJSON(raw string) Value {
	if raw == "" {
		return undefined
	}
	switch raw[0] {
	case '"':
		return Value{kind: String, source: raw, raw: true}
	case '{':
		return Value{kind: Dict, source: raw, raw: true}
	case '[':
		return Value{kind: List, source: raw, raw: true}
	case 't', 'f':
		return boolean(raw[0] == 't')
	case 'n':
		return none
	}
	return number(raw)
}

// number reads a literal, and keeps it.
func number(raw string) Value {
	if strings.ContainsAny(raw, ".eE") {
		f, _ := strconv.ParseFloat(raw, 64) // beyond the range it is infinite
		return Value{kind: Float, flt: f, source: raw, raw: true}
	}
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
		return Value{kind: Int, num: n, source: raw, raw: true}
	}
	return Value{kind: Int, source: raw, raw: true}
}

// text gives what a String says.
func (v Value) text() string {
	if !v.raw {
		return v.source
	}
	return unquote(v.source)
}

// unquote decodes a JSON string.
func unquote(raw string) string {
	inner := raw[1 : len(raw)-1]
	if strings.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return gjson.Parse(raw).String()
}

// big gives an Int or Bool without bound. The result must not be changed.
func (v Value) big() *big.Int {
	if b, is := v.object.(*big.Int); is {
		return b
	}
	if v.kind == Bool {
		return big.NewInt(v.small())
	}
	if v.raw && v.num == 0 {
		if b, ok := new(big.Int).SetString(v.source, 10); ok {
			return b
		}
	}
	return big.NewInt(v.num)
}

// isSmall says whether an Int or Bool has 64 bits.
func (v Value) isSmall() bool {
	return v.kind == Bool || v.object == nil && (v.num != 0 || !v.raw || v.source == "0" || v.source == "-0")
}

// small gives an Int or Bool that is small.
func (v Value) small() int64 {
	if v.kind == Bool {
		if v.flag {
			return 1
		}
		return 0
	}
	return v.num
}

// double gives a number as a float.
func (v Value) double() float64 {
	switch {
	case v.kind == Float:
		return v.flt
	case v.isSmall():
		return float64(v.small())
	}
	f, _ := new(big.Float).SetInt(v.big()).Float64()
	return f
}

// truth is what an if takes a value for.
func (v Value) truth() bool {
	switch v.kind {
	case Bool:
		return v.flag
	case Int:
		return !v.isSmall() || v.num != 0
	case Float:
		return v.flt != 0
	case String:
		return v.source != "" && (!v.raw || len(v.source) > 2)
	case List:
		if l, is := v.object.(*list); is {
			return len(l.items) > 0
		}
		return holdsSome(v.source)
	case Dict:
		if d, is := v.object.(*dict); is {
			return len(d.keys) > 0
		}
		return holdsSome(v.source)
	case Object:
		return true
	}
	return false
}

// holdsSome says whether a list or object of JSON has anything in it.
func holdsSome(raw string) bool {
	return strings.TrimLeft(raw[1:len(raw)-1], " \t\r\n") != ""
}
