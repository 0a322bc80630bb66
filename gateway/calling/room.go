package calling

import (
	"time"

	"hookgate/gateway/shares"
)

const (
	// copies is how often a call has its answer: as it came, its variables, its body, which
	// is six times as long where a text has control characters alone, and what its caller
	// is answered, with the same.
	copies = 16
	// madeCopies is how often it has what was rendered: as that grew, and the url and the
	// headers as texts.
	madeCopies = 3
	// shownCopies is how often a run has either besides: it shows both as texts, to which a
	// control character is six bytes, and again in what its caller is answered.
	shownCopies = 12
	// roomRest is how long a call rests that finds no room.
	roomRest = 50 * time.Millisecond
)

// room is the memory of a call, of which it takes more as its request and answer turn out
// to be large.
type room struct{ *call }

// Grant waits for the memory of a large answer, as tenants share it (SPEC 16). Nothing is
// read meanwhile: a backend waits with what it has not sent. No answer is too large for
// the share that its tenant has while others want some.
func (k room) Grant(bytes int) bool {
	taken, ok := k.await(k.carrier.seats.answers, k.sized(copies, bytes), k.until)
	k.place.answer += taken
	return ok
}

// takeRequest waits for the memory of all that may be rendered.
func (k room) takeRequest() bool {
	until := k.deadline
	if until.IsZero() {
		until = k.began.Add(k.each)
	}
	var ok bool
	k.place.made, ok = k.await(k.carrier.seats.requests, k.sized(madeCopies, maxRendered), until)
	return ok
}

// fitRequest gives back what was taken for more than was rendered.
func (k room) fitRequest() {
	if more := k.place.made - k.sized(madeCopies, k.rendered()); more > 0 {
		k.carrier.seats.requests.Give(k.place.holder, more)
		k.place.made -= more
	}
}

// sized is the memory of so many bytes, of which there are as many copies, and more where
// they are shown.
func (k room) sized(copies, bytes int) int64 {
	if k.explains {
		copies += shownCopies
	}
	return int64(copies * bytes)
}

// await waits until some moment for n bytes of a budget, or for a quarter of it where n is
// more, and gives how many it took.
func (k room) await(budget *shares.Budget, n int64, until time.Time) (taken int64, ok bool) {
	if budget == nil {
		return 0, true
	}
	n = min(n, budget.Most()/4)
	for !budget.Take(k.place.holder, n) {
		k.rested = true
		rest := min(roomRest, time.Until(until))
		if rest <= 0 {
			return 0, false
		}
		select {
		case <-time.After(rest):
		case <-k.ctx.Done():
			return 0, false
		}
	}
	return n, true
}

// lighten gives back what an earlier attempt's answer has.
func (s *seats) lighten(k *call) {
	s.answers.Give(k.place.holder, k.place.answer)
	k.place.answer = 0
}

// hand leaves the memory of the answer, and of the request where it is shown, to the
// caller, who has been waiting for it.
func (s *seats) hand(k *call) {
	holder, answer, made := k.place.holder, k.place.answer, k.place.made
	if !k.explains {
		made = 0
	}
	if k.Free == nil || answer == 0 && made == 0 {
		return
	}
	k.place.answer -= answer
	k.place.made -= made
	*k.Free = func() {
		s.answers.Give(holder, answer)
		s.requests.Give(holder, made)
	}
}
