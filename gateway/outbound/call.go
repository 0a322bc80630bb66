package outbound

import (
	"container/list"
	"time"

	"hookgate/gateway"
)

// puller is somebody who waits for a lane to have something for him.
type puller struct {
	ready func(error)
	place *list.Element // nil: he does not wait any more
}

var (
	errPushed   = gateway.Errorf(gateway.CodeNotPulled, "the deliveries of this endpoint are sent to its url: it has not mode pull")
	errStopping = &gateway.Error{Code: gateway.CodeDraining, Message: "this process is stopping: what is due stays so, pull again", RetryAfter: time.Second}
)

// Await has ready called, once, when there may be something to pull, or why there never
// will be. Who came first is called first, and the next not before ready has returned. stop
// ends it; false: ready is or was called.
func (p *Pulling) Await(key gateway.LaneKey, ready func(error)) (stop func() bool, err error) {
	s := &p.lender.schedule.loans
	n, err := s.enter(key)
	if err != nil {
		return nil, err
	}
	defer s.exit(n) // which calls, if there is something already
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.away || s.stopped:
		return nil, errStopping
	case n.gone || n.leaving:
		return nil, errElsewhere
	}
	w := &puller{ready: ready}
	w.place = n.pullers.PushBack(w)
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return n.leaveLine(w)
	}, nil
}

func (n *lane) leaveLine(w *puller) (waited bool) {
	if w.place == nil {
		return false
	}
	n.pullers.Remove(w.place)
	w.place = nil
	return true
}

// call calls the first of those who wait, if there is something for him; else it gives when
// there will be.
func (s *loans) call(n *lane, now time.Time) (at time.Time, ok bool) {
	first := n.pullers.Front()
	if first == nil || n.called || s.held || !n.primed || n.parked || n.bound() {
		return at, false
	}
	if at, ok = n.soonest(now); !ok {
		return at, false
	}
	if at = later(later(at, n.rest), n.pace.at(n.target.Rate, now)); at.After(now) {
		return at, true
	}
	w := first.Value.(*puller) //nolint:forcetypeassert // there is nothing else in it
	n.leaveLine(w)
	n.called = true
	s.running.Go(func() {
		defer s.calledBack(n)
		w.ready(nil)
	})
	return at, false
}

func (s *loans) calledBack(n *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.called = false
	s.place(n, s.now())
}

// dismiss tells all who wait why there is nothing for them.
func (s *loans) dismiss(n *lane, why error) {
	for first := n.pullers.Front(); first != nil; first = n.pullers.Front() {
		w := first.Value.(*puller) //nolint:forcetypeassert // there is nothing else in it
		n.leaveLine(w)
		s.running.Go(func() { w.ready(why) })
	}
}

// Dismiss sends away all who wait for deliveries, and who comes from now on: this process
// is stopping.
func (l *Lanes) Dismiss() {
	s := l.schedule
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = true
	for _, n := range s.lanes {
		s.loans.dismiss(n, errStopping)
	}
}
