package wire

import "strconv"

// maxDigits are so few that they cannot overflow.
const maxDigits = 18

// Length reads the value of Content-Length: digits alone. What else there may be, such
// as a list, two parsers could read in two ways.
func Length(value []byte) (n int64, ok bool) {
	if len(value) == 0 || len(value) > maxDigits || !All(value, Digit) {
		return 0, false
	}
	for _, c := range value {
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// AppendLength appends the line of Content-Length.
func AppendLength(dst []byte, n int64) []byte {
	dst = strconv.AppendInt(append(dst, "Content-Length: "...), n, 10)
	return append(dst, '\r', '\n')
}

// TakesBody reports whether a request of this method without a body must say so (RFC
// 9110 8.6): a server may wait for one else.
func TakesBody[T Text](method T) bool {
	switch string(method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// Bodiless reports whether an answer with this status has no body, whatever its fields
// say (RFC 9110 6.4.1).
func Bodiless(status int) bool { return status < 200 || status == 204 || status == 304 }
