package retry_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookgate/retry"
)

func TestDefaultSchedule(t *testing.T) {
	p := retry.Default()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	want := []string{"5s", "30s", "5m", "30m", "2h", "5h", "10h", "14h"} // SPEC 7
	for i, text := range want {
		pause, again := p.Next(i+1, retry.ServerError, 500, time.Hour, 0)
		if d, _ := time.ParseDuration(text); !again || pause != d {
			t.Errorf("after failure %d: %s, %t, want %s", i+1, pause, again, text)
		}
	}
	if _, again := p.Next(9, retry.Timeout, 0, 0, 0); again {
		t.Error("a tenth attempt")
	}
}

func TestNext(t *testing.T) {
	growing := retry.Policy{Initial: time.Second, Max: 10 * time.Second, Multiplier: 3, MaxAttempts: 5}
	aged := retry.Policy{Initial: time.Second, Max: time.Second, Multiplier: 1, MaxAge: time.Minute}
	never := retry.Policy{Schedule: []time.Duration{time.Second}, Never: []string{"404", "5xx", "tls"}}
	for _, c := range []struct {
		name    string
		policy  retry.Policy
		n       int
		outcome retry.Outcome
		status  int
		age     time.Duration
		want    time.Duration // below 0: no more
	}{
		{"success", growing, 1, retry.Success, 204, 0, -1},
		{"grows", growing, 1, retry.Connect, 0, 0, time.Second},
		{"grows more", growing, 3, retry.Connect, 0, 0, 9 * time.Second},
		{"up to the bound", growing, 4, retry.Connect, 0, 0, 10 * time.Second},
		{"attempts spent", growing, 5, retry.Connect, 0, 0, -1},
		{"redirects are failures", growing, 1, retry.Redirect, 302, 0, time.Second},
		{"young", aged, 1000, retry.Timeout, 0, 59 * time.Second, time.Second},
		{"too old by then", aged, 1000, retry.Timeout, 0, 59*time.Second + 1, -1},
		{"status never", never, 1, retry.ClientError, 404, 0, -1},
		{"class never", never, 1, retry.ServerError, 503, 0, -1},
		{"word never", never, 1, retry.TLS, 0, 0, -1},
		{"another status", never, 1, retry.ClientError, 400, 0, time.Second},
		{"one attempt", retry.Policy{}, 1, retry.ServerError, 500, 0, -1},
		{"schedule cut by attempts", retry.Policy{Schedule: make([]time.Duration, 5), MaxAttempts: 2}, 2, retry.ServerError, 500, 0, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			pause, again := c.policy.Next(c.n, c.outcome, c.status, c.age, 0)
			if again != (c.want >= 0) || again && pause != c.want {
				t.Errorf("%s, %t", pause, again)
			}
		})
	}
}

// TestPauseStaysInBounds: whatever the policy that Validate passes, and however
// many failures, the pause is within its jitter and never runs over.
func TestPauseStaysInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		initial := time.Duration(rapid.Int64Range(1, int64(retry.MaxPause)).Draw(t, "initial"))
		p := retry.Policy{
			Initial: initial, Max: time.Duration(rapid.Int64Range(int64(initial), int64(retry.MaxPause)).Draw(t, "max")),
			Multiplier: rapid.Float64Range(1, 1000).Draw(t, "multiplier"), Jitter: rapid.Float64Range(0, 1).Draw(t, "jitter"), MaxAttempts: 1,
		}
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(1, math.MaxInt32).Draw(t, "n")
		got := p.Pause(n, rapid.Float64Range(-1, 1).Draw(t, "draw"))
		low, high := float64(p.Pause(n, -1)), float64(p.Max)*(1+p.Jitter)
		if got < 0 || float64(got) < low-1 || float64(got) > high+1 {
			t.Fatalf("%s is not in [%f, %f]", got, low, high)
		}
	})
}

func TestValidateReportsEveryFault(t *testing.T) {
	p := retry.Policy{
		Schedule: []time.Duration{-1}, Initial: -1, Max: -2, Multiplier: math.NaN(), Jitter: 2,
		MaxAttempts: -1, MaxAge: -1, Never: []string{"2xx", "teapot", "200"},
	}
	err := p.Validate()
	if err == nil {
		t.Fatal("passes")
	}
	for _, name := range []string{
		"schedule[0]", "schedule and", "initial is", "max is", "multiplier is", "jitter is", "max_attempts is", "max_age is",
		"never[0]", "never[1]", "never[2]",
	} {
		if !strings.Contains(err.Error(), "retry."+name) {
			t.Errorf("nothing of %s in:\n%v", name, err)
		}
	}
	endless := retry.Policy{Initial: 1, Max: 1, Multiplier: 1}
	if err := endless.Validate(); err == nil || !strings.Contains(err.Error(), "no end") {
		t.Error(err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, " 120 ": 2 * time.Minute, "3600": time.Hour, "3601": time.Hour,
		"99999999999999999999999999": time.Hour, "0000000000000000000000009": 9 * time.Second,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second, "Sunday, 01-Mar-26 12:01:00 GMT": time.Minute,
		"Sun Mar  1 12:00:05 2026": 5 * time.Second, "Sun, 01 Mar 2026 11:00:00 GMT": 0, "Sun, 01 Mar 2099 11:00:00 GMT": time.Hour,
		"": -1, "-1": -1, "1.5": -1, "+5": -1, "soon": -1, "5s": -1, "2026-03-01T12:00:30Z": -1, "٥": -1, "Sun, 32 Mar 2026 12:00:30 GMT": -1,
	} {
		got, ok := retry.RetryAfter(value, now)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %s, %t, want %s", value, got, ok, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Sun, 01 Mar 2026 12:00:30 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		if got, ok := retry.RetryAfter(value, time.Unix(1772366400, 0)); got < 0 || got > retry.MaxRetryAfter || !ok && got != 0 {
			t.Errorf("%q: %s", value, got)
		}
	})
}

func TestOutcomes(t *testing.T) {
	for status, want := range map[int]retry.Outcome{200: "2xx", 204: "2xx", 302: "3xx", 410: "4xx", 599: "5xx", 101: "protocol", 600: "protocol", 0: "protocol"} {
		if got := retry.OfStatus(status); got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
}
