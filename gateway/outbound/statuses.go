package outbound

import (
	"log/slog"
	"sync"

	"hookgate/gateway"
)

// statuses writes how endpoints stand, those of a slot one after the other: the last one
// written is the newest. Others do not wait for them: a database that is far away takes its time
// for each.
type statuses struct {
	store Statuses
	log   *slog.Logger
	of    [gateway.Slots]sync.Mutex
}

// lock locks those of a lane's slot.
func (s *statuses) lock(key gateway.LaneKey) *sync.Mutex {
	mu := &s.of[key.Slot()]
	mu.Lock()
	return mu
}

// write writes how an endpoint stands now.
func (s *statuses) write(n *lane, sync bool) error {
	defer s.lock(n.key).Unlock()
	status, ok := n.standing.toWrite()
	if !ok {
		return nil
	}
	return s.store.PutStatus(n.key, status, sync)
}

// flush writes what changed, unsynced: what it says is found out again.
func (s *statuses) flush(n *lane) {
	if n.standing.unwritten() {
		s.tell(n, s.write(n, false))
	}
}

// leave is flush for the last time: what comes to be known later is the next owner's.
func (s *statuses) leave(n *lane) {
	defer s.lock(n.key).Unlock()
	if n.standing.unwritten() {
		status, _ := n.standing.toWrite()
		s.tell(n, s.store.PutStatus(n.key, status, false))
	}
	n.standing.end()
}

func (s *statuses) tell(n *lane, err error) {
	if err != nil {
		s.log.Warn("the status of an endpoint was not written", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
	}
}

// change makes a change durable, with the lines of the audit that tell of it, then takes
// it.
func (s *statuses) change(n *lane, change func(*gateway.EndpointStatus), told ...gateway.AuditLine) error {
	defer s.lock(n.key).Unlock()
	was := n.standing.get().DisabledReason
	next, other, gone := n.standing.with(change)
	switch {
	case gone:
		return errElsewhere
	case !other && len(told) == 0:
		return nil
	}
	if err := s.store.PutStatus(n.key, next, true, told...); err != nil {
		return err
	}
	n.standing.take(change)
	if was != "" && next.DisabledReason == "" {
		n.watched.switched("")
	}
	return nil
}

// drop removes all of an endpoint; a status that is being written would come back.
func (s *statuses) drop(key gateway.LaneKey) error {
	defer s.lock(key).Unlock()
	return s.store.DropLane(key)
}
