package waiting

import (
	"time"

	"hookgate/gateway"
)

// Recover registers what the store remembers, lets meet what should have met, and
// starts the timer. The lanes need not run yet: they find every notice in the store.
func (s *Sessions) Recover() error {
	err := s.Store.Recover(gateway.AllSlots(),
		func(w *gateway.Wait) error {
			// The wall clock carries the deadline over a restart; from here on the
			// monotonic one does, so that a clock that jumps ends no waits.
			r := s.room(w.Tenant)
			e := newSession(r, w, s.monotonic(w.ExpiresAt))
			e.place = s.force(r, len(w.Context)+len(w.OwnMatch)+len(w.OwnVariables))
			r.register(s, e)
			return nil
		},
		func(p *gateway.Parked) error {
			until := s.monotonic(p.Expires)
			if !time.Now().Before(until) {
				return nil
			}
			r := s.room(p.Tenant)
			r.park(s, newParked(r, p.Callback.ID, name{p.Source, p.Key}, until))
			return nil
		})
	if err != nil {
		return err
	}
	if err := s.reunite(); err != nil {
		return err
	}
	go s.expirer.run()
	return nil
}

// reunite gives open waits what is parked under another of their names. A process
// of this version never leaves two apart: names and what meets by them are one
// commit. One before it did, when it crashed between the two.
func (s *Sessions) reunite() error {
	for _, r := range s.rooms {
		for _, key := range r.parkedApart() {
			names, err := s.namesOf(r.tenant, key)
			if err != nil {
				return err
			}
			if len(names) == 1 {
				continue
			}
			found, err := s.meet(r, names)
			if err != nil {
				return err
			}
			for _, m := range found {
				if err := s.commit(m.change); err != nil {
					return err
				}
				r.unpark(s, m.early)
				r.finish(s, m.session, m.change.Wait)
			}
		}
	}
	return nil
}

// parkedApart gives the keys under which something is parked and, at that source,
// no session is open while others are: only these are looked up.
func (r *room) parkedApart() (keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[string]bool{}
	for n := range r.early {
		if r.openOf[n.source] > 0 && r.open[n] == nil && !seen[n.key] {
			seen[n.key] = true
			keys = append(keys, n.key)
		}
	}
	return keys
}
