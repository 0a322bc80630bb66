package outbound

import "hookgate/gateway"

// withhold keeps a delivery that will be stored from being sent until let, also where
// the lane comes upon it in the store.
func (s *schedule) withhold(key gateway.LaneKey, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.lane(key); n != nil {
		if n.withheld == nil {
			n.withheld = map[string]*gateway.Due{}
		}
		n.flying[id], n.withheld[id] = nil, nil
	}
}

func (s *schedule) let(key gateway.LaneKey, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.lanes[key]; n != nil {
		came := n.withheld[id]
		delete(n.flying, id)
		delete(n.withheld, id)
		if came != nil {
			n.window.add(*came, false)
			s.place(n, s.now())
			s.hire()
		}
		s.ended.Broadcast()
	}
}
