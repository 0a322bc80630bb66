package jinja

import (
	"math"
	"math/big"
	"strconv"

	"github.com/tidwall/gjson"
)

// appendText appends what a value prints as.
func (v Value) appendText(dst []byte) []byte {
	switch v.kind {
	case Undefined, None, unset:
		return dst
	case String:
		if !v.raw {
			return append(dst, v.source...)
		}
		return append(dst, unquote(v.source)...)
	case Object:
		return append(dst, v.object.(shown).show()...)
	}
	return v.appendJSON(dst)
}

// shown is what an Object prints as.
type shown interface{ show() string }

// print gives what a value prints as.
func (v Value) print() string {
	if v.kind == String {
		return v.text()
	}
	return string(v.appendText(nil))
}

// appendJSON appends a value as JSON: what was written as it was written.
func (v Value) appendJSON(dst []byte) []byte {
	if v.raw {
		return append(dst, v.source...)
	}
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.flag)
	case Int:
		if b, is := v.object.(*big.Int); is {
			return b.Append(dst, 10)
		}
		return strconv.AppendInt(dst, v.num, 10)
	case Float:
		return appendFloat(dst, v.double())
	case String:
		return gjson.AppendJSONString(dst, v.source)
	case List:
		return v.object.(*list).appendJSON(dst)
	case Dict:
		return v.object.(*dict).appendJSON(dst)
	case Object:
		return gjson.AppendJSONString(dst, v.object.(shown).show())
	}
	return append(dst, "null"...)
}

func (l *list) appendJSON(dst []byte) []byte {
	dst = append(dst, '[')
	for i, item := range l.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = item.appendJSON(dst)
	}
	return append(dst, ']')
}

func (d *dict) appendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i, key := range d.keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = gjson.AppendJSONString(dst, keyText(key))
		dst = d.values[i].appendJSON(append(dst, ':'))
	}
	return append(dst, '}')
}

// keyText is the name of a member in JSON.
func keyText(key Value) string {
	if key.kind == None {
		return "null"
	}
	return key.print()
}

// appendFloat appends a computed number: a whole one without a point, else the
// shortest form that reads back the same, as Python's repr has it.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case f == 0: // never -0
		return append(dst, '0')
	}
	if exp := math.Abs(f); exp != 0 && (exp < 1e-4 || exp >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}
