package gateway_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`"500ms"`: 500 * time.Millisecond, `"24h"`: 24 * time.Hour, `"7d"`: 7 * 24 * time.Hour, `"0.5d"`: 12 * time.Hour, `30`: 30 * time.Second,
		`1.5`: 1500 * time.Millisecond, `"90"`: 90 * time.Second, `0`: 0, `"1h30m"`: 90 * time.Minute,
		`"-1s"`: -1, `-1`: -1, `"x"`: -1, `""`: -1, `true`: -1, `null`: -1, `1e300`: -1, `"NaN"`: -1, `"Inf"`: -1, `[1]`: -1,
	} {
		var d gateway.Duration
		err := json.Unmarshal([]byte(text), &d)
		if text == "null" {
			continue // encoding/json asks nobody
		}
		if (err != nil) != (want < 0) || err == nil && time.Duration(d) != want {
			t.Errorf("%s is %s, %v", text, d, err)
		}
	}
}

// What is written reads back the same, whatever it is.
func FuzzDuration(f *testing.F) {
	f.Add(int64(90 * time.Minute))
	f.Add(int64(7 * 24 * time.Hour))
	f.Add(int64(1))
	f.Fuzz(func(t *testing.T, n int64) {
		if n < 0 {
			return
		}
		text, err := json.Marshal(gateway.Duration(n))
		if err != nil {
			t.Fatal(err)
		}
		var back gateway.Duration
		if err := json.Unmarshal(text, &back); err != nil || back != gateway.Duration(n) {
			t.Fatalf("%d is written %s, which reads %d, %v", n, text, back, err)
		}
	})
}

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{
		`1048576`: 1 << 20, `"1MiB"`: 1 << 20, `"64KiB"`: 64 << 10, `"1.5 KiB"`: 1536, `"2GB"`: 2e9, `"10B"`: 10, `0`: 0,
		`-1`: -1, `"1.5B"`: -1, `"MiB"`: -1, `"1XB"`: -1, `1e30`: -1, `"NaN"`: -1,
	} {
		var s gateway.Size
		err := json.Unmarshal([]byte(text), &s)
		if (err != nil) != (want < 0) || err == nil && int64(s) != want {
			t.Errorf("%s is %d, %v", text, s, err)
		}
	}
	for size, want := range map[gateway.Size]string{1 << 30: `"1GiB"`, 3 << 20: `"3MiB"`, 1 << 10: `"1KiB"`, 1000: `1000`, 0: `0`} {
		if got, err := json.Marshal(size); err != nil || string(got) != want {
			t.Errorf("%d is written %s, %v", int64(size), got, err)
		}
	}
}

func TestRate(t *testing.T) {
	for text, want := range map[string]*gateway.Rate{
		`5`: {PerSecond: 5, Burst: 5}, `0.5`: {PerSecond: 0.5, Burst: 1}, `2.1`: {PerSecond: 2.1, Burst: 3},
		`{"per_second":5,"burst":20}`: {PerSecond: 5, Burst: 20}, `{"per_second":5}`: {PerSecond: 5, Burst: 5},
		`0`: nil, `-1`: nil, `2e9`: nil, `"5"`: nil, `{"burst":1}`: nil, `{"per_second":5,"burst":0}`: nil, `{"per_second":5,"brust":1}`: nil,
	} {
		var r gateway.Rate
		err := json.Unmarshal([]byte(text), &r)
		if (err != nil) != (want == nil) || err == nil && r != *want {
			t.Errorf("%s is %+v, %v", text, r, err)
		}
	}
}

func TestTime(t *testing.T) {
	at := gateway.At(time.Date(2026, 1, 31, 12, 0, 0, 123_999_999, time.FixedZone("", 3600)))
	if got, err := json.Marshal(at); err != nil || string(got) != `"2026-01-31T11:00:00.123Z"` {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := json.Marshal(gateway.Time{}); err != nil || string(got) != `null` {
		t.Errorf("%s, %v", got, err)
	}
	var back gateway.Time
	if err := json.Unmarshal([]byte(`"2026-01-31T11:00:00.123Z"`), &back); err != nil || !back.Equal(at.Time) {
		t.Errorf("%s, %v", back, err)
	}
	// Year 1 begins, and is not no moment at all: a token that was to end then never would.
	for text, none := range map[string]bool{`"0001-01-01T00:00:00Z"`: false, `"0000-12-31T23:00:00-01:00"`: false, `null`: true} {
		var first gateway.Time
		if err := json.Unmarshal([]byte(text), &first); err != nil || first.IsZero() != none {
			t.Errorf("%s is %v, zero: %t, %v", text, first, first.IsZero(), err)
		}
	}
	for _, no := range []string{`"yesterday"`, `5`, `"2026-01-31 11:00"`, `{}`} {
		if err := back.UnmarshalJSON([]byte(no)); err == nil || !strings.Contains(err.Error(), "not a moment") || strings.Contains(err.Error(), "2006") {
			t.Errorf("%s is refused with %v", no, err)
		}
	}
}
