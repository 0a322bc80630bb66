package record

import (
	"encoding/binary"
	"time"

	"github.com/oklog/ulid/v2"
)

// ulidSize is how many bytes of a key a ULID is.
const ulidSize = 16

// AppendMoment appends a moment to the nanosecond, so that keys sort by it. The
// zero time comes first.
func AppendMoment(dst []byte, at time.Time) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(Nanos(at))^1<<63)
}

// MomentAt reads what AppendMoment appended.
func MomentAt(b []byte) time.Time {
	return FromNanos(int64(binary.BigEndian.Uint64(b) ^ 1<<63))
}

// FormatID writes an id back as it was given out.
func FormatID(prefix string, u []byte) string {
	var buf [8 + ulid.EncodedSize]byte
	n := copy(buf[:], prefix)
	_ = AsULID(u).MarshalTextTo(buf[n : n+ulid.EncodedSize]) // fails for a wrong length only
	return string(buf[:n+ulid.EncodedSize])
}

// AsULID takes bytes of a key. Should they be too few, the key is corrupt, and that
// is no reason to panic.
func AsULID(b []byte) (u ulid.ULID) {
	copy(u[:], b)
	return u
}

// ULID reads one.
func (d *Decoder) ULID() (u ulid.ULID) {
	if len(d.rest) < ulidSize {
		d.Fail()
		return u
	}
	d.rest = d.rest[copy(u[:], d.rest):]
	return u
}
