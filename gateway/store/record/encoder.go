package record

import (
	"encoding/binary"
	"math"
	"time"
)

// First is the first version of every record.
const First = 1

// Encoder appends records to B.
type Encoder struct{ B []byte }

// Version begins a record of the first version.
func (e *Encoder) Version() { e.B = append(e.B, First) }

// Number appends a number.
func (e *Encoder) Number(n uint64) { e.B = binary.AppendUvarint(e.B, n) }

// Time appends a moment, to the nanosecond.
func (e *Encoder) Time(at time.Time) { e.B = binary.AppendVarint(e.B, Nanos(at)) }

// Text appends a text.
func (e *Encoder) Text(s string) {
	e.B = binary.AppendUvarint(e.B, uint64(len(s)))
	e.B = append(e.B, s...)
}

// Raw appends bytes.
func (e *Encoder) Raw(p []byte) {
	e.B = binary.AppendUvarint(e.B, uint64(len(p)))
	e.B = append(e.B, p...)
}

// Flag appends yes or no.
func (e *Encoder) Flag(set bool) {
	if set {
		e.B = append(e.B, 1)
	} else {
		e.B = append(e.B, 0)
	}
}

// Texts appends a list of texts.
func (e *Encoder) Texts(list []string) {
	e.Number(uint64(len(list)))
	for _, s := range list {
		e.Text(s)
	}
}

// Nanos gives a time as nanoseconds since 1970; the zero time is the least.
func Nanos(at time.Time) int64 {
	if at.IsZero() {
		return math.MinInt64
	}
	return at.UnixNano()
}

// FromNanos is the time that Nanos gave.
func FromNanos(n int64) time.Time {
	if n == math.MinInt64 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
