package console

import (
	"time"
	"unicode/utf8"
)

// ticks gives places with their times, as far as there is room, and the gaps that are drawn
// shorter than they are.
func (s *scale) ticks(width float64) (ticks []tick, gaps []gap) {
	const room, letter = 86.0, 6.5
	last := -room
	var times []time.Time
	for i, at := range s.at {
		if i > 0 && s.at[i].Sub(s.at[i-1]) > 5*time.Minute && s.xs[i]-s.xs[i-1] > 12 {
			one := gap{s.xs[i-1], s.xs[i] - s.xs[i-1], span(at.Sub(s.at[i-1]))}
			if one.W < letter*float64(utf8.RuneCountInString(one.Text)) {
				one.Text = "" // it would stand over the next one's
			}
			gaps = append(gaps, one)
		}
		if s.xs[i]-last < room || s.xs[i] > width-30 {
			continue
		}
		last = s.xs[i]
		ticks, times = append(ticks, tick{X: s.xs[i]}), append(times, at)
	}
	form := formOfTimes(times)
	for i := range ticks {
		ticks[i].Text = times[i].UTC().Format(form)
	}
	return ticks, gaps
}

// formOfTimes is how times on an axis are written: with as many digits as tell each from the
// next, down to the millisecond.
func formOfTimes(times []time.Time) string {
	forms := []string{"15:04:05", "15:04:05.0", "15:04:05.00", "15:04:05.000"}
	for _, form := range forms {
		alike := false
		for i := 1; i < len(times); i++ {
			alike = alike || times[i-1].Format(form) == times[i].Format(form)
		}
		if !alike {
			return form
		}
	}
	return forms[len(forms)-1]
}
