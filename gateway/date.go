package gateway

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// maxDate is more bytes than any written date needs.
const maxDate = 64

// ParseDate reads a date in any form that SPEC 14 and 15 name: RFC 3339 in any case, with
// or without seconds and their fraction, with +0000 for a zone or none, which is UTC;
// compact ISO 8601; RFC 2822 and 9110; Unix seconds or milliseconds. It is in UTC, and
// false for what is none of these or outside of the years 0 to 9999.
func ParseDate(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxDate {
		return time.Time{}, false
	}
	for _, read := range [...]func(string) (time.Time, bool){parseISO, parseUnix, parseMail} {
		if t, ok := read(text); ok {
			t = t.UTC()
			return t, t.Year() >= 0 && t.Year() <= 9999
		}
	}
	return time.Time{}, false
}

// milliseconds is where Unix time stops being seconds: as seconds it is the year
// 5138, as milliseconds 1973.
const milliseconds = 1e11

// parseUnix reads a decimal number.
func parseUnix(text string) (time.Time, bool) {
	if strings.Trim(text, "0123456789.eE+-") != "" || text[0] == '+' || text[0] == '.' {
		return time.Time{}, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(n) > 1e15 {
		return time.Time{}, false
	}
	if math.Abs(n) < milliseconds {
		n *= 1000
	}
	return time.UnixMilli(int64(math.Round(n))), true
}

// moment is a date as it is read, part by part.
type moment struct {
	rest                             string
	year, month, day                 int
	hour, minute, second, nanosecond int
	zone                             time.Duration // east of UTC
}

// time gives the date, if there is such a one.
func (m *moment) time() (time.Time, bool) {
	t := time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.second, m.nanosecond, time.UTC)
	same := t.Month() == time.Month(m.month) && t.Day() == m.day && t.Hour() == m.hour && t.Minute() == m.minute && t.Second() == m.second
	return t.Add(-m.zone), same
}

// parseISO reads ISO 8601: 2006-01-02, or 20060102 with a time, behind a T or a space.
func parseISO(text string) (time.Time, bool) {
	m := moment{rest: text}
	if !m.digits(4, &m.year) {
		return time.Time{}, false
	}
	extended := m.skip('-')
	if !m.digits(2, &m.month) || extended && !m.skip('-') || !m.digits(2, &m.day) {
		return time.Time{}, false
	}
	if m.rest == "" { // 20060102 alone is a number, and Unix time
		t, ok := m.time()
		return t, ok && extended
	}
	if !m.skip('T') && !m.skip('t') && !(extended && m.skip(' ')) {
		return time.Time{}, false
	}
	if !m.clock() || !m.offset(strings.TrimPrefix(m.rest, " ")) {
		return time.Time{}, false
	}
	return m.time()
}

// digits reads a number of so many digits.
func (m *moment) digits(n int, into *int) bool {
	if len(m.rest) < n {
		return false
	}
	number := 0
	for _, c := range []byte(m.rest[:n]) {
		if c < '0' || c > '9' {
			return false
		}
		number = 10*number + int(c-'0')
	}
	*into, m.rest = number, m.rest[n:]
	return true
}

// skip reads one character, if it is there.
func (m *moment) skip(c byte) bool {
	if m.rest == "" || m.rest[0] != c {
		return false
	}
	m.rest = m.rest[1:]
	return true
}

// clock reads a time of day: 15:04, 1504, with seconds or not, and their fraction.
func (m *moment) clock() bool {
	if !m.digits(2, &m.hour) {
		return false
	}
	extended := m.skip(':')
	if !m.digits(2, &m.minute) {
		return false
	}
	if extended && !m.skip(':') || !extended && (m.rest == "" || m.rest[0] < '0' || m.rest[0] > '9') {
		return true
	}
	return m.digits(2, &m.second) && m.fraction()
}

// fraction reads that of a second; what is less than a nanosecond is cut off.
func (m *moment) fraction() bool {
	if !m.skip('.') && !m.skip(',') {
		return true
	}
	n, unit := 0, int(time.Second)
	for ; n < len(m.rest) && m.rest[n] >= '0' && m.rest[n] <= '9'; n++ {
		unit /= 10
		m.nanosecond += int(m.rest[n]-'0') * unit
	}
	m.rest = m.rest[n:]
	return n > 0
}

// offset reads all of a zone: nothing and Z are UTC; +01, +0100, +01:00.
func (m *moment) offset(zone string) bool {
	switch strings.ToUpper(zone) {
	case "", "Z", "UTC", "GMT", "UT":
		return true
	}
	sign := time.Duration(1)
	switch zone[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return false
	}
	var hours, minutes int
	z := moment{rest: zone[1:]}
	if !z.digits(2, &hours) {
		return false
	}
	if z.skip(':') || z.rest != "" {
		if !z.digits(2, &minutes) {
			return false
		}
	}
	m.zone = sign * (time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
	return z.rest == "" && hours < 24 && minutes < 60
}
