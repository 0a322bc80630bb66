package retry

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Policy says how often and how soon a failed delivery is tried again: by a
// Schedule, or, where Initial is set, by a pause that grows. The zero value is
// one attempt.
type Policy struct {
	Schedule    []time.Duration // the pause before the second attempt, the third …
	Initial     time.Duration   // pause after the first failure
	Max         time.Duration   // bound of every pause, before jitter
	Multiplier  float64         // growth from one pause to the next
	MaxAttempts int             // 0: no bound but MaxAge
	MaxAge      time.Duration   // no attempt later than this after the first was due; 0: no bound
	Jitter      float64         // random part, each way: 0.2 is ±20 %
	Never       []string        // what is not retried: "400", "4xx", "tls"
}

// Defaults of SPEC 7, and of a growing pause where parts of it are left out.
const (
	DefaultJitter      = 0.2
	DefaultInitial     = 5 * time.Second
	DefaultMax         = 14 * time.Hour
	DefaultMultiplier  = 2
	DefaultMaxAttempts = 9 // as many as the default schedule gives
)

// Default gives the policy of SPEC 7: nine attempts in about 32 hours. Its Schedule is that of
// all others, and must not be changed.
func Default() Policy { return Policy{Schedule: schedule[:], Jitter: DefaultJitter} }

// schedule is one for all: tens of thousands of endpoints have it.
var schedule = [...]time.Duration{
	5 * time.Second, 30 * time.Second, 5 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour,
}

// Bounds of what an operator may set: longer than any receiver is waited for.
const (
	MaxPause    = 30 * 24 * time.Hour
	MaxSchedule = 100
	MaxNever    = 100
)

// Validate reports every fault at once, each under the name the operator wrote.
func (p Policy) Validate() error {
	faults := []error{
		fault(len(p.Schedule) > MaxSchedule, "retry.schedule has %d pauses: set at most %d", len(p.Schedule), MaxSchedule),
		fault(len(p.Never) > MaxNever, "retry.never has %d words: set at most %d", len(p.Never), MaxNever),
		fault(!(p.Jitter >= 0 && p.Jitter <= 1), "retry.jitter is %g: set 0 to 1", p.Jitter),
		fault(p.MaxAttempts < 0, "retry.max_attempts is %d: set 1 or more", p.MaxAttempts),
		fault(p.MaxAge < 0 || p.MaxAge > MaxPause, "retry.max_age is %s: set at most %s", p.MaxAge, MaxPause),
	}
	for i, pause := range p.Schedule[:min(len(p.Schedule), MaxSchedule)] {
		faults = append(faults, fault(pause < 0 || pause > MaxPause, "retry.schedule[%d] is %s: set at most %s", i, pause, MaxPause))
	}
	for i, never := range p.Never[:min(len(p.Never), MaxNever)] {
		_, outcome, ok := parseNever(never)
		faults = append(faults, fault(!ok || outcome == Success, "retry.never[%d] is %q: set a status from 300 to 599, 3xx, 4xx, 5xx, timeout, connect, tls, dns, blocked, protocol, nack or lease", i, never))
	}
	if p.grows() || p.Max != 0 || p.Multiplier != 0 {
		faults = append(faults,
			fault(len(p.Schedule) > 0, "retry.schedule and retry.initial exclude each other: set one"),
			fault(p.Initial <= 0, "retry.initial is %s: set more than 0s", p.Initial),
			fault(p.Max < p.Initial || p.Max > MaxPause, "retry.max is %s: set no less than retry.initial, %s, and at most %s", p.Max, p.Initial, MaxPause),
			fault(!(p.Multiplier >= 1 && p.Multiplier <= 1000), "retry.multiplier is %g: set 1 to 1000", p.Multiplier),
			fault(p.MaxAttempts == 0 && p.MaxAge == 0, "retry has no end: set retry.max_attempts or retry.max_age"))
	}
	return errors.Join(faults...)
}

func fault(is bool, format string, args ...any) error {
	if !is {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func (p Policy) grows() bool { return p.Initial != 0 }

// Pause returns the rest after the n-th failure, n from 1; draw is in [-1,1).
//
// Part of it is random: deliveries that failed in one moment must not all return
// in one moment ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
// Beyond the end of a schedule it is the schedule's last.
func (p Policy) Pause(n int, draw float64) time.Duration {
	var pause float64
	switch {
	case p.grows():
		pause = min(float64(p.Initial)*math.Pow(p.Multiplier, float64(n-1)), float64(p.Max))
	case len(p.Schedule) > 0:
		pause = float64(p.Schedule[min(max(n, 1), len(p.Schedule))-1])
	}
	return time.Duration(pause * (1 + p.Jitter*draw))
}

// Next decides what follows the n-th attempt (from 1): after what pause the
// next one is due, or none. age is how long ago the first attempt was due, and
// status the answer's, 0 where there was none.
func (p Policy) Next(n int, o Outcome, status int, age time.Duration, draw float64) (pause time.Duration, again bool) {
	if o == Success || n >= p.attempts() || p.never(o, status) {
		return 0, false
	}
	pause = p.Pause(n, draw)
	if p.MaxAge > 0 && age+pause > p.MaxAge {
		return 0, false
	}
	return pause, true
}

// attempts is how many there are at most.
func (p Policy) attempts() int {
	most := math.MaxInt
	if !p.grows() {
		most = len(p.Schedule) + 1
	}
	if p.MaxAttempts > 0 {
		most = min(most, p.MaxAttempts)
	}
	return most
}

func (p Policy) never(o Outcome, status int) bool {
	return slices.ContainsFunc(p.Never, func(s string) bool {
		code, word, ok := parseNever(s)
		return ok && (word == o || code != 0 && code == status)
	})
}
