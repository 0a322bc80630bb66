package directory

import (
	"cmp"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/retry"
)

// compileRetry makes the policy of what was written: a schedule, or a pause that
// grows where any part of one is named.
func compileRetry(r *gateway.Retry, f *faults) retry.Policy {
	p := retry.Default()
	if r == nil {
		return p
	}
	if grows := r.Initial != nil || r.Max != nil || r.Multiplier != nil; grows {
		p.Schedule = nil
		p.Initial, p.Multiplier = retry.DefaultInitial, retry.DefaultMultiplier
		set(&p.Initial, (*time.Duration)(r.Initial))
		p.Max = max(p.Initial, retry.DefaultMax)
		set(&p.Max, (*time.Duration)(r.Max))
		set(&p.Multiplier, r.Multiplier)
		if r.MaxAttempts == nil && r.MaxAge == nil {
			p.MaxAttempts = retry.DefaultMaxAttempts
		}
	}
	if r.Schedule != nil {
		p.Schedule = make([]time.Duration, len(*r.Schedule))
		for i, pause := range *r.Schedule {
			p.Schedule[i] = time.Duration(pause)
		}
	}
	if set(&p.MaxAttempts, r.MaxAttempts); r.MaxAttempts != nil && *r.MaxAttempts == 0 {
		f.add("retry.max_attempts", "is 0: set 1 or more")
	}
	if set(&p.MaxAge, (*time.Duration)(r.MaxAge)); r.MaxAge != nil && *r.MaxAge == 0 {
		f.add("retry.max_age", "is 0: leave it out for no bound")
	}
	set(&p.Jitter, r.Jitter)
	for _, status := range r.Never {
		p.Never = append(p.Never, status.Text)
	}
	f.validated(p.Validate())
	return p
}

// compileCallRetry is compileRetry for webhooks: nothing said is one attempt, and
// what names no pause begins with one that fits into the time of a call.
func compileCallRetry(r *gateway.Retry, f *faults) retry.Policy {
	var own gateway.Retry
	if r != nil {
		own = *r
	}
	switch {
	case own.Schedule != nil || own.Initial != nil:
	case own.Max != nil || own.Multiplier != nil || own.MaxAttempts != nil || own.MaxAge != nil:
		own.Initial = span(DefaultCallPause)
	default:
		own.Schedule = &[]gateway.Duration{}
	}
	return compileRetry(&own, f)
}

func set[T cmp.Ordered](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// validated takes over what a Validate joined: each error begins with the name of
// its field.
func (f *faults) validated(err error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return
	}
	for _, one := range joined.Unwrap() {
		field, message, _ := strings.Cut(one.Error(), " ")
		f.add(field, "%s", message)
	}
}
