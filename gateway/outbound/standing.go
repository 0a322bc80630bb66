package outbound

import (
	"sync"
	"time"

	"hookgate/gateway"
)

// standing is what is known of a lane's endpoint: what outlives this process, as the
// store has it or soon will, and where its handshake is. It has a lock of its own, for
// it is asked by who carries an attempt, too.
type standing struct {
	mu     sync.Mutex
	status gateway.EndpointStatus
	dirty  bool // the store has another status
	gone   bool // its lane is no more here: it is not written
	proof  proof
}

// begin takes in what the store has.
func (s *standing) begin(status gateway.EndpointStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// end lets nothing more be written.
func (s *standing) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
}

func (s *standing) get() gateway.EndpointStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// shut says that nothing may be sent: it is paused, or disabled.
func (s *standing) shut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status.Paused || s.status.DisabledReason != ""
}

// unwritten says whether the store has another status.
func (s *standing) unwritten() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dirty && !s.gone
}

// toWrite gives what is to be written now; false: nothing is any more.
func (s *standing) toWrite() (status gateway.EndpointStatus, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty = false
	return s.status, !s.gone
}

// with gives the status as it would be after a change; false: that is no other.
func (s *standing) with(change func(*gateway.EndpointStatus)) (next gateway.EndpointStatus, other, gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next = s.status
	change(&next)
	return next, next != s.status, s.gone
}

// take makes a change that was written. What changed meanwhile is not written yet.
func (s *standing) take(change func(*gateway.EndpointStatus)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.status)
	s.dirty = true
}

// opened tells until when the breaker is open.
func (s *standing) opened(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.OpenUntil, s.dirty = until, true
	s.status.Trips++
}

// restKept is how much sooner than its rest a lane may come back after a crash, so that
// not each of many answers that ask for one is written.
const restKept = time.Second

// rests tells until when the endpoint asked for no request.
func (s *standing) rests(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until.Sub(s.status.RestUntil) > restKept {
		s.status.RestUntil, s.dirty = until.Round(0), true
	}
}

// goes takes along what the next owner of a lane must know: until when it rests, and how
// much of its rate is used up.
func (s *standing) goes(rest, paced, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest.After(now) && !rest.Equal(s.status.RestUntil) {
		s.status.RestUntil, s.dirty = rest.Round(0), true
	}
	if paced.After(now) {
		s.status.PacedTo, s.dirty = paced.Round(0), true
	}
}

// probed tells how a probe of the breaker went.
func (s *standing) probed(at time.Time, how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.ProbedAt, s.status.Probed, s.dirty = at.Round(0), how, true
}

// closed tells that the breaker is closed, or that there is none.
func (s *standing) closed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.OpenUntil, s.status.Trips, s.dirty = time.Time{}, 0, true
}

// tripped gives until when the breaker is open, and how often it tripped in a row.
func (s *standing) tripped() (until time.Time, trips int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status.OpenUntil, s.status.Trips
}

func (s *standing) setTripped(until time.Time, trips int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.OpenUntil, s.status.Trips = until, trips
}
