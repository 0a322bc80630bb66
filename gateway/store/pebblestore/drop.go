package pebblestore

import (
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
)

// dropBatch is how many deliveries of a dropped lane end in one commit.
const dropBatch = 1000

// DropLane removes an endpoint that was deleted: its status and holds, and its
// unfinished deliveries, which end as cancelled. It is durable when it returns, and
// can be asked again when it was cut short.
func (s *Store) DropLane(lane gateway.LaneKey) error {
	if err := s.using.enter(); err != nil {
		return err
	}
	defer s.using.leave()
	for now := s.opts.Now(); ; {
		more, err := s.dropSome(lane, now)
		if err != nil {
			return err
		}
		if !more {
			return s.sync()
		}
	}
}

// dropSome ends some deliveries of the lane; with the last of them the rest goes.
func (s *Store) dropSome(lane gateway.LaneKey, now time.Time) (more bool, err error) {
	if err := s.admitSettle(); err != nil {
		return false, err
	}
	lock := s.lanes.of(lane)
	lock.Lock()
	defer lock.Unlock()
	due, err := s.Window(lane, gateway.Due{}, dropBatch)
	if err != nil {
		return false, err
	}
	b := s.newBatch(1<<10 + 512*len(due))
	defer b.free()
	for _, at := range due {
		d, err := s.unfinished(lane.Tenant, at.ID)
		if errors.Is(err, gateway.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryCancelled, time.Time{}, now
		if err := s.end(b, d, nil); err != nil {
			return false, err
		}
	}
	if more = len(due) == dropBatch; more {
		last := due[len(due)-1]
		b.due(&gateway.Delivery{ID: last.ID, Tenant: lane.Tenant, Endpoint: lane.Endpoint}, last.At)
		b.removeRange(appendLane(nil, kindDue, lane), append(slices.Clone(b.key), 0))
		return true, s.commit(b, false)
	}
	for _, kind := range [...]byte{kindDue, kindHold} {
		prefix := appendLane(nil, kind, lane)
		b.removeRange(prefix, pastPrefix(prefix))
	}
	b.status(lane)
	b.remove()
	return false, s.commit(b, false)
}
