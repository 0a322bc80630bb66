package outbound

import (
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// ReplayFilter says which deliveries of an endpoint are sent again.
type ReplayFilter struct {
	Since, Until time.Time // of their making; Until is exclusive; zero: no bound
	State        gateway.DeliveryState
	EventTypes   []string
	Limit        int // at most; 0: all
	// Passes says whether an event passes the endpoint's own filter, as that is now; nil:
	// it has none. Of a batch one event that does is enough.
	Passes func(*gateway.Event) bool
}

// maxReplay bounds one replay: what it finds is in memory until it is written.
const maxReplay = 10_000

// replayPage is how many are written in one commit.
const replayPage = 500

// Replay sends deliveries of an endpoint again that match a filter, in the order
// of their making: dead ones, where it names no state. Of more than the limit it
// takes the newest, and where the endpoint has a filter it looks at the newest
// maxReplay alone. It gives how many.
func (s *Steering) Replay(tenant, endpoint string, f ReplayFilter) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := maxReplay
	if f.Limit > 0 {
		most = min(most, f.Limit)
	}
	list, err := s.passing(tenant, endpoint, f, most)
	if err != nil {
		return 0, err
	}
	slices.Reverse(list)
	count := 0
	for page := range slices.Chunk(list, replayPage) {
		moved, err := s.requeue(gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}, page)
		if err != nil {
			return count, err
		}
		count += len(moved)
	}
	return count, nil
}

// passing is matching with the endpoint's own filter.
func (s *Steering) passing(tenant, endpoint string, f ReplayFilter, most int) ([]*gateway.Delivery, error) {
	if f.Passes == nil {
		return s.matching(tenant, endpoint, f, most)
	}
	all, err := s.matching(tenant, endpoint, f, maxReplay)
	var list []*gateway.Delivery
	for _, d := range all {
		if len(list) == most || err != nil {
			break
		}
		var passes bool
		if passes, err = s.passes(d, f.Passes); passes {
			list = append(list, d)
		}
	}
	return list, err
}

// passes says whether one of the events of a delivery passes. One that has expired is
// told of when it is to be sent.
func (s *Steering) passes(d *gateway.Delivery, filter func(*gateway.Event) bool) (bool, error) {
	for _, id := range d.EventIDs {
		e, err := s.archive.EventAlone(d.Tenant, id)
		if errors.Is(err, gateway.ErrNotFound) || err == nil && filter(e) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// matching gives the newest deliveries that match a filter, at most so many, newest
// first.
func (s *Steering) matching(tenant, endpoint string, f ReplayFilter, most int) (list []*gateway.Delivery, err error) {
	q := f.query(tenant, endpoint)
	for {
		q.Before, err = s.archive.Deliveries(q, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool {
			if len(f.EventTypes) == 0 || slices.Contains(f.EventTypes, d.EventType) {
				list = append(list, d)
			}
			return len(list) < most
		})
		if err != nil || q.Before == "" || len(list) >= most {
			return list, err
		}
	}
}

func (f *ReplayFilter) query(tenant, endpoint string) store.Query {
	q := store.Query{Tenant: tenant, Endpoint: endpoint, State: string(f.State), Since: f.Since, Until: f.Until}
	if q.State == "" {
		q.State = string(gateway.DeliveryDead)
	}
	if !f.Until.IsZero() {
		q.Before = gateway.IDFloor(gateway.PrefixDelivery, f.Until)
	}
	return q
}
