package requests

import (
	"strconv"
	"strings"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
)

// Check is how one step went.
type Check struct {
	Step   string `json:"step"`
	OK     *bool  `json:"ok"` // nil: it was not judged, and Detail says why
	Detail string `json:"detail"`
}

// Hints are words that need the rules of the source: they are found out when a request
// is read, and "" where nobody knows.
type Hints struct{ Key, Match, Variables string }

var yes = true

// Checks gives the steps up to the one that decided, in their order.
func (k *Kept) Checks(h Hints) []Check {
	last := k.Decided()
	checks := []Check{}
	if last == None {
		if k.Of == Route {
			return k.passedAll()
		}
		return checks
	}
	for _, step := range k.order() {
		if step != last && !k.passes(step) {
			continue
		}
		if step == last {
			ok := !k.fails()
			return append(checks, Check{step.String(), &ok, k.detail(step, h)})
		}
		if step == Method && last < Verify && last != Method {
			checks = append(checks, Check{step.String(), nil, "it was not looked at: " + last.String() + " decided first"})
			continue
		}
		checks = append(checks, Check{step.String(), &yes, k.passed(step, h)})
	}
	return checks
}

// passedAll are the steps of a request to a route that went on to its upstream, or was
// stored for it.
func (k *Kept) passedAll() (checks []Check) {
	for _, step := range [...]Step{Method, Size, AllowIPs, Verify, Rate} {
		if k.passes(step) {
			checks = append(checks, Check{step.String(), &yes, ""})
		}
	}
	return checks
}

// Reason is the detail of the step that refused the request; "" where none did.
func (k *Kept) Reason(h Hints) string {
	last := k.Decided()
	switch {
	case last != None && k.fails():
		return k.detail(last, h)
	case k.Of == Route:
		return k.Cause.Text // what the client was told
	}
	return ""
}

// Decided is the step that decided; None where the request found nothing.
func (k *Kept) Decided() Step {
	if k.Cause.Step != None || k.Of == Route {
		return k.Cause.Step
	}
	return stepOf(k.Outcome)
}

// order is the order of steps for this request: without a key what fits is asked first.
func (k *Kept) order() []Step {
	if k.Cause.Flags&NoKey != 0 {
		return []Step{Method, Size, AllowIPs, Handshake, Verify, Rate, Body, Each, Dedupe, Match, Key, Variables, Claim}
	}
	return []Step{Method, Size, AllowIPs, Handshake, Verify, Rate, Body, Each, Dedupe, Key, Match, Variables, Claim}
}

// passes says whether a step that did not decide was taken at all.
func (k *Kept) passes(step Step) bool {
	switch step {
	case AllowIPs:
		return k.Cause.Flags&HasNetworks != 0
	case Handshake:
		return false
	case Verify:
		return k.Of == Source || k.Cause.Flags&HasVerify != 0
	case Each:
		return k.Cause.Flags&HasEach != 0
	}
	return true
}

// fails says whether the step that decided refused the request.
func (k *Kept) fails() bool {
	switch k.Outcome {
	case gateway.OutcomeResumed, gateway.OutcomeParked:
		return false
	case gateway.OutcomeHandshake:
		return k.Status >= 400
	}
	return true
}

// passed says of a step that did not decide what is worth knowing.
func (k *Kept) passed(step Step, h Hints) string {
	switch step {
	case Key:
		if k.Key != "" {
			return "the conversation key is " + k.Key
		}
	case Match:
		return h.Match
	}
	return ""
}

// detail says why the deciding step decided as it did.
func (k *Kept) detail(step Step, h Hints) string {
	c := &k.Cause
	switch step {
	case Method:
		return k.Method + " is not taken: the source takes " + c.Text
	case AllowIPs:
		return "the client " + k.Client.String() + " is in none of the " + count(c.Of, "network") + " of allow_ips" + k.tooOften()
	case Handshake:
		return k.handshake()
	case Verify:
		return k.unverified() + k.tooOften()
	case Rate:
		if k.Of == Route {
			return "too many requests for the route (rate_limit): it may be sent again in " + seconds(c.Again)
		}
		return "too many requests for the source, its tenant or one above it: it may be sent again in " + seconds(c.Again)
	case Dedupe:
		return k.duplicate()
	case Key:
		return either(h.Key, either(c.Text, "no conversation key was found"))
	case Match:
		if k.Outcome == gateway.OutcomeTooComplex {
			return "finding key, outcome and variables in it takes more work than is allowed"
		}
		return either(h.Match, "it fits none of the outcomes that match lists, or the wait's own")
	case Variables:
		return k.variables(h)
	case Claim:
		return k.claim()
	}
	return k.sized(step)
}

