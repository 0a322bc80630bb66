// Package breaker keeps an endpoint that fails from being asked all the time.
//
//	closed     all is well; failures are counted
//	open       nothing passes until a moment that is known
//	half-open  one probe passes; it decides between the two others
//
// A breaker that closes does not open the flood: one request at a time passes,
// then two, four …, until the ramp is as wide as was asked for. If the endpoint
// fails again before that, or a probe fails, it stays open for twice as long as
// the time before, up to a bound.
//
// The counting is gobreaker's. It has one fixed time-out, and merely asking for
// its state turns open into half-open, so the moment until which it is open is
// remembered here, gobreaker is not asked before it, and the state is mirrored
// for whoever wants to see it.
package breaker

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Settings say when a breaker trips and for how long (SPEC 7).
type Settings struct {
	Failures int           // so many in a row trip it
	Ratio    float64       // or this share of failures in the window, from MinAttempts on
	Window   time.Duration // in which attempts are counted for Ratio
	Open     time.Duration // how long it stays open the first time
	MaxOpen  time.Duration // the bound of the doubling
}

// Default gives the settings of SPEC 7.
func Default() Settings {
	return Settings{Failures: 5, Ratio: 0.5, Window: time.Minute, Open: 30 * time.Second, MaxOpen: 10 * time.Minute}
}

// MinAttempts in the window make a ratio worth looking at (SPEC 14).
const MinAttempts = 20

// buckets is how finely the window rolls.
const buckets = 10

// Validate reports every fault at once, each under the name the operator wrote.
func (s Settings) Validate() error {
	const day = 24 * time.Hour
	return errors.Join(
		fault(s.Failures < 1, "breaker.failures is %d: set 1 or more", s.Failures),
		fault(!(s.Ratio > 0 && s.Ratio <= 1), "breaker.ratio is %g: set more than 0, at most 1", s.Ratio),
		fault(s.Window < time.Second || s.Window > day, "breaker.window is %s: set 1s to 24h", s.Window),
		fault(s.Open < time.Millisecond || s.Open > day, "breaker.open is %s: set 1ms to 24h", s.Open),
		fault(s.MaxOpen < s.Open || s.MaxOpen > day, "breaker.max_open is %s: set no less than breaker.open, %s, and at most 24h", s.MaxOpen, s.Open))
}

func fault(is bool, format string, args ...any) error {
	if !is {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// State is where a breaker stands. Its numbers are those of the metric
// breaker_state (SPEC 12).
type State int

// The states.
const (
	Closed   State = 0
	HalfOpen State = 1
	Open     State = 2
)

// String gives the word of the API.
func (s State) String() string {
	switch s {
	case HalfOpen:
		return "half_open"
	case Open:
		return "open"
	}
	return "closed"
}

// Verdict is what an attempt says of the endpoint.
type Verdict int

// The verdicts. Ignored is for what tells nothing of its health, such as an
// endpoint that asks for a rest.
const (
	Failed Verdict = iota
	Succeeded
	Ignored
)

// String gives the word of the API for how a probe went.
func (v Verdict) String() string {
	switch v {
	case Failed:
		return "failed"
	case Succeeded:
		return "succeeded"
	}
	return "undecided"
}

// Probe is the last request that a half-open breaker let through.
type Probe struct {
	At      time.Time // when it was done; zero: there was none
	Verdict Verdict
}

// Breaker is one endpoint's. It is safe for concurrent use.
type Breaker struct {
	settings Settings
	onChange func(State, time.Time)

	mu       sync.Mutex // held around every call of circuit, so its hooks run under it
	circuit  *gobreaker.TwoStepCircuitBreaker[struct{}]
	state    State
	until    time.Time     // open until
	rest     time.Duration // how long the next opening lasts
	era      uint64        // rises with each change of state
	row      int           // failures in a row, whatever time lies between them
	flying   int           // permits of this era that are not done
	ramp     int           // how many may fly; 0: no bound
	tripping bool          // the next failure trips it
	probe    Probe
}

var (
	errFailed  = errors.New("failed")
	errIgnored = errors.New("ignored")
)

// New makes a closed breaker. onChange may be nil; it is called in order, under
// the breaker's lock, with the new state and, for Open, until when: it must be
// quick, and must not call the breaker.
func New(s Settings, onChange func(State, time.Time)) *Breaker {
	b := &Breaker{settings: s, onChange: onChange, rest: s.Open}
	b.circuit = b.newCircuit()
	return b
}

func (b *Breaker) newCircuit() *gobreaker.TwoStepCircuitBreaker[struct{}] {
	s := b.settings
	return gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:   1,
		Interval:      s.Window,
		BucketPeriod:  max(s.Window/buckets, 1),
		Timeout:       1, // until decides; gobreaker must then find its own time-out passed
		ReadyToTrip:   b.trips,
		OnStateChange: b.changed,
		IsSuccessful:  func(err error) bool { return err == nil },
		IsExcluded:    func(err error) bool { return err == errIgnored },
	})
}

