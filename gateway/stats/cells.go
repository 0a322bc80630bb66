package stats

import (
	"slices"
	"time"

	"hookgate/gateway"
)

// The numbers of what is counted. They are stored: new ones may come, and none may move.
const (
	cellOpened = iota
	cellResumed
	cellTimedOut
	cellCancelled
	cellEvents
	cellSucceeded
	cellDead
	cellSuccess
	cellFailure

	cellWaiting = 12 // waits that are open, as it stands
	cellOpen    = 13 // breakers that are open, as it stands
	cellBacklog = 14 // of deliveries, as it stands
	cellParked  = 15 // callbacks, as it stands

	cellOutcomes = 16 // places of outcomes
	cellCodes    = 48 // of codes
	cellReasons  = 64 // of reasons

	cellWaitMS    = 80 // a place for each of the bounds, and one for what is above
	cellAttemptMS = 100
	cellCallMS    = 120

	cells = 140
)

// Their words, by number. They are stored, too: the last place of codes and reasons is for
// words that are not listed.
var (
	outcomes = []gateway.Outcome{
		gateway.OutcomeResumed, gateway.OutcomeParked, gateway.OutcomeDuplicate, gateway.OutcomeAlreadyResumed, gateway.OutcomeLate,
		gateway.OutcomeNoWaitingSession, gateway.OutcomeIgnored, gateway.OutcomeKeyMissing, gateway.OutcomeInvalidBody,
		gateway.OutcomeVariableMissing, gateway.OutcomeVariablesTooLarge, gateway.OutcomeTooComplex, gateway.OutcomeUnauthenticated,
		gateway.OutcomeNotFound, gateway.OutcomeTooLarge, gateway.OutcomeRateLimited, gateway.OutcomeUnavailable,
		gateway.OutcomeNotAllowed, gateway.OutcomeUnsupported, gateway.OutcomeHandshake,
	}
	codes   = []string{"2xx", "3xx", "4xx", "5xx", "timeout", "connect", "tls", "dns", "blocked", "protocol", "nack", "lease", "other"}
	reasons = []string{
		gateway.CallTimeout, gateway.CallConnect, gateway.CallStatus, gateway.CallInvalidResponse, gateway.CallTooLarge,
		gateway.CallBreakerOpen, gateway.CallBlockedTarget, gateway.CallTemplate, gateway.CallInterrupted, "other",
	}
	bounds = []int64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000} // ms
)

// among gives the cell of a word, the last one for one that is not listed.
func among(words []string, first int, word string) int {
	at := slices.Index(words, word)
	if at < 0 {
		at = len(words) - 1
	}
	return first + at
}

// inTime gives the cell of how long something took.
func inTime(first int, took time.Duration) int {
	ms := took.Milliseconds()
	at := 0
	for at < len(bounds) && ms > bounds[at] {
		at++
	}
	return first + at
}
