package signature

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
)

var (
	// isoUTC is RFC 3339 in UTC, with its Z or without.
	isoUTC = clock{func(text []byte) (time.Time, bool) {
		var with [40]byte
		text = append(with[:0], bytes.TrimSuffix(text, []byte("Z"))...)
		return zulu(append(text, 'Z'))
	}, func(to []byte, at time.Time) []byte {
		return at.UTC().AppendFormat(to, "2006-01-02T15:04:05.000")
	}}
	// isoOffset is RFC 3339 with whole seconds and an offset, +00:00 in UTC: it has one
	// length, which tells where it begins behind a body.
	isoOffset = clock{func(text []byte) (at time.Time, ok bool) {
		if len(text) != len(offsetForm) || text[19] != '+' && text[19] != '-' {
			return at, false
		}
		return at, at.UnmarshalText(text) == nil
	}, func(to []byte, at time.Time) []byte {
		return at.UTC().AppendFormat(to, offsetForm)
	}}
	// microseconds have as many digits as they have from 2001 to 2286.
	microseconds = clock{func(text []byte) (time.Time, bool) {
		if len(text) != 16 {
			return time.Time{}, false
		}
		sec, whole := number(text[:10])
		rest, ok := number(text[10:])
		return time.Unix(sec, rest*int64(time.Microsecond)), whole && ok
	}, func(to []byte, at time.Time) []byte {
		return strconv.AppendInt(to, at.UnixMicro(), 10)
	}}
	// isoAny is RFC 3339 with any offset; in UTC where none is written.
	isoAny = clock{func(text []byte) (at time.Time, ok bool) {
		if len(text) <= len(time.RFC3339Nano) && at.UnmarshalText(text) == nil {
			return at, true
		}
		return isoUTC.read(text)
	}, func(to []byte, at time.Time) []byte {
		return at.UTC().AppendFormat(to, "2006-01-02T15:04:05.000Z")
	}}
	// units are the clocks of timestamp_unit.
	units = map[string]clock{"s": seconds, "ms": milliseconds, "us": microseconds, "iso": isoAny}

	// httpDate is the one form of HTTP dates that is still sent (RFC 9110, section
	// 5.6.7, "IMF-fixdate").
	httpDate = clock{imfDate, func(to []byte, at time.Time) []byte {
		return at.UTC().AppendFormat(to, http.TimeFormat)
	}}
)

const (
	offsetForm = "2006-01-02T15:04:05-07:00"
	months     = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

// imfDate reads the numbers of a date, and takes the text for it that would be written
// for these numbers, and no other.
func imfDate(text []byte) (at time.Time, ok bool) {
	if len(text) != len(http.TimeFormat) {
		return at, false
	}
	n := func(from, to int) int {
		value, _ := number(text[from:to])
		return int(value)
	}
	month := strings.Index(months, string(text[8:11]))
	at = time.Date(n(12, 16), time.Month(month/3+1), n(5, 7), n(17, 19), n(20, 22), n(23, 25), 0, time.UTC)
	var written [len(http.TimeFormat) + 8]byte
	return at, bytes.Equal(at.AppendFormat(written[:0], http.TimeFormat), text)
}
