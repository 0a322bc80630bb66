package breaker_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hookgate/retry/breaker"
)

const width = 16

// change is one call of onChange.
type change struct {
	state breaker.State
	until time.Time
}

func watched(s breaker.Settings) (*breaker.Breaker, *[]change) {
	var seen []change
	return breaker.New(s, func(s breaker.State, until time.Time) { seen = append(seen, change{s, until}) }), &seen
}

// attempt makes one attempt and fails the test where none is allowed.
func attempt(t *testing.T, b *breaker.Breaker, v breaker.Verdict) {
	t.Helper()
	p, until, ok := b.Allow(width)
	if !ok {
		t.Fatalf("refused until %s", until)
	}
	p.Done(v)
}

func state(t *testing.T, b *breaker.Breaker, want breaker.State) time.Time {
	t.Helper()
	got, until := b.State()
	if got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	return until
}

func TestTripsAfterFailuresInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, seen := watched(breaker.Default())
		for range 4 {
			attempt(t, b, breaker.Failed)
		}
		attempt(t, b, breaker.Succeeded)
		for range 4 {
			attempt(t, b, breaker.Failed)
			time.Sleep(10 * time.Minute) // in a row, however slowly
		}
		attempt(t, b, breaker.Ignored)
		state(t, b, breaker.Closed)
		attempt(t, b, breaker.Failed)
		until := state(t, b, breaker.Open)
		if want := time.Now().Add(30 * time.Second); !until.Equal(want) {
			t.Errorf("open until %s, want %s", until, want)
		}
		if len(*seen) != 1 || (*seen)[0] != (change{breaker.Open, until}) {
			t.Errorf("told %v", *seen)
		}
		if _, again, ok := b.Allow(width); ok || !again.Equal(until) {
			t.Errorf("allowed %t, ask again at %s", ok, again)
		}
	})
}

func TestTripsByRatio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := breaker.Default()
		s.Failures = 1000
		b, _ := watched(s)
		for range 9 {
			attempt(t, b, breaker.Succeeded)
			attempt(t, b, breaker.Failed)
		}
		state(t, b, breaker.Closed) // 18 attempts are too few
		attempt(t, b, breaker.Succeeded)
		attempt(t, b, breaker.Failed)
		state(t, b, breaker.Open)

		b, _ = watched(s)
		for range 19 {
			attempt(t, b, breaker.Failed)
		}
		time.Sleep(2 * s.Window) // they leave the window
		attempt(t, b, breaker.Failed)
		state(t, b, breaker.Closed)
	})
}

func TestOneProbeThenTheRamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, seen := watched(breaker.Default())
		for range 5 {
			attempt(t, b, breaker.Failed)
		}
		time.Sleep(30 * time.Second)
		probe, _, ok := b.Allow(width)
		if !ok {
			t.Fatal("no probe")
		}
		state(t, b, breaker.HalfOpen)
		if _, until, ok := b.Allow(width); ok || !until.IsZero() {
			t.Fatal("two probes")
		}
		probe.Done(breaker.Ignored) // tells nothing: another probe may go
		probe, _, ok = b.Allow(width)
		if !ok {
			t.Fatal("no second probe")
		}
		probe.Done(breaker.Succeeded)
		state(t, b, breaker.Closed)
		for _, want := range []int{1, 2, 4, 8, 16, 16} {
			flying := fill(b)
			if len(flying) != want {
				t.Fatalf("%d fly at once, want %d", len(flying), want)
			}
			for i := range flying {
				flying[i].Done(breaker.Succeeded)
			}
		}
		if len(*seen) != 3 {
			t.Errorf("told %v", *seen)
		}
	})
}

// fill takes permits until none is given; width of them at most.
func fill(b *breaker.Breaker) []breaker.Permit {
	var flying []breaker.Permit
	for len(flying) < width {
		p, _, ok := b.Allow(width)
		if !ok {
			break
		}
		flying = append(flying, p)
	}
	return flying
}

func TestOpensLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := watched(breaker.Default())
		for range 5 {
			attempt(t, b, breaker.Failed)
		}
		for _, want := range []time.Duration{30, 60, 120, 240, 480, 600, 600} {
			until := state(t, b, breaker.Open)
			if rest := time.Until(until); rest != want*time.Second {
				t.Fatalf("open for %s, want %ds", rest, want)
			}
			time.Sleep(time.Until(until))
			attempt(t, b, breaker.Failed)
		}
		// It closes, and fails again before the ramp is over: that is no recovery.
		time.Sleep(10 * time.Minute)
		attempt(t, b, breaker.Succeeded)
		for range 5 {
			attempt(t, b, breaker.Failed)
		}
		if rest := time.Until(state(t, b, breaker.Open)); rest != 10*time.Minute {
			t.Errorf("open for %s after a failed ramp", rest)
		}
		time.Sleep(10 * time.Minute)
		for range width + 1 {
			attempt(t, b, breaker.Succeeded)
		}
		for range 5 {
			attempt(t, b, breaker.Failed)
		}
		if rest := time.Until(state(t, b, breaker.Open)); rest != 30*time.Second {
			t.Errorf("open for %s after a recovery", rest)
		}
	})
}

// TestLateAttemptsChangeNothing: what was under way when it tripped neither
// half-opens the breaker nor closes it.
func TestLateAttemptsChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := watched(breaker.Default())
		late := fill(b)
		for range 5 {
			late[0].Done(breaker.Failed)
			late = late[1:]
		}
		time.Sleep(time.Second)
		for i := range late {
			late[i].Done(breaker.Succeeded)
			late[i].Done(breaker.Succeeded)
		}
		if rest := time.Until(state(t, b, breaker.Open)); rest != 29*time.Second {
			t.Errorf("open for %s", rest)
		}
	})
}

func TestRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []breaker.State
		tell := func(s breaker.State, _ time.Time) { told = append(told, s) }
		until := time.Now().Add(time.Minute)
		b := breaker.Restored(breaker.Default(), tell, until, 1)
		if got := state(t, b, breaker.Open); !got.Equal(until) || len(told) != 1 {
			t.Errorf("open until %s, told %v", got, told)
		}
		time.Sleep(time.Minute)
		attempt(t, b, breaker.Failed)
		if rest := time.Until(state(t, b, breaker.Open)); rest != time.Minute {
			t.Errorf("then for %s", rest)
		}
		far := breaker.Restored(breaker.Default(), tell, time.Now().Add(1000*time.Hour), 1)
		if rest := time.Until(state(t, far, breaker.Open)); rest != 10*time.Minute {
			t.Errorf("restored for %s, bound 10m", rest)
		}
	})
}

// TestRestoredAfterItsTime: an endpoint that was dead before a restart is asked
// once, and if that fails rests for as long as if there had been none.
func TestRestoredAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.Restored(breaker.Default(), nil, time.Now().Add(-time.Hour), 3)
		time.Sleep(time.Millisecond)
		if n := len(fill(b)); n != 1 {
			t.Fatalf("%d fly at once", n)
		}
		for trips, want := range map[int]time.Duration{1: time.Minute, 3: 4 * time.Minute, 5: 10 * time.Minute, 1 << 40: 10 * time.Minute} {
			b = breaker.Restored(breaker.Default(), nil, time.Now(), trips)
			time.Sleep(time.Millisecond)
			attempt(t, b, breaker.Failed)
			if rest := time.Until(state(t, b, breaker.Open)); rest != want {
				t.Errorf("after %d openings and a failed probe it rests for %s, want %s", trips, rest, want)
			}
		}
	})
}

// Only what was let through while it was half-open is a probe; the last one is remembered.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := watched(breaker.Default())
		for range 5 {
			attempt(t, b, breaker.Failed)
		}
		if p := b.Probe(); !p.At.IsZero() {
			t.Errorf("before any probe: %+v", p)
		}
		for _, want := range []breaker.Verdict{breaker.Failed, breaker.Ignored, breaker.Succeeded} {
			time.Sleep(10 * time.Minute)
			p, _, _ := b.Allow(width)
			if !p.Done(want) {
				t.Errorf("one that ends %s is not told to be a probe", want)
			}
			if got := b.Probe(); got != (breaker.Probe{At: time.Now(), Verdict: want}) {
				t.Errorf("the last probe is %+v, want %s now", got, want)
			}
		}
		last := b.Probe()
		time.Sleep(time.Minute)
		p, _, _ := b.Allow(width)
		if p.Done(breaker.Failed) || b.Probe() != last {
			t.Errorf("an attempt while it is closed is taken for a probe: %+v", b.Probe())
		}
	})
}

