package gateway

import (
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// Prefixes of the ids that hookgate makes. The rest of an id is a ULID of 26
// characters: ids of one kind sort by the time they were made.
const (
	PrefixWait     = "wait_"
	PrefixCallback = "cb_"
	PrefixEvent    = "evt_"
	PrefixDelivery = "dlv_"
	PrefixToken    = "tok_"
	PrefixCall     = "call_"
	PrefixAudit    = "aud_"
	PrefixDeed     = "deed_"
	PrefixJob      = "job_"
	PrefixLogin    = "ses_" // a session of the console
	PrefixLink     = "lnk_" // what signs in once
	PrefixChange   = "chg_"
)

// NewID makes an id of the given prefix for the moment at. Ids made in one
// process rise strictly within a millisecond.
func NewID(prefix string, at time.Time) string {
	return formatULID(prefix, ids.next(ulid.Timestamp(at), 1))
}

// NewIDs makes n ids, each the number after the one before it, and gives the first.
func NewIDs(prefix string, at time.Time, n int) (first string) {
	return formatULID(prefix, ids.next(ulid.Timestamp(at), uint64(n)))
}

// DeliveriesBeside is how many deliveries of an event may have ids beside its own.
const DeliveriesBeside = 255

// NewEventID makes the id of an event. The numbers that follow it are those of its
// deliveries, and nothing else has them.
func NewEventID(at time.Time) string { return NewIDs(PrefixEvent, at, 1+DeliveriesBeside) }

// DeliveryBeside makes the id of the n-th delivery of an event whose id is of NewEventID; n is
// 1 to DeliveriesBeside.
func DeliveryBeside(event string, n int) string {
	id, _ := ParseID(PrefixEvent, event) // it was made here
	binary.BigEndian.PutUint64(id[8:], binary.BigEndian.Uint64(id[8:])+uint64(n))
	return formatULID(PrefixDelivery, id)
}

// IsBeside tells whether the ids of an event and a delivery, as their 16 bytes, are of
// NewEventID and DeliveryBeside. Two that were made on their own are so by a rare chance.
func IsBeside(event, delivery [16]byte) bool {
	e, d := binary.BigEndian.Uint64(event[8:]), binary.BigEndian.Uint64(delivery[8:])
	return [8]byte(event[:8]) == [8]byte(delivery[:8]) && d > e && d-e <= DeliveriesBeside
}

func formatULID(prefix string, id ulid.ULID) string {
	var buf [5 + ulid.EncodedSize]byte // 5: the longest prefix
	n := copy(buf[:], prefix)
	_ = id.MarshalTextTo(buf[n : n+ulid.EncodedSize]) // fails for a wrong length only
	return string(buf[:n+ulid.EncodedSize])
}

// FormatID gives the text of an id that is kept as its 16 bytes: 6 of its moment, in
// milliseconds, and 10 that tell it from others.
func FormatID(prefix string, id [16]byte) string { return formatULID(prefix, id) }

// ParseID is the reverse of FormatID; false for what is no id of the prefix. Only the form in
// which an id was given out counts: another spelling of the same ULID, of which the library takes
// some, is another text. What is stored is looked up by ids, a dozen times for a delivery.
func ParseID(prefix, s string) (id [16]byte, is bool) {
	if len(s) != len(prefix)+ulid.EncodedSize || s[:len(prefix)] != prefix {
		return id, false
	}
	text := s[len(prefix):]
	moment, bad := digitsOf(text[:10], 0)
	high, bad := digitsOf(text[10:18], bad)
	low, bad := digitsOf(text[18:], bad)
	if bad&noDigit != 0 || text[0] > '7' { // 26 digits have two bits more than an id
		return id, false
	}
	binary.BigEndian.PutUint64(id[:8], moment<<16|high>>24)
	binary.BigEndian.PutUint64(id[8:], high<<40|low)
	return id, true
}

// digitsOf reads digits of five bits, at most twelve. bad has noDigit where one was none.
func digitsOf(s string, bad byte) (n uint64, is byte) {
	for i := range len(s) {
		d := digits[s[i]]
		bad |= d
		n = n<<5 | uint64(d)
	}
	return n, bad
}

// noDigit is what no digit has.
const noDigit = 0x80

// digits are the values of the digits of a ULID.
var digits = func() (of [256]byte) {
	for i := range of {
		of[i] = noDigit
	}
	for i, c := range []byte(ulid.Encoding) {
		of[c] = byte(i) //nolint:gosec // there are 32
	}
	return of
}()

// IsID says whether s is an id of the given prefix.
func IsID(prefix, s string) bool {
	_, is := ParseID(prefix, s)
	return is
}

// IDTime gives the moment for which an id was made, to the millisecond; zero
// for what is not an id.
func IDTime(prefix, s string) time.Time {
	id, is := ParseID(prefix, s)
	if !is {
		return time.Time{}
	}
	return ulid.ULID(id).Timestamp().UTC()
}

// IDFloor is the lowest id that any moment from at on can have: the bound of
// range scans and of expiry.
func IDFloor(prefix string, at time.Time) string {
	var id ulid.ULID
	_ = id.SetTime(ulid.Timestamp(at)) // fails from the year 10889 on
	return prefix + id.String()
}

// ids makes ULIDs. The random part comes from ChaCha8, seeded by the system: an
// id is no secret, but it should not be guessed by accident either.
var ids = newIDSource()

type idSource struct {
	mu   sync.Mutex
	rand *mathrand.ChaCha8
	last [idMemory]ulid.ULID // of a millisecond each: requests that began earlier make ids for their own
}

// idMemory is for how many milliseconds the last ids are known, 16 seconds: a request makes its
// ids for the moment at which it came, and may have waited since for a node to take over (3 s) or
// for a disk. Where another millisecond had its place meanwhile, two messages of one request had
// ids that fell, and were sent in that order.
const idMemory = 1 << 14

func newIDSource() *idSource {
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // crypto/rand.Read never fails
	return &idSource{rand: mathrand.NewChaCha8(seed)}
}

// next gives the first of n fresh ULIDs in a row, above the last within the same
// millisecond.
func (s *idSource) next(ms, n uint64) (id ulid.ULID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := &s.last[ms%uint64(len(s.last))]
	low := uint64(0)
	if ms == last.Time() {
		id = *last
		before := binary.BigEndian.Uint64(id[8:])
		low = before + 1 + s.rand.Uint64()>>40
		if low+n-1 <= before { // it wrapped: draw anew
			low = 0
		}
	}
	if low == 0 {
		_ = id.SetTime(ms) // fails from the year 10889 on
		low = s.rand.Uint64() >> 1
		binary.BigEndian.PutUint16(id[6:], uint16(s.rand.Uint64()))
	}
	binary.BigEndian.PutUint64(id[8:], low)
	*last = id
	binary.BigEndian.PutUint64(last[8:], low+n-1)
	return id
}
