package record

import (
	"fmt"
	"strings"
	"time"
	"unsafe"

	"hookgate/gateway"
)

// Decoder reads a record. It works on one copy of it, of which the texts are
// parts: a record costs one allocation and one more for each raw member. A large
// record is nearly all one raw member: there each text is copied by itself. After
// a fault every read gives a zero value, and done gives the error.
type Decoder struct {
	rest  string
	bad   bool
	lent  bool // rest is the record itself, which is valid while it is decoded
	skims bool // leaves out bodies
}

// largeRecord is from which size on a record is not copied as a whole, in bytes.
const largeRecord = 16 << 10

// NewDecoder makes a decoder of a record of the first version: another is a fault.
func NewDecoder(value []byte) *Decoder {
	d := OpenRecord(value)
	if d.Byte() != First {
		d.bad = true
	}
	return d
}

// OpenRecord makes a Decoder that stands before the version.
func OpenRecord(value []byte) *Decoder {
	if len(value) >= largeRecord {
		return &Decoder{rest: unsafe.String(unsafe.SliceData(value), len(value)), lent: true}
	}
	return &Decoder{rest: string(value)}
}

// openSkimmer makes a Decoder, before the version, that leaves out bodies, and so copies each text by
// itself and not the record: for lists, which read many large ones.
func openSkimmer(value []byte) *Decoder {
	return &Decoder{rest: unsafe.String(unsafe.SliceData(value), len(value)), lent: true, skims: true}
}

// Bad says whether there was a fault.
func (d *Decoder) Bad() bool { return d.bad }

// Fail is a fault that the caller found.
func (d *Decoder) Fail() { d.bad, d.rest = true, "" }

// Byte reads one byte.
func (d *Decoder) Byte() byte {
	if len(d.rest) == 0 {
		d.Fail()
		return 0
	}
	c := d.rest[0]
	d.rest = d.rest[1:]
	return c
}

// Flag reads yes or no.
func (d *Decoder) Flag() bool { return d.Byte() != 0 }

// Number reads a number.
func (d *Decoder) Number() (n uint64) {
	for shift := 0; shift < 64; shift += 7 {
		c := d.Byte()
		if shift == 63 && c > 1 {
			break
		}
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.Fail()
	return 0
}

// Text reads a text.
func (d *Decoder) Text() string {
	return d.own(d.next())
}

// own gives a part of the record that may outlive it.
func (d *Decoder) own(s string) string {
	if d.lent {
		return strings.Clone(s)
	}
	return s
}

// next gives the next text as it lies in rest.
func (d *Decoder) next() string {
	return d.some(d.Number())
}

// some gives the next n bytes as they lie in rest.
func (d *Decoder) some(n uint64) string {
	if n > uint64(len(d.rest)) {
		d.Fail()
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// Raw reads bytes. It gives nil for nothing: a Raw that is there has at least one byte.
func (d *Decoder) Raw() []byte {
	if s := d.next(); s != "" {
		return []byte(s)
	}
	return nil
}

// body is raw but for a skimmer, which gives nil.
func (d *Decoder) body() []byte {
	if d.skims {
		d.next()
		return nil
	}
	return d.Raw()
}

// Time reads a moment.
func (d *Decoder) Time() time.Time {
	return FromNanos(d.signed())
}

// signed reads what binary.AppendVarint wrote.
func (d *Decoder) signed() int64 {
	n := d.Number()
	return int64(n>>1) ^ -int64(n&1)
}

// Texts reads a list of texts; nil for none.
func (d *Decoder) Texts() []string {
	n := d.Number()
	if n > uint64(len(d.rest)) { // each takes a byte at least
		d.Fail()
	}
	if n == 0 || d.bad {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.Text()
	}
	return list
}

// Done tells whether the record was whole. The error names the kind of record
// and no content.
func (d *Decoder) Done(what string) error {
	if d.bad || d.rest != "" {
		return Corrupt(what)
	}
	return nil
}

// Corrupt says that a record is not whole: what it was, and nothing of its content.
func Corrupt(what string) error {
	return &gateway.Error{
		Code: gateway.CodeInternal, Message: "a stored record is corrupt",
		Err: fmt.Errorf("corrupt record in the store: %s", what),
	}
}
