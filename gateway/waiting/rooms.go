package waiting

import (
	"sync"

	"hookgate/gateway"
)

// house is what all rooms share.
type house struct {
	expirer  *expirer
	holds    *holds
	budget   *budget
	observer *Observer
}

// rooms is who may be asked: a room for each tenant of the slots that are served.
type rooms struct {
	house *house

	mu     sync.RWMutex
	served gateway.SlotSet
	of     map[string]*room // by tenant
}

func newRooms(h *house) *rooms { return &rooms{house: h, of: map[string]*room{}} }

// get gives the room of a tenant. One that is there already tells by itself when its
// slot is not served any more.
func (s *rooms) get(tenant string) (*room, error) {
	s.mu.RLock()
	r := s.of[tenant]
	s.mu.RUnlock()
	if r != nil {
		return r, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r = s.of[tenant]; r != nil {
		return r, nil
	}
	r = newRoom(tenant, s.house)
	if !s.served.Has(r.slot) {
		return nil, errMoved
	}
	s.of[tenant] = r
	return r, nil
}

// serves says whether a tenant's slot is served.
func (s *rooms) serves(tenant string) bool {
	slot := gateway.SlotOf(tenant)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.served.Has(slot)
}

// servesAll says whether all of slots are served.
func (s *rooms) servesAll(slots gateway.SlotSet) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slots.Without(s.served) == gateway.SlotSet{}
}

// remove takes the room of a tenant out; nil where it had none.
func (s *rooms) remove(tenant string) *room {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.of[tenant]
	delete(s.of, tenant)
	return r
}

// serve opens slots, with the rooms that are known of them.
func (s *rooms) serve(slots gateway.SlotSet, known map[string]*room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for slot := range slots.All() {
		s.served.Add(slot)
	}
	for tenant, r := range known {
		s.of[tenant] = r
	}
}

// stop serves slots no more: nobody gets a turn in their rooms.
func (s *rooms) stop(slots gateway.SlotSet) {
	s.mu.Lock()
	for slot := range slots.All() {
		s.served.Remove(slot)
	}
	s.mu.Unlock()
	for _, r := range s.in(slots) {
		r.close(errMoved)
	}
}

// in gives the rooms of slots.
func (s *rooms) in(slots gateway.SlotSet) (found []*room) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range s.of {
		if slots.Has(r.slot) {
			found = append(found, r)
		}
	}
	return found
}

// peek gives the room of a tenant; nil where nobody has needed one.
func (s *rooms) peek(tenant string) *room {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.of[tenant]
}
