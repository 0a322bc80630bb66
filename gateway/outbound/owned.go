package outbound

import (
	"fmt"
	"time"

	"hookgate/gateway"
)

// maxLeaving bounds how long a slot stays for the attempts of its lanes, which the node answers
// for meanwhile. What has not ended by then is given up: its connection is closed before the
// slot goes, and the next owner sends it again. Shorter, and planned moves would repeat what slow
// endpoints have taken; longer, and a node would not have given all away within 5 s (SPEC-cluster
// K5). To tell the next owner of attempts that go on was refused: it would have to wait for an
// outcome that a node that ends cannot write, and repeat the attempt all the same.
const maxLeaving = 4 * time.Second

// errElsewhere is of a lane that another owns now.
var errElsewhere = gateway.Moved("the deliveries of this endpoint are moving to another node")

// acquire finds what former owners of slots left unfinished. It returns when every
// lane is known; their windows fill in the background. A lane that is told of a
// delivery meanwhile reads the store, too, before it sends.
func (s *schedule) acquire(slots gateway.SlotSet) error {
	s.come(slots)
	if err := s.comings.settle(); err != nil {
		return fmt.Errorf("finding up to when all is known: %w", err)
	}
	keys, err := s.options.Backlog.Lanes(slots)
	if err != nil {
		return fmt.Errorf("finding unfinished deliveries: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, key := range keys {
		if n := s.lane(key); n != nil {
			s.place(n, now)
		}
	}
	for slot := range slots.All() {
		s.coming.Remove(slot)
	}
	if len(keys) > 0 && !s.stopped {
		s.running.Go(func() { s.reading.count(keys) })
	}
	return nil
}

// compareLanes looks into the store for deliveries of which nobody told the lanes that have them:
// they were made by another process, whose word got lost. The lanes' windows are read again.
func compareLanes(s *schedule) error {
	if s.comings.is() { // before it is asked for the lanes: what came by then is in their windows
		if err := s.comings.settle(); err != nil {
			return errComparing(err)
		}
	}
	keys, err := s.options.Backlog.Lanes(owned(s))
	if err != nil {
		return errComparing(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	readAnew(s, keys)
	return nil
}

func errComparing(err error) error { return fmt.Errorf("comparing unfinished deliveries: %w", err) }

// readAnew has the windows of lanes read again.
func readAnew(s *schedule, keys []gateway.LaneKey) {
	now := s.now()
	for _, key := range keys {
		if n := s.lane(key); n != nil {
			n.window.rewind(gateway.Due{})
			s.place(n, now)
		}
	}
	s.hire()
}

func (s *schedule) come(slots gateway.SlotSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for slot := range slots.All() {
		s.slots.Add(slot)
		s.coming.Add(slot)
	}
}

// owned gives the slots whose lanes are here.
func owned(s *schedule) gateway.SlotSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slots
}

// calmLanes lets no attempt of the lanes of slots begin, and waits for those under way; those that
// take too long are given up. It gives those lanes.
func calmLanes(s *schedule, slots gateway.SlotSet) []*lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calm = s.calm.With(slots)
	var under []*lane
	for _, n := range s.lanes {
		if slots.Has(n.slot) {
			under = append(under, n)
		}
	}
	late := false
	timer := time.AfterFunc(maxLeaving, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.ended.Broadcast()
	})
	defer timer.Stop()
	for _, n := range under {
		for n.sending > 0 && !late && !s.stopped {
			s.ended.Wait()
		}
		if n.sending > 0 { // who pulls goes on
			n.giveUp()
		}
	}
	return under
}

// leave gives the lanes of slots that were stopped. It returns them when nothing of theirs is written
// any more, and none of their attempts will be.
func (s *schedule) leave(slots gateway.SlotSet) (left []*lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.lanes {
		if slots.Has(n.slot) {
			left = append(left, n)
		}
	}
	late := false
	timer := time.AfterFunc(maxLeaving, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		for _, n := range left {
			n.giveUp()
		}
		s.ended.Broadcast()
	})
	defer timer.Stop()
	for _, n := range left {
		for n.hands > 0 || n.priming || n.writes() || n.sending > 0 && !late {
			s.ended.Wait()
		}
		n.abandon()
		if n.primed {
			n.standing.goes(n.rest, n.pace.next, s.now())
		}
	}
	return left
}

// abandon has no attempt of a lane written any more.
func (n *lane) abandon() {
	for _, a := range n.flying {
		if a != nil && !a.writing {
			a.cancelled = true
		}
	}
}

// writes says whether an attempt's outcome is being written.
func (n *lane) writes() bool {
	for _, a := range n.flying {
		if a != nil && a.writing {
			return true
		}
	}
	return false
}
