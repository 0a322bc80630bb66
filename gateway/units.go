package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time span as people write it: "500ms", "24h", "7d", or a bare
// number of seconds (SPEC 14 "Values").
type Duration time.Duration

var errDuration = errors.New(`not a duration: write "500ms", "24h", "7d", or a number of seconds`)

// ParseDuration reads the written form.
func ParseDuration(s string) (Duration, error) {
	if days, found := strings.CutSuffix(s, "d"); found {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil {
			return 0, errDuration
		}
		return seconds(n * 24 * 60 * 60)
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return seconds(n)
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errDuration
	}
	return Duration(d), nil
}

func seconds(n float64) (Duration, error) {
	if math.IsNaN(n) || n < 0 || n > math.MaxInt64/1e9-1 {
		return 0, errDuration
	}
	return Duration(n * 1e9), nil
}

// UnmarshalJSON reads a string or a number of seconds.
func (d *Duration) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil {
		return errDuration
	}
	*d, err = ParseDuration(s)
	return err
}

// MarshalJSON writes the shortest form that reads back the same.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

func (d Duration) String() string {
	span := time.Duration(d)
	if day := 24 * time.Hour; span >= day && span%day == 0 {
		return strconv.FormatInt(int64(span/day), 10) + "d"
	}
	s := span.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// Size is a number of bytes as people write it: 1048576 or "1MiB".
type Size int64

var sizeUnits = []struct {
	suffix string
	bytes  float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

var errSize = errors.New(`not a size: write a number of bytes, or "64KiB", "1MiB"`)

// ParseSize reads the written form.
func ParseSize(s string) (Size, error) {
	factor := 1.0
	for _, u := range sizeUnits {
		if rest, found := strings.CutSuffix(s, u.suffix); found {
			s, factor = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	n *= factor
	if err != nil || math.IsNaN(n) || n < 0 || n > 1<<60 || n != math.Trunc(n) {
		return 0, errSize
	}
	return Size(n), nil
}

// UnmarshalJSON reads a string or a number of bytes.
func (s *Size) UnmarshalJSON(b []byte) error {
	text, err := scalar(b)
	if err != nil {
		return errSize
	}
	*s, err = ParseSize(text)
	return err
}

// MarshalJSON writes the largest binary unit that divides the size.
func (s Size) MarshalJSON() ([]byte, error) {
	for _, u := range []struct {
		suffix string
		bytes  Size
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if s >= u.bytes && s%u.bytes == 0 {
			return json.Marshal(fmt.Sprintf("%d%s", s/u.bytes, u.suffix))
		}
	}
	return json.Marshal(int64(s))
}

// Rate is how many a second, and how many at once: a number, or
// {per_second, burst} (SPEC 14 "Values").
type Rate struct {
	PerSecond float64 `json:"per_second"`
	Burst     int     `json:"burst"`
}

var errRate = errors.New("not a rate: write a number a second above 0, or {per_second, burst}")

// UnmarshalJSON reads either form; burst defaults to one second's worth, at least 1.
func (r *Rate) UnmarshalJSON(b []byte) error {
	var wire struct {
		PerSecond *float64 `json:"per_second"`
		Burst     *int     `json:"burst"`
	}
	if len(b) > 0 && b[0] == '{' {
		dec := json.NewDecoder(strings.NewReader(string(b)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&wire); err != nil || wire.PerSecond == nil {
			return errRate
		}
	} else if err := json.Unmarshal(b, &wire.PerSecond); err != nil || wire.PerSecond == nil {
		return errRate
	}
	if !(*wire.PerSecond > 0 && *wire.PerSecond <= 1e9) {
		return errRate
	}
	r.PerSecond, r.Burst = *wire.PerSecond, max(1, int(math.Ceil(*wire.PerSecond)))
	if wire.Burst != nil {
		if *wire.Burst < 1 {
			return errors.New("burst is less than 1: nothing could ever pass")
		}
		r.Burst = *wire.Burst
	}
	return nil
}

// scalar gives the text of a JSON string or number.
func scalar(b []byte) (string, error) {
	if len(b) > 0 && b[0] == '"' {
		var s string
		err := json.Unmarshal(b, &s)
		return s, err
	}
	var n json.Number
	err := json.Unmarshal(b, &n)
	return n.String(), err
}

// TimeFormat is RFC 3339 in UTC with milliseconds, the form of every time that
// hookgate shows (SPEC 3).
const TimeFormat = "2006-01-02T15:04:05.000Z"

// Time is a moment that shows itself in TimeFormat; the zero Time is null.
type Time struct{ time.Time }

// At gives the moment in UTC, to the millisecond: as it will be stored and shown.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// AppendJSON appends the JSON form to dst.
func (t Time) AppendJSON(dst []byte) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, TimeFormat)
	return append(dst, '"')
}

// MarshalJSON writes TimeFormat, or null.
func (t Time) MarshalJSON() ([]byte, error) { return t.AppendJSON(nil), nil }

var errMoment = errors.New("not a moment as RFC 3339 writes it: write 2026-01-31T12:00:00Z")

// UnmarshalJSON reads RFC 3339 or null.
func (t *Time) UnmarshalJSON(b []byte) error {
	if t.Time.UnmarshalJSON(b) != nil {
		return errMoment // package time tells of its own layout
	}
	if string(b) != "null" {
		t.Time = Said(t.Time)
	}
	return nil
}

// Said is a moment that somebody has written, and never the zero Time, which is no
// moment: whoever says until the beginning of year 1 would be given everything, and a
// token that was to end then would never.
func Said(t time.Time) time.Time {
	if t.IsZero() {
		return t.Add(1)
	}
	return t
}
