package retry

import (
	"strings"
	"time"
)

// MaxRetryAfter bounds what a receiver may ask for (SPEC 7): a mistaken date
// must not silence an endpoint for ever.
const MaxRetryAfter = time.Hour

// RetryAfter reads a Retry-After field in either form, seconds or a date in any
// of HTTP's three formats (RFC 9110, 10.2.3 and 5.6.7), and gives the rest that
// it asks for, from 0 to MaxRetryAfter. ok is false for none and for garbage.
func RetryAfter(value string, now time.Time) (rest time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds := time.Duration(0)
		for _, digit := range value {
			seconds = seconds*10 + time.Duration(digit-'0')
			if seconds*time.Second > MaxRetryAfter {
				return MaxRetryAfter, true
			}
		}
		return seconds * time.Second, true
	}
	for _, format := range httpDates {
		if at, err := time.Parse(format, value); err == nil {
			return min(max(at.Sub(now), 0), MaxRetryAfter), true
		}
	}
	return 0, false
}

var httpDates = []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC}
