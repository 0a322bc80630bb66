package outbound

import "hookgate/gateway"

// withhold keeps a delivery that will be stored from being sent until let, also where
// the lane comes upon it in the store.
func (s *schedule) withhold(key gateway.LaneKey, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.lane(key); n != nil {
		n.flying[id] = nil
	}
}

func (s *schedule) let(key gateway.LaneKey, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.lanes[key]; n != nil {
		delete(n.flying, id)
		s.ended.Broadcast()
	}
}
