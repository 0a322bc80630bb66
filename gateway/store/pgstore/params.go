package pgstore

import (
	"encoding/binary"
	"slices"
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// sort is the type of a column. What comes from outside is bytes: text would have to be
// UTF-8 without zero bytes, and sorted by a locale.
type sort struct {
	name       string
	oid, array uint32
	size       int // of a value; 0: of any size
}

var (
	bytesOf = sort{"bytea", 17, 1001, 0}
	longOf  = sort{"int8", 20, 1016, 8}
	shortOf = sort{"int2", 21, 1005, 2}
)

// cell is a value: bytes, or a number.
type cell struct {
	b []byte
	n int64
}

func text(s string) cell  { return cell{b: []byte(s)} }
func raw(b []byte) cell   { return cell{b: b} }
func number(n int64) cell { return cell{n: n} }
func hash(n uint64) cell  { return cell{n: int64(n)} }

// longAt reads a number of eight bytes.
func longAt(value []byte) int64 { return int64(binary.BigEndian.Uint64(value)) }

// shortAt reads a number of two bytes.
func shortAt(value []byte) int16 { return int16(binary.BigEndian.Uint16(value)) }

// append appends a value in the binary form, without its length.
func (s sort) append(dst []byte, c cell) []byte {
	switch s.size {
	case 8:
		return binary.BigEndian.AppendUint64(dst, uint64(c.n))
	case 2:
		return binary.BigEndian.AppendUint16(dst, uint16(c.n))
	}
	return append(dst, c.b...)
}

// params are the parameters of a statement, each with its place.
type params struct {
	values [][]byte
	oids   []uint32
}

func (p *params) add(oid uint32, value []byte) (place string) {
	p.values, p.oids = append(p.values, value), append(p.oids, oid)
	return "$" + strconv.Itoa(len(p.values))
}

// one adds a value.
func (p *params) one(s sort, c cell) (place string) {
	return p.add(s.oid, s.append(make([]byte, 0, s.size+len(c.b)), c))
}

func (p *params) bytes(b []byte) (place string) {
	if b == nil {
		b = []byte{} // nil is NULL
	}
	return p.add(bytesOf.oid, b)
}
func (p *params) text(s string) (place string) { return p.bytes([]byte(s)) }

// word adds a text of ours.
func (p *params) word(s string) (place string) { return p.add(25, []byte(s)) }
func (p *params) long(n int64) (place string)  { return p.one(longOf, number(n)) }
func (p *params) short(n int) (place string)   { return p.one(shortOf, number(int64(n))) }

// many adds a list of n values.
func (p *params) many(s sort, n int, at func(int) cell) (place string) {
	size := 20
	for i := range n {
		size += 4 + s.size + len(at(i).b)
	}
	b := make([]byte, 0, size)
	if n == 0 {
		b = binary.BigEndian.AppendUint32(b, 0) // an empty array has no dimension
		b = binary.BigEndian.AppendUint32(b, 0)
		return p.add(s.array, binary.BigEndian.AppendUint32(b, s.oid))
	}
	for _, word := range []uint32{1, 0, s.oid, uint32(n), 1} { // dimensions, NULLs, type, length, first
		b = binary.BigEndian.AppendUint32(b, word)
	}
	for i := range n {
		from := len(b)
		b = s.append(append(b, 0, 0, 0, 0), at(i))
		binary.BigEndian.PutUint32(b[from:], uint32(len(b)-from-4))
	}
	return p.add(s.array, b)
}

// slots adds the slots of a set.
func (p *params) slots(set gateway.SlotSet) (place string) {
	list := slices.Collect(set.All())
	return p.many(shortOf, len(list), func(i int) cell { return number(int64(list[i])) })
}

// longs adds a list of numbers.
func (p *params) longs(list []int64) (place string) {
	return p.many(longOf, len(list), func(i int) cell { return number(list[i]) })
}

// longsIn reads an array of numbers without NULLs; NULL is an empty one.
func longsIn(value []byte) (list []int64, err error) {
	if value == nil {
		return nil, nil
	}
	if len(value) < 12 {
		return nil, record.Corrupt("array")
	}
	if binary.BigEndian.Uint32(value) == 0 {
		return nil, nil
	}
	if len(value) < 20 {
		return nil, record.Corrupt("array")
	}
	n := int(binary.BigEndian.Uint32(value[12:]))
	value = value[20:]
	if len(value) != 12*n {
		return nil, record.Corrupt("array")
	}
	for i := range n {
		list = append(list, longAt(value[12*i+4:]))
	}
	return list, nil
}
