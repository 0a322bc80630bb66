package console

import (
	"testing"
	"time"
)

// Two ticks beside each other never read alike, as far as milliseconds tell them apart.
func TestTicksReadDifferently(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 812_000_000, time.UTC)
	for want, steps := range map[string][]time.Duration{
		"15:04:05": {0, time.Second, time.Minute}, "15:04:05.0": {0, 100 * time.Millisecond, time.Hour}, "15:04:05.00": {0, 30 * time.Millisecond},
		"15:04:05.000": {0, time.Millisecond}, "": {},
	} {
		var times []time.Time
		for _, d := range steps {
			times = append(times, at.Add(d))
		}
		got := formOfTimes(times)
		if want == "" {
			want = "15:04:05"
		}
		if got != want {
			t.Errorf("%v are written as %s, want %s", steps, got, want)
		}
	}
	if got := formOfTimes([]time.Time{at, at.Add(time.Microsecond)}); got != "15:04:05.000" {
		t.Errorf("what milliseconds do not tell apart is written as %s", got)
	}
}
