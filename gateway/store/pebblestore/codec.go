package pebblestore

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"
	"unsafe"

	"hookgate/gateway"
)

// The codec: a version byte, then the members in order. Numbers are varints,
// text has its length before it, times are nanoseconds. Pebble's blocks and log
// carry checksums, so a record has none of its own. What the key says (tenant,
// id, day) is not said again.

const recordVersion = 1

// encoder appends a record to b.
type encoder struct{ b []byte }

func (e *encoder) version()          { e.b = append(e.b, recordVersion) }
func (e *encoder) number(n uint64)   { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) time(at time.Time) { e.b = binary.AppendVarint(e.b, nanos(at)) }

func (e *encoder) text(s string) {
	e.b = binary.AppendUvarint(e.b, uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) raw(p []byte) {
	e.b = binary.AppendUvarint(e.b, uint64(len(p)))
	e.b = append(e.b, p...)
}

func (e *encoder) flag(set bool) {
	if set {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

func (e *encoder) texts(list []string) {
	e.number(uint64(len(list)))
	for _, s := range list {
		e.text(s)
	}
}

// decoder reads a record. It works on one copy of it, of which the texts are
// parts: a record costs one allocation and one more for each raw member. A large
// record is nearly all one raw member: there each text is copied by itself. After
// a fault every read gives a zero value, and done gives the error.
type decoder struct {
	rest  string
	bad   bool
	lent  bool // rest is the record itself, which is valid while it is decoded
	skims bool // leaves out bodies
}

// largeRecord is from which size on a record is not copied as a whole, in bytes.
const largeRecord = 16 << 10

func newDecoder(value []byte) *decoder {
	d := openRecord(value)
	if d.byte() != recordVersion {
		d.bad = true
	}
	return d
}

// openRecord makes a decoder that stands before the version.
func openRecord(value []byte) *decoder {
	if len(value) >= largeRecord {
		return &decoder{rest: unsafe.String(unsafe.SliceData(value), len(value)), lent: true}
	}
	return &decoder{rest: string(value)}
}

// newSkimmer makes a decoder that leaves out bodies, and so copies each text by
// itself and not the record: for lists, which read many large ones.
func newSkimmer(value []byte) *decoder {
	d := &decoder{rest: unsafe.String(unsafe.SliceData(value), len(value)), lent: true, skims: true}
	if d.byte() != recordVersion {
		d.bad = true
	}
	return d
}

func (d *decoder) fail() { d.bad, d.rest = true, "" }

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail()
		return 0
	}
	c := d.rest[0]
	d.rest = d.rest[1:]
	return c
}

func (d *decoder) flag() bool { return d.byte() != 0 }

func (d *decoder) number() (n uint64) {
	for shift := 0; shift < 64; shift += 7 {
		c := d.byte()
		if shift == 63 && c > 1 {
			break
		}
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.fail()
	return 0
}

func (d *decoder) text() string {
	s := d.next()
	if d.lent {
		return strings.Clone(s)
	}
	return s
}

// next gives the next text as it lies in rest.
func (d *decoder) next() string {
	n := d.number()
	if n > uint64(len(d.rest)) {
		d.fail()
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// raw gives nil for nothing: a Raw that is there has at least one byte.
func (d *decoder) raw() []byte {
	if s := d.next(); s != "" {
		return []byte(s)
	}
	return nil
}

// body is raw but for a skimmer, which gives nil.
func (d *decoder) body() []byte {
	if d.skims {
		d.next()
		return nil
	}
	return d.raw()
}

func (d *decoder) time() time.Time {
	n := d.number()
	return fromNanos(int64(n>>1) ^ -int64(n&1)) // as binary.AppendVarint wrote it
}

func (d *decoder) texts() []string {
	n := d.number()
	if n > uint64(len(d.rest)) { // each takes a byte at least
		d.fail()
	}
	if n == 0 || d.bad {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.text()
	}
	return list
}

// done tells whether the record was whole. The error names the kind of record
// and no content.
func (d *decoder) done(kind byte) error {
	if d.bad || d.rest != "" {
		return corrupt(kind)
	}
	return nil
}

func corrupt(kind byte) error {
	return &gateway.Error{
		Code: gateway.CodeInternal, Message: "a stored record is corrupt",
		Err: fmt.Errorf("corrupt record in the store: %s", kindWords[kind]),
	}
}

// nanos gives a time as nanoseconds since 1970; the zero time is the least.
func nanos(at time.Time) int64 {
	if at.IsZero() {
		return math.MinInt64
	}
	return at.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == math.MinInt64 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
