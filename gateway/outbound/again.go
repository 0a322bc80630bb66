package outbound

import (
	"errors"
	"time"

	"hookgate/gateway"
)

// Again makes deliveries of an endpoint due now, in the order given. One that ended after
// the moment before has been sent again since, and is left alone; so is one that waits and
// is due: asked twice, it sends each once. It gives how many are due, or were since, and
// how many are no more.
func (s *Steering) Again(tenant, endpoint string, before time.Time, ids []string) (again, gone int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*gateway.Delivery, 0, len(ids))
	for _, id := range ids {
		d, _, err := s.archive.Delivery(tenant, id)
		switch {
		case errors.Is(err, gateway.ErrNotFound):
			gone++
		case err != nil:
			return 0, 0, err
		case d.State.Ended() && d.EndedAt.After(before):
			again++
		default:
			list = append(list, d)
		}
	}
	moved, err := s.requeue(gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}, list)
	if err != nil {
		return 0, 0, err
	}
	is := make(map[string]bool, len(moved))
	for _, d := range moved {
		is[d.ID] = true
	}
	for _, d := range list {
		if d.State.Ended() && !is[d.ID] {
			gone++ // it has expired in this moment
		} else {
			again++
		}
	}
	return again, gone, nil
}

// LaneOf tells to which endpoint a delivery goes; else gateway.ErrNotFound.
func (s *Steering) LaneOf(tenant, id string) (endpoint string, err error) {
	d, _, err := s.archive.Delivery(tenant, id)
	if err != nil {
		return "", err
	}
	return d.Endpoint, nil
}
