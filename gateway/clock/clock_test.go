package clock

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A clock that is set forth and back by hours: what this one shows rises always, and
// by what has passed, to a twentieth.
func TestItNeverLeaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mono, off := time.Duration(0), time.Duration(0)
		base := time.Now()
		c := newWith(func() (time.Time, time.Time) { return base.Add(mono), base.Add(mono + off).Round(0) })
		last := c.Now()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "set") == 0 {
				off = time.Duration(rapid.Int64Range(-int64(24*time.Hour), int64(24*time.Hour)).Draw(t, "off"))
			}
			passed := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "passed"))
			mono += passed
			now := c.Now()
			if took := now.Sub(last); took < passed-passed/part-slack || took > passed+passed/part+slack {
				t.Fatalf("%s passed, and it shows %s", passed, took)
			}
			last = now
		}
		mono += 40 * 24 * time.Hour
		if now := c.Now(); !near(now.Sub(base.Add(mono + off).Round(0))) {
			t.Fatalf("after weeks it is still %s off", now.Sub(base.Add(mono+off).Round(0)))
		}
	})
}

func TestItAgrees(t *testing.T) {
	c := New(nil)
	for range 1000 {
		before := time.Now().Round(0)
		now := c.Now()
		if after := time.Now().Round(0); now.Before(before.Add(-slack)) || now.After(after.Add(slack)) {
			t.Fatalf("it shows %s between %s and %s", now, before, after)
		}
	}
}

func TestFarOffIsTrusted(t *testing.T) {
	base, off := time.Now(), time.Duration(0)
	c := newWith(func() (time.Time, time.Time) { return base, base.Add(off).Round(0) })
	off = 30 * 24 * time.Hour
	if now := c.Now(); !now.Equal(base.Add(off)) {
		t.Errorf("after a sleep of a month it shows %s", now.Sub(base))
	}
}

// What a former process had shown is not shown again, unless that was nonsense.
func TestNotBefore(t *testing.T) {
	base := time.Now()
	c := newWith(func() (time.Time, time.Time) { return base, base.Round(0) })
	c.NotBefore(base.Add(-time.Hour))
	if now := c.Now(); !now.Equal(base) {
		t.Errorf("a moment that is past moved it by %s", now.Sub(base))
	}
	c.NotBefore(base.Add(20 * 365 * 24 * time.Hour))
	if now := c.Now(); !now.Equal(base) {
		t.Errorf("nonsense moved it by %s", now.Sub(base))
	}
	c.NotBefore(base.Add(2 * time.Hour))
	if now := c.Now(); !now.Equal(base.Add(2 * time.Hour)) {
		t.Errorf("it shows %s", now.Sub(base))
	}
}

func BenchmarkNow(b *testing.B) {
	c := New(nil)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Now()
		}
	})
}

// How far it is off after a step, and for how long.
func TestOff(t *testing.T) {
	for _, step := range []time.Duration{2 * time.Hour, -2 * time.Hour} {
		base, mono, off := time.Now(), time.Duration(0), time.Duration(0)
		c := newWith(func() (time.Time, time.Time) { return base.Add(mono), base.Add(mono + off).Round(0) })
		if got := c.Off(); got != 0 {
			t.Errorf("before the step it is %s off", got)
		}
		off = step
		for _, want := range []time.Duration{step, step / 2, 0, 0} {
			if got := c.Off(); !near(got - want) {
				t.Errorf("%s after a step of %s it is %s off, want %s", mono, step, got, want)
			}
			mono += 20 * time.Hour
		}
	}
}