// sized is detail of what has to do with the body itself.
func (k *Kept) sized(step Step) string {
	c := &k.Cause
	switch {
	case k.Of == Route:
		return c.Text
	case k.Outcome == gateway.OutcomeTooLarge && step == Size && k.BodyBytes >= 0:
		return "the body has " + strconv.FormatInt(k.BodyBytes, 10) + " bytes, at most " + strconv.Itoa(c.Of) + " are taken (max_body)"
	case k.Outcome == gateway.OutcomeTooLarge && step == Size:
		return "the body has more than the " + strconv.Itoa(c.Of) + " bytes that are taken (max_body)"
	case k.Outcome == gateway.OutcomeTooLarge && c.Text == "":
		return "the body has, without its coding, more than the " + strconv.Itoa(c.Of) + " bytes that are taken (max_body)"
	}
	return either(c.Text, "the body could not be read")
}

// unverified says why nobody knows who calls.
func (k *Kept) unverified() string {
	c := &k.Cause
	words := (&signature.Error{Reason: signature.Reason(c.Why), Field: c.Text, Age: c.Age, Window: c.Limit}).Words()
	switch signature.Reason(c.Why) {
	case signature.Mismatch:
		if c.Of > 1 {
			words = "signed by none of the " + count(c.Of, "secret")
		} else if c.Of == 1 {
			words = "not signed by the secret that is configured"
		}
		words += ", over " + count(int(max(0, k.BodyBytes)), "byte") + " of body"
	case signature.Credential:
		if c.Of > 1 {
			words = c.Text + " is none of the " + count(c.Of, "secret")
		}
		return words
	default:
		return words
	}
	if coding := k.field("Content-Encoding"); coding != "" {
		words += "; the body came with Content-Encoding " + coding
	}
	return words
}

func (k *Kept) tooOften() string {
	if k.Outcome != gateway.OutcomeRateLimited && k.Status != 429 {
		return ""
	}
	return "; this client has failed too often: it is told so again in " + seconds(k.Cause.Again)
}

func (k *Kept) handshake() string {
	switch {
	case k.Outcome == gateway.OutcomeRateLimited:
		return "the handshake did not pass its own check" + k.tooOften()
	case k.Status >= 400:
		return "the handshake did not pass its own check: compare its token with the one that is configured"
	case k.Method == "HEAD" || k.Method == "OPTIONS":
		return k.Method + " only looks: nothing is verified, and it is no callback"
	}
	return "a handshake was answered: it is no callback"
}

func (k *Kept) duplicate() string {
	if k.Cause.Flags&Strong != 0 {
		return "a callback with the same id was taken before, as " + k.CallbackID
	}
	return "the same bytes were taken before, as " + k.CallbackID + ", and they bring no id by which repeats are told apart"
}

func (k *Kept) variables(h Hints) string {
	switch {
	case k.Outcome == gateway.OutcomeVariableMissing && h.Variables != "":
		return h.Variables
	case k.Outcome == gateway.OutcomeVariableMissing:
		return "the variable " + k.Cause.Text + " is required, and its path found nothing that fits its type"
	}
	return "the mapped variables are together larger than variables_max"
}

func (k *Kept) claim() string {
	switch k.Outcome {
	case gateway.OutcomeResumed:
		return "it resumed " + k.WaitID
	case gateway.OutcomeParked:
		return "no wait is open yet: it is kept for one (early.ttl)"
	case gateway.OutcomeAlreadyResumed:
		return either(k.WaitID, "the wait") + " was resumed already, by another callback"
	case gateway.OutcomeLate:
		return either(k.WaitID, "the wait") + " had timed out or was cancelled before"
	case gateway.OutcomeNoWaitingSession:
		return "no wait is open for the conversation key " + k.Key + ", and early.ttl is 0"
	case gateway.OutcomeRateLimited:
		return "no wait is open, and as many callbacks are parked already as early.max allows"
	case gateway.OutcomeTooLarge:
		return "what is kept with parked callbacks of one request has become too much"
	}
	return either(k.Cause.Text, "the store could not write: the sender was told to send it again")
}

// field gives the value of a header field that is kept; "" for none.
func (k *Kept) field(name string) string {
	for _, f := range k.header() {
		if strings.EqualFold(f[0], name) {
			return f[1]
		}
	}
	return ""
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return strconv.Itoa(n) + " " + of + "s"
}

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10) + " s"
}
