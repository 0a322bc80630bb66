package jinja

import (
	"hookgate/gateway/mapping/rawjson"
	"math"
	"math/big"
	"strconv"
	"strings"
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
	flag   bool   // a Bool's value; a List is a tuple; a String is safe HTML
	raw    bool   // source is JSON
	known  bool   // a Float with a literal has its num, too
	num    int64  // of a number that was computed: an Int's value, where object is nil; the bits of a Float's
	source string // a number's literal; a String, List or Dict that was not decoded; a String's text
	object any    // *big.Int, *list, *dict, or what an Object is
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

func boolean(b bool) Value     { return Value{kind: Bool, flag: b} }
func integer(n int) Value      { return Value{kind: Int, num: int64(n)} }
func float(f float64) Value    { return Value{kind: Float, num: int64(math.Float64bits(f))} }
func text(s string) Value      { return Value{kind: String, source: s} }
func safe(s string) Value      { return Value{kind: String, source: s, flag: true} }
func tuple(l ...Value) Value   { return Value{kind: List, object: &list{items: l}, flag: true} }
func mapping(d *dict) Value    { return Value{kind: Dict, object: d} }
func object(o any) Value       { return Value{kind: Object, object: o} }
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

// number keeps a literal, and does not read it: most are printed as they are.
func number(raw string) Value {
	for i := range len(raw) {
		if c := raw[i]; c == '.' || c|0x20 == 'e' {
			return readLong(Value{kind: Float, source: raw, raw: true})
		}
	}
	return Value{kind: Int, source: raw, raw: true}
}

// longLiteral is from how many digits on a number is read but once: nobody counts what
// that takes.
const longLiteral = 40

func readLong(v Value) Value {
	if len(v.source) > longLiteral {
		v.num, v.known = float(v.double()).num, true
	}
	return v
}

// mostDigits is how many characters a whole number of 64 bits has at most.
const mostDigits = 20

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
	return rawjson.Unescaped(rawjson.Bytes(inner))
}

// big gives an Int or Bool without bound. The result must not be changed.
func (v Value) big() *big.Int {
	if b, is := v.object.(*big.Int); is {
		return b
	}
	if n, is := v.whole(); is {
		return big.NewInt(n)
	}
	b, _ := new(big.Int).SetString(v.source, 10) // it is a literal of JSON
	return b
}

// isSmall says whether an Int or Bool has 64 bits.
func (v Value) isSmall() bool {
	_, is := v.whole()
	return is
}

// small gives an Int or Bool that is small.
func (v Value) small() int64 {
	n, _ := v.whole()
	return n
}

// whole gives an Int or Bool, if it has 64 bits.
func (v Value) whole() (n int64, is bool) {
	switch {
	case v.kind == Bool && v.flag:
		return 1, true
	case v.kind == Bool:
		return 0, true
	case v.raw && len(v.source) > mostDigits:
		return 0, false
	case v.raw:
		n, err := strconv.ParseInt(v.source, 10, 64)
		return n, err == nil
	}
	return v.num, v.object == nil
}

// double gives a number as a float; beyond the range it is infinite.
func (v Value) double() float64 {
	switch {
	case v.kind == Float && v.raw && !v.known:
		f, _ := strconv.ParseFloat(v.source, 64)
		return f
	case v.kind == Float:
		return math.Float64frombits(uint64(v.num))
	}
	if n, is := v.whole(); is {
		return float64(n)
	}
	f, _ := new(big.Float).SetInt(v.big()).Float64()
	return f
}

// read gives a number or text as one that was computed, for who compares it often.
func (v Value) read() Value {
	switch {
	case !v.raw:
	case v.kind == String:
		return text(v.text())
	case v.kind == Int:
		return whole(v.big())
	case v.kind == Float:
		return float(v.double())
	}
	return v
}

// truth is what an if takes a value for.
func (v Value) truth() bool {
	switch v.kind {
	case Bool:
		return v.flag
	case Int:
		n, small := v.whole()
		return !small || n != 0
	case Float:
		return v.double() != 0
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
