package transport

import (
	"testing"
	"time"
)

func TestRestIsLearned(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		happens     func(r *rest)
		least, most time.Duration
	}{
		"nothing known":               {func(*rest) {}, FirstIdle, FirstIdle},
		"short rests prove nothing":   {func(r *rest) { r.worked(FirstIdle / 3) }, FirstIdle, FirstIdle},
		"a long rest proves a longer": {func(r *rest) { r.worked(FirstIdle - s) }, FirstIdle + 1, 2 * FirstIdle},
		"there is an end to it": {func(r *rest) {
			for range 100 {
				r.worked(r.most)
			}
		}, MostIdle, MostIdle},
		"closed at five seconds":                     {func(r *rest) { r.ended(5 * s) }, 4 * s, 5*s - 1},
		"closed at once":                             {func(r *rest) { r.ended(0) }, leastIdle, leastIdle},
		"said five seconds":                          {func(r *rest) { r.heard(5 * s) }, 4 * s, 4 * s},
		"said one second":                            {func(r *rest) { r.heard(s) }, s / 2, s / 2},
		"said nothing at all":                        {func(r *rest) { r.heard(0) }, FirstIdle, FirstIdle},
		"said an hour":                               {func(r *rest) { r.heard(time.Hour) }, MostIdle, MostIdle},
		"said a minute, and closed at three seconds": {func(r *rest) { r.heard(60 * s); r.ended(3 * s); r.heard(60 * s) }, 2 * s, 3*s - 1},
		"said ten seconds, and keeps longer": {func(r *rest) {
			r.heard(10 * s)
			for range 100 {
				r.worked(r.most)
			}
		}, 8 * s, 8 * s},
		"a restart of the peer is overcome": {func(r *rest) {
			r.ended(2 * s)
			for range 200 {
				r.worked(r.most)
			}
		}, MostIdle, MostIdle},
	} {
		r := rest{most: FirstIdle}
		if c.happens(&r); r.most < c.least || r.most > c.most {
			t.Errorf("%s: %s, want %s to %s", name, r.most, c.least, c.most)
		}
	}
}

// A host that closes at five seconds each time is met by fewer and fewer that rest longer.
func TestRestSettles(t *testing.T) {
	const closes = 5 * time.Second
	r := rest{most: FirstIdle}
	var met [4]int
	for i := range met {
		for range 100 {
			if r.most > closes {
				r.ended(closes - closes/5) // when it was last seen
				met[i]++
			} else {
				r.worked(r.most)
			}
		}
	}
	if met[3] > 3 || met[3] > met[0] {
		t.Errorf("of each hundred rests these met a closed connection: %v", met)
	}
}
