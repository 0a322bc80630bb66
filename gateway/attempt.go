package gateway

import (
	"strings"
	"time"
)

// Attempt is one HTTP request of a delivery.
type Attempt struct {
	Number   int // from 1
	At       time.Time
	Duration time.Duration
	Status   int    // 0: there was no answer
	Error    string // a word of SPEC 12 (delivery_attempts_total code), "" for 2xx
	Detail   string // what that was, in words, or what is odd about the answer; at most MaxDetail bytes
	Address  string // that was dialled, host:port; "": none was

	// What was said on both sides: only as much as AttemptBounds leaves room for.
	RequestHeaders  [][2]string // as they were sent, credentials masked; nil: nothing was sent
	ResponseHeaders [][2]string
	ResponseBody    []byte // its first 16 KiB
	BodyUnread      bool   // these are not known: they were not asked for, or are over AttemptBounds
}

// Bounds of what is kept with an attempt (SPEC 15), beside the answer's body.
const (
	MaxDetail        = 256     // bytes
	MaxAttemptHeader = 4 << 10 // bytes of names and values, on each side
	MaxAttemptFields = 128     // on each side
)

// AttemptBounds say how much of a delivery's attempts is read. A delivery that is
// retried by hand again and again has as many as somebody has patience for; the last
// ones count.
type AttemptBounds struct {
	Most   int // attempts
	Bodies int // bytes of the bodies and headers of answers and requests, of all attempts together
}

// Said is how many bytes were said on both sides, as far as they are known here.
func (a *Attempt) Said() int {
	return len(a.ResponseBody) + fieldBytes(a.RequestHeaders) + fieldBytes(a.ResponseHeaders)
}

// Unsay forgets what was said.
func (a *Attempt) Unsay() {
	a.RequestHeaders, a.ResponseHeaders, a.ResponseBody, a.BodyUnread = nil, nil, nil, true
}

func fieldBytes(header [][2]string) (n int) {
	for i := range header {
		n += len(header[i][0]) + len(header[i][1])
	}
	return n
}

// KeptFields gives the first fields of a header, as many as are kept with an attempt.
func KeptFields(header [][2]string) [][2]string {
	size := 0
	for i := range header {
		if size += len(header[i][0]) + len(header[i][1]); size > MaxAttemptHeader || i == MaxAttemptFields {
			return header[:i]
		}
	}
	return header
}

// KeptDetail cuts a detail to what is kept with an attempt.
func KeptDetail(detail string) string {
	if len(detail) <= MaxDetail {
		return detail
	}
	return strings.ToValidUTF8(detail[:MaxDetail], "")
}

// AppendFields appends the fields of a header as a JSON object: those of one name are one
// member, their values joined (RFC 9110 5.2). Only the first MaxAttemptFields are shown.
func AppendFields(dst []byte, header [][2]string) []byte {
	dst = append(dst, '{')
	header = header[:min(len(header), MaxAttemptFields)]
	first := true
	for i := range header {
		if named(header[:i], header[i][0]) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		value := header[i][1]
		for _, other := range header[i+1:] {
			if strings.EqualFold(other[0], header[i][0]) {
				value += ", " + other[1]
			}
		}
		dst = AppendString(append(AppendString(dst, header[i][0]), ':'), value)
	}
	return append(dst, '}')
}

func named(header [][2]string, name string) bool {
	for i := range header {
		if len(header[i][0]) == len(name) && strings.EqualFold(header[i][0], name) {
			return true
		}
	}
	return false
}

// FieldsSize is no less than what AppendFields appends.
func FieldsSize(header [][2]string) int {
	n := len("{}")
	for i := range header[:min(len(header), MaxAttemptFields)] {
		n += StringSize(header[i][0]) + StringSize(header[i][1]) + len(":,")
	}
	return n
}
