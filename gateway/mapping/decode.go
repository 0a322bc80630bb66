package mapping

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"

	"hookgate/gateway"
)

// decode makes the library's values from JSON. Whole numbers stay whole as far
// as 64 bits go; any other number is a double, so an expression can lose digits
// that a plain path keeps.
func (s *sandbox) decode(raw []byte) (any, bool) {
	if s.items++; s.items > maxItems {
		return nil, false
	}
	switch kindOf(raw) {
	case String:
		return unescaped(raw[1 : len(raw)-1]), true
	case Number:
		if n, err := strconv.Atoi(string(raw)); err == nil {
			return n, true
		}
		f, err := strconv.ParseFloat(string(raw), 64)
		return f, err == nil
	case Bool:
		return raw[0] == 't', true
	case Array:
		return s.decodeArray(raw)
	case Object:
		return s.decodeObject(raw)
	}
	return nil, true
}

func (s *sandbox) decodeArray(raw []byte) (any, bool) {
	list := []any{}
	for i := 1; ; {
		start, more := nextItem(raw, i)
		if !more {
			return list, true
		}
		i = skipValue(raw, start)
		item, ok := s.decode(raw[start:i])
		if !ok {
			return nil, false
		}
		list = append(list, item)
	}
}

func (s *sandbox) decodeObject(raw []byte) (any, bool) {
	object := map[string]any{}
	for i := 1; ; {
		m, next, more := nextMember(raw, i)
		if !more {
			return object, true
		}
		i = next
		value, ok := s.decode(m.value)
		if !ok {
			return nil, false
		}
		object[unescaped(m.name)] = value
	}
}

// appendResult writes a value of the library as JSON. It is false for what JSON
// cannot say.
func appendResult(dst []byte, v *exec.Value, depth int) ([]byte, bool) {
	switch {
	case depth > MaxDepth || v == nil || v.IsError():
		return dst, false
	case v.IsNil():
		return append(dst, "null"...), true
	case v.IsBool():
		return strconv.AppendBool(dst, v.Bool()), true
	case v.IsInteger():
		return strconv.AppendInt(dst, int64(v.Integer()), 10), true
	case v.IsFloat():
		number, err := json.Marshal(v.Float())
		return append(dst, number...), err == nil
	case v.IsString():
		return gateway.AppendString(dst, v.String()), true
	case v.IsList():
		return appendList(dst, v, depth)
	case v.IsDict():
		return appendDict(dst, v, depth)
	}
	return dst, false
}

func appendList(dst []byte, v *exec.Value, depth int) ([]byte, bool) {
	dst = append(dst, '[')
	ok := true
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok = appendResult(dst, v.Index(i), depth+1); !ok {
			return dst, false
		}
	}
	return append(dst, ']'), true
}

// appendDict sorts the members: the library keeps no order.
func appendDict(dst []byte, v *exec.Value, depth int) ([]byte, bool) {
	pairs := v.Items()
	slices.SortFunc(pairs, func(a, b *exec.Pair) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	dst = append(dst, '{')
	ok := true
	for i, p := range pairs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = gateway.AppendString(dst, p.Key.String())
		dst = append(dst, ':')
		if dst, ok = appendResult(dst, p.Value, depth+1); !ok {
			return dst, false
		}
	}
	return append(dst, '}'), true
}
