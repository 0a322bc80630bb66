package outbound

import (
	"strconv"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/transport"
	"hookgate/retry"
)

// Said is what somebody who pulled a delivery says became of it.
type Said struct {
	Good bool // it has arrived; all else is of one that has not
	// Error is why, in words. Status and Body are what a receiver of his own answered; 0: none did.
	Error  string
	Status int
	Body   []byte
	// RetryAfter is the pause that he asks for, an hour at most; 0: as the schedule says. With
	// a Status of 429 or 503 it is the endpoint's, as in an answer.
	RetryAfter time.Duration

	failed error // it cannot be written
}

// outcome gives the word for it, and what of it is kept.
func (s *Said) outcome(made *gateway.Attempt) retry.Outcome {
	if s.Good {
		return retry.Success
	}
	outcome := retry.Nack
	if s.Status >= 300 {
		outcome = retry.OfStatus(s.Status)
	}
	made.Status, made.Error, made.Detail = s.Status, string(outcome), gateway.KeptDetail(s.Error)
	made.ResponseBody = s.Body[:min(len(s.Body), transport.DefaultAnswer)]
	return outcome
}

// answer is what he was answered, as far as it steers what follows.
func (s *Said) answer() *transport.Answer {
	if s.Good || s.Status == 0 {
		return nil
	}
	a := &transport.Answer{Status: s.Status}
	if s.RetryAfter > 0 {
		a.RetryAfter = strconv.FormatInt(int64((s.RetryAfter+time.Second-1)/time.Second), 10)
	}
	return a
}