// Restored makes a breaker that was left open until a moment, or until MaxOpen
// from now if that is sooner, after so many openings in a row. If that moment is
// over, one probe decides at once.
func Restored(s Settings, onChange func(State, time.Time), until time.Time, trips int) *Breaker {
	b := New(s, onChange)
	b.mu.Lock()
	defer b.mu.Unlock()
	rest := b.rest
	for n := 1; n < trips && rest < s.MaxOpen; n++ {
		rest *= 2
	}
	b.tripping, b.rest = true, min(max(time.Until(until), time.Millisecond), s.MaxOpen)
	if done, err := b.circuit.Allow(); err == nil {
		done(errFailed)
	}
	b.rest = min(2*rest, s.MaxOpen)
	return b
}

// Ramp makes a closed breaker begin as if it had just closed: for an endpoint
// of which nothing is known but that much waits for it.
func (b *Breaker) Ramp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == Closed {
		b.ramp = 1
	}
}

// Close closes it by hand, as a probe that succeeds would have: requests pass again, one
// at first. What is under way tells nothing any more.
func (b *Breaker) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == Closed {
		return
	}
	b.circuit = b.newCircuit() // gobreaker has no way to close one
	b.changed("", 0, gobreaker.StateClosed)
}

// Permit is the leave to make one attempt. Done must be called whatever happens,
// a panic included: a breaker that is half-open waits for it for ever.
type Permit struct {
	breaker *Breaker
	done    func(error)
	era     uint64
}

// Allow asks for leave to make an attempt, of at most width at once. Where it is
// refused, until is when to ask again; zero means when an attempt that is under
// way is done.
func (b *Breaker) Allow(width int) (p Permit, until time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == Open && time.Until(b.until) > 0 {
		return Permit{}, b.until, false
	}
	if b.ramp >= width { // full width: nothing to remember of the last opening
		b.ramp, b.rest = 0, b.settings.Open
	}
	if b.ramp > 0 && b.flying >= b.ramp {
		return Permit{}, time.Time{}, false
	}
	done, err := b.circuit.Allow()
	if err != nil { // half-open, and the probe is under way
		return Permit{}, time.Time{}, false
	}
	b.flying++
	return Permit{breaker: b, done: done, era: b.era}, time.Time{}, true
}

// Done tells how the attempt went, and says whether it was a probe. A second call does
// nothing.
func (p *Permit) Done(v Verdict) (probe bool) {
	b := p.breaker
	if b == nil {
		return false
	}
	p.breaker = nil
	b.mu.Lock()
	defer b.mu.Unlock()
	// An attempt from before the last change tells nothing of what is now. And
	// gobreaker, told of it while open, would turn half-open before its time.
	if p.era != b.era {
		return false
	}
	b.flying--
	if probe = b.state == HalfOpen; probe {
		b.probe = Probe{time.Now(), v}
	}
	switch v {
	case Succeeded:
		b.row = 0
		if b.ramp > 0 {
			b.ramp++ // each of n that fly adds one: the ramp doubles
		}
		p.done(nil)
	case Ignored:
		p.done(errIgnored)
	default:
		b.row++
		p.done(errFailed)
	}
	return probe
}

// Probe gives the last probe; the zero Probe: it made none.
func (b *Breaker) Probe() Probe {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.probe
}

// trips is gobreaker's question after a failure while closed.
func (b *Breaker) trips(c gobreaker.Counts) bool {
	done := c.TotalSuccesses + c.TotalFailures
	return b.tripping || b.row >= b.settings.Failures ||
		done >= MinAttempts && float64(c.TotalFailures) >= b.settings.Ratio*float64(done)
}

// changed mirrors a change of gobreaker's state.
func (b *Breaker) changed(_ string, _, to gobreaker.State) {
	b.era++
	b.row, b.flying, b.ramp, b.tripping, b.until = 0, 0, 0, false, time.Time{}
	switch to {
	case gobreaker.StateOpen:
		b.state, b.until = Open, time.Now().Add(b.rest)
		b.rest = min(2*b.rest, b.settings.MaxOpen)
	case gobreaker.StateHalfOpen:
		b.state = HalfOpen
	default:
		b.state, b.ramp = Closed, 1
	}
	if b.onChange != nil {
		b.onChange(b.state, b.until)
	}
}

// State gives the state as it was last seen, and until when it is open at least.
// Asking changes nothing: an open breaker turns half-open when a permit is asked.
func (b *Breaker) State() (State, time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state, b.until
}

// Settings gives the settings that it was made with.
func (b *Breaker) Settings() Settings { return b.settings }
