package jinja

import (
	"math"
	"strconv"
	"strings"
)

// dict keeps its members in their order.
type dict struct {
	keys   []Value
	values []Value
	index  map[string]int // by hash
}

func newDict(most int) *dict { return &dict{index: make(map[string]int, most)} }

// set puts a member in, in its place where there is one of that key.
func (d *dict) set(key, value Value) error {
	h, err := key.hash()
	if err != nil {
		return err
	}
	if i, found := d.index[h]; found {
		d.values[i] = value
		return nil
	}
	d.index[h] = len(d.keys)
	d.keys, d.values = append(d.keys, key), append(d.values, value)
	return nil
}

// get gives a member.
func (d *dict) get(key Value) (Value, bool) {
	h, err := key.hash()
	if err != nil {
		return undefined, false
	}
	i, found := d.index[h]
	if !found {
		return undefined, false
	}
	return d.values[i], true
}

// hash is equal for keys that are.
func (v Value) hash() (string, error) {
	switch v.kind {
	case String:
		return "s" + v.text(), nil
	case Bool, Int:
		if v.isSmall() {
			return "n" + strconv.FormatInt(v.small(), 10), nil
		}
		return "n" + v.big().String(), nil
	case Float:
		if f := v.double(); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return "n" + strconv.FormatInt(int64(f), 10), nil
		}
		return "f" + strconv.FormatFloat(v.double(), 'g', -1, 64), nil
	case None:
		return "0", nil
	case Undefined:
		return "u", nil
	case List:
		if l, is := v.object.(*list); is && v.flag {
			var b strings.Builder
			b.WriteByte('t')
			for _, item := range l.items {
				h, err := item.hash()
				if err != nil {
					return "", err
				}
				b.WriteString(strconv.Itoa(len(h)))
				b.WriteByte(':')
				b.WriteString(h)
			}
			return b.String(), nil
		}
	}
	return "", errHash
}
