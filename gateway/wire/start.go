package wire

import "bytes"

// CutRequestLine takes METHOD TARGET VERSION apart at single spaces; ok is false where
// they are not three, or the method is no token. Target and version are not judged.
func CutRequestLine(line []byte) (method, target, version []byte, ok bool) {
	method, rest, _ := bytes.Cut(line, space)
	target, version, ok = bytes.Cut(rest, space)
	return method, target, version, ok && len(method) > 0 && All(method, Token)
}

var space = []byte(" ")

// IsVersion reports whether b is the version of some HTTP: HTTP/1.1 and all that
// looks like it (RFC 9112 2.3).
func IsVersion(b []byte) bool {
	return len(b) == len("HTTP/1.1") && string(b[:5]) == "HTTP/" && b[6] == '.' && Digit.Has(b[5]) && Digit.Has(b[7])
}

// StatusLine is the first line of an answer.
type StatusLine struct {
	Status int    // 100 to 599
	Text   []byte // status and reason, as they came
	HTTP10 bool   // else it is HTTP/1.1
}

// ParseStatusLine reads a line such as HTTP/1.1 200 OK, without its line end; the
// reason, and the space before it, may be missing.
func ParseStatusLine(line []byte) (s StatusLine, ok bool) {
	if len(line) < len("HTTP/1.1 200") || string(line[:7]) != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' {
		return s, false
	}
	for _, c := range line[9:12] {
		if !Digit.Has(c) {
			return s, false
		}
		s.Status = s.Status*10 + int(c-'0')
	}
	s.Text, s.HTTP10 = line[9:], line[7] == '0'
	return s, s.Status >= 100 && s.Status <= 599 && (len(line) == 12 || line[12] == ' ') && All(s.Text, Value)
}
