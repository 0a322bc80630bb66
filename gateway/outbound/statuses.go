package outbound

import (
	"log/slog"

	"hookgate/gateway"
)

// statuses writes how endpoints stand, those of a slot one after the other: the last one
// written is the newest. Others do not wait for them: a database that is far away takes its time
// for each.
type statuses struct {
	store Statuses
	log   *slog.Logger
	of    [gateway.Slots]chan struct{}
}

func newStatuses(store Statuses, log *slog.Logger) *statuses {
	s := &statuses{store: store, log: log}
	for slot := range s.of {
		s.of[slot] = make(chan struct{}, 1)
	}
	return s
}

// lock locks those of a lane's slot. It is a channel, for who waits for a mutex keeps the time of
// a test standing still.
func (s *statuses) lock(key gateway.LaneKey) (unlock func()) {
	of := s.of[key.Slot()]
	of <- struct{}{}
	return func() { <-of }
}

// write makes durable how an endpoint stands now.
func (s *statuses) write(n *lane) error {
	defer s.lock(n.key)()
	status, ok := n.standing.toWrite()
	if !ok {
		return nil
	}
	return s.store.PutStatus(n.key, status, true)
}

// flush writes what changed, unsynced: what it says is found out again.
func (s *statuses) flush(n *lane) {
	if n.standing.unwritten() {
		s.calm(n)
	}
}

// calm is flush that waits for who does so already.
func (s *statuses) calm(n *lane) {
	defer s.lock(n.key)()
	s.put(n)
}

// leave is flush for the last time: what comes to be known later is the next owner's.
func (s *statuses) leave(n *lane) {
	defer s.lock(n.key)()
	s.put(n)
	n.standing.end()
}

func (s *statuses) put(n *lane) {
	if n.standing.unwritten() {
		status, _ := n.standing.toWrite()
		s.tell(n, s.store.PutStatus(n.key, status, false))
	}
}

func (s *statuses) tell(n *lane, err error) {
	if err != nil {
		s.log.Warn("the status of an endpoint was not written", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
	}
}

// change makes a change durable, with the lines of the audit that tell of it, then takes
// it.
func (s *statuses) change(n *lane, change func(*gateway.EndpointStatus), told ...gateway.AuditLine) error {
	defer s.lock(n.key)()
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
	defer s.lock(key)()
	return s.store.DropLane(key)
}
