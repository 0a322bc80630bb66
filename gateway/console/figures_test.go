package console

import (
	"slices"
	"strings"
	"testing"
)

func counts(of ...int64) (all []bucket) {
	for i := 0; i < len(of); i += 2 {
		b := bucket{Count: int(of[i+1])}
		if most := of[i]; most > 0 {
			b.Most = &most
		}
		all = append(all, b)
	}
	return all
}

// A histogram has a line for each bound between the first and the last that have any, and
// loses nothing.
func TestHistogram(t *testing.T) {
	for name, c := range map[string]struct {
		counts []bucket
		want   []bar
	}{
		"nothing":              {nil, nil},
		"empty":                {counts(1000, 0), nil},
		"one":                  {counts(1, 3), []bar{{"100\u00a0ms", 3, 100}}},
		"folded, with a gap":   {counts(2, 1, 50, 1, 100, 2, 1000, 1, 5000, 4), []bar{{"100\u00a0ms", 4, 100}, {"500\u00a0ms", 0, 0}, {"1\u00a0s", 1, 25}, {"2\u00a0s", 0, 0}, {"5\u00a0s", 4, 100}}},
		"in two minutes":       {counts(5000, 1, 5000, 1), []bar{{"5\u00a0s", 2, 100}}},
		"longer than a bound":  {counts(300_000, 1, 0, 2), []bar{{"5\u00a0min", 1, 50}, {"longer", 2, 100}}},
		"between our own ones": {counts(200, 5), []bar{{"500\u00a0ms", 5, 100}}},
	} {
		if got := histogram(c.counts, waitLines); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What a part took at most is told as near as the counts tell.
func TestTookAtMost(t *testing.T) {
	f := figures{Waited: counts(1000, 10, 2000, 10, 1000, 10)}
	for part, want := range map[float64]float64{0.5: 750, 0.9: 1700, 1: 2000} {
		if got := f.TookAtMost(part); got == nil || *got < want-1 || *got > want+1 {
			t.Errorf("%g of all took %v, want %g", part, got, want)
		}
	}
	f = figures{Waited: counts(1000, 1, 0, 9)}
	if got := f.TookAtMost(0.99); got == nil || *got != 1000 {
		t.Errorf("what is longer than all bounds took %v", got)
	}
	if got := (&figures{}).TookAtMost(0.5); got != nil {
		t.Errorf("of nothing half took %g", *got)
	}
}

// A picture says its figures, has no point that says nothing, and no markup of others.
func TestPictures(t *testing.T) {
	level60 := make([]float64, 60)
	if got := string(tiny("Events", level60)); strings.Count(got, ",") != strings.Count(`aria-label="Events: 0 in all, at most 0, last 0" 0.0,15.0 72.0,15.0`, ",") {
		t.Errorf("a level line is %s", got)
	}
	level60[59] = 1234
	if got := string(tiny("<b>", level60)); !strings.Contains(got, "aria-label=\"&lt;b&gt;: 1\u202f234 in all, at most 1\u202f234, last 1\u202f234\"") || !strings.Contains(got, `points="0.0,15.0 70.8,15.0 72.0,1.0"`) {
		t.Errorf("it is %s", got)
	}
	if got := string(level("Waits", []float64{3, 1, 2})); !strings.Contains(got, `"Waits: from 1 to 3, last 2"`) {
		t.Errorf("how it stood is %s", got)
	}
	if got := spark("Nothing", nil); got != "" {
		t.Errorf("of nothing is drawn %s", got)
	}
	for n, want := range map[float64]string{0: "0\u00a0bytes", 1023: "1\u202f023\u00a0bytes", 1536: "1.5\u00a0KiB", 5 << 30: "5.0\u00a0GiB", 1 << 52: "4096.0\u00a0TiB"} {
		if got := sized(n); got != want {
			t.Errorf("%g is %q, want %q", n, got, want)
		}
	}
}

// Calls are told by why they failed, the most frequent first.
func TestReasonsOfCalls(t *testing.T) {
	f := figures{Went: make([]float64, 2), Failed: make([]float64, 2), CallP99: make([]float64, 2)}
	for i, reasons := range []map[string]int{{"timeout": 1, "status": 1}, {"timeout": 1, "connect": 5}} {
		p := point{}
		p.Calls.Success, p.Calls.Failure, p.Calls.Reasons = 1, len(reasons), reasons
		f.takeCalls(&p, i)
	}
	if want := []reason{{"connect", 5}, {"timeout", 2}, {"status", 1}}; !slices.Equal(f.Reasons, want) || f.Sum(f.Went) != 2 || f.Sum(f.Failed) != 4 {
		t.Errorf("reasons %v, %g and %g", f.Reasons, f.Went, f.Failed)
	}
}

// A step in which nothing ended is no failure.
func TestSharesOfEachStep(t *testing.T) {
	f := figures{Good: []float64{0, 3, 0, 1}, Bad: []float64{0, 1, 2, 0}}
	if got, want := f.Shares(), []float64{100, 75, 0, 100}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := string(trend("p99", []float64{1, 5, 2})); !strings.Contains(got, "p99: from 1 to 5, last 2") {
		t.Errorf("how something stood reads %s", got)
	}
}
