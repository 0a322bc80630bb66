package mapping

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
)

// toDate gives RFC 3339 in UTC, with milliseconds.
func toDate(dst []byte, value Value, v *Values) ([]byte, bool) {
	if !value.IsScalar() || value.Kind == Bool {
		return dst, false
	}
	text, ok := v.text(value)
	if !ok {
		return dst, false
	}
	t, ok := parseDate(bytes.TrimSpace(text))
	if !ok || t.Year() < 0 || t.Year() > 9999 {
		return dst, false
	}
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, gateway.TimeFormat)
	return append(dst, '"'), true
}

// longestDate is more than any written date needs.
const longestDate = 64

func parseDate(written []byte) (time.Time, bool) {
	if len(written) == 0 || len(written) > longestDate {
		return time.Time{}, false
	}
	if rawjson.IsNumber(written) {
		return parseUnix(written)
	}
	layout := dateLayout(written)
	if layout == "" {
		return time.Time{}, false
	}
	t, err := time.Parse(layout, rawjson.View(written))
	return t.UTC(), err == nil
}

// dateLayout picks the one form that a date can have by its shape, since each
// form that does not fit costs an error. Every form may have a fraction of a
// second; a time without a zone is UTC, and RFC 3339 lets a space stand for the T.
func dateLayout(written []byte) string {
	n := len(written)
	switch {
	case n == len(time.DateOnly):
		return time.DateOnly
	case n < len(time.DateTime):
		return ""
	}
	zoned := written[n-1] == 'Z' || written[n-6] == '+' || written[n-6] == '-'
	switch {
	case written[10] == 'T' && zoned:
		return time.RFC3339
	case written[10] == 'T':
		return "2006-01-02T15:04:05"
	case written[10] == ' ' && zoned:
		return "2006-01-02 15:04:05Z07:00"
	case written[10] == ' ':
		return time.DateTime
	}
	return ""
}

// milliseconds is where Unix time stops being seconds: as seconds it is the year
// 5138, as milliseconds 1973.
const milliseconds = 1e11

func parseUnix(written []byte) (time.Time, bool) {
	n, err := strconv.ParseFloat(rawjson.View(written), 64)
	if err != nil || math.Abs(n) > 1e15 {
		return time.Time{}, false
	}
	if math.Abs(n) < milliseconds {
		n *= 1000
	}
	return time.UnixMilli(int64(math.Round(n))).UTC(), true
}