func TestRampOnRequest(t *testing.T) {
	b, _ := watched(breaker.Default())
	b.Ramp()
	if n := len(fill(b)); n != 1 {
		t.Errorf("%d fly at once", n)
	}
}

func TestValidateReportsEveryFault(t *testing.T) {
	if err := breaker.Default().Validate(); err != nil {
		t.Error(err)
	}
	err := breaker.Settings{MaxOpen: -1}.Validate()
	for _, name := range []string{"failures", "ratio", "window", "open", "max_open"} {
		if err == nil || !strings.Contains(err.Error(), "breaker."+name) {
			t.Errorf("nothing of %s in: %v", name, err)
		}
	}
}

// TestNeverStuck: whatever happened to it, after its rest and a ramp's worth of
// successes a breaker is closed and as wide as ever. It never lets more than the
// width fly, and nothing while it is open.
func TestNeverStuck(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 200).Draw(r, "steps")
		synctest.Test(t, func(t *testing.T) {
			b, _ := watched(breaker.Default())
			var flying []breaker.Permit
			done := func(v breaker.Verdict) {
				if len(flying) > 0 {
					flying[0].Done(v)
					flying = flying[1:]
				}
			}
			for _, step := range steps {
				switch step {
				case 0, 1:
					was, until := b.State()
					p, _, ok := b.Allow(width)
					if ok && was == breaker.Open && time.Until(until) > 0 {
						t.Fatal("allowed while open")
					}
					if ok {
						flying = append(flying, p)
					}
				case 2:
					done(breaker.Succeeded)
				case 3:
					done(breaker.Failed)
				case 4:
					done(breaker.Ignored)
				case 5:
					time.Sleep(7 * time.Second)
				}
			}
			for len(flying) > 0 {
				done(breaker.Ignored)
			}
			time.Sleep(10 * time.Minute)
			for range width + 2 {
				attempt(t, b, breaker.Succeeded)
			}
			state(t, b, breaker.Closed)
			if n := len(fill(b)); n != width {
				t.Fatalf("%d fly at once, want %d", n, width)
			}
		})
	})
}

func BenchmarkAllowDone(b *testing.B) {
	br := breaker.New(breaker.Default(), nil)
	b.ReportAllocs()
	for b.Loop() {
		p, _, _ := br.Allow(width)
		p.Done(breaker.Succeeded)
	}
}

// Closed by hand, a breaker lets one request pass, then more; what was under way before
// tells nothing, and the next opening is as long as after a probe.
func TestCloseByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, seen := watched(breaker.Default())
		b.Close()
		if len(*seen) != 0 {
			t.Errorf("a closed one told %v", *seen)
		}
		late, _, _ := b.Allow(width)
		for range 5 {
			attempt(t, b, breaker.Failed)
		}
		state(t, b, breaker.Open)
		b.Close()
		state(t, b, breaker.Closed)
		if n := len(*seen); n != 2 || (*seen)[1].state != breaker.Closed {
			t.Errorf("told %v", *seen)
		}
		late.Done(breaker.Failed)
		first, _, ok := b.Allow(width)
		if _, _, second := b.Allow(width); !ok || second {
			t.Errorf("of two at once the first passes: %t, the second: %t", ok, second)
		}
		first.Done(breaker.Succeeded)
		for range 5 {
			attempt(t, b, breaker.Failed)
		}
		if until := state(t, b, breaker.Open); !until.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("open until %s", until)
		}
		time.Sleep(time.Minute)
		probe, _, _ := b.Allow(width)
		state(t, b, breaker.HalfOpen)
		b.Close()
		probe.Done(breaker.Failed)
		state(t, b, breaker.Closed)
	})
}
