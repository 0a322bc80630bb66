package calling

import "time"

const (
	// copies is how often a call has its answer: as it came, its variables, and what its
	// caller is answered, each of which grows by doubling.
	copies = 8
	// roomRest is how long a call rests that finds no room.
	roomRest = 50 * time.Millisecond
)

// Grant waits for the memory of a large answer, as tenants share it (SPEC 16). Nothing is
// read meanwhile: a backend waits with what it has not sent. No answer is too large for
// the share that its tenant has while others want some.
func (k *call) Grant(bytes int) bool {
	budget := k.carrier.seats.answers
	if budget == nil {
		return true
	}
	n := min(int64(copies*bytes), budget.Most()/4)
	for !budget.Take(k.place.holder, n) {
		k.rested = true
		rest := min(roomRest, time.Until(k.until))
		if rest <= 0 {
			return false
		}
		select {
		case <-time.After(rest):
		case <-k.ctx.Done():
			return false
		}
	}
	k.place.answer += n
	return true
}

// lighten gives back what an earlier attempt's answer has.
func (s *seats) lighten(k *call) {
	s.answers.Give(k.place.holder, k.place.answer)
	k.place.answer = 0
}

// hand leaves the memory of the answer to the caller, who has been waiting for it.
func (s *seats) hand(k *call) {
	if k.Free == nil || k.place.answer == 0 {
		return
	}
	budget, holder, n := s.answers, k.place.holder, k.place.answer
	k.place.answer = 0
	*k.Free = func() { budget.Give(holder, n) }
}
