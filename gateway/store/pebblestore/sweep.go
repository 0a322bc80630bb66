package pebblestore

import (
	"bytes"
	"cmp"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// sweeping ends what drops are about.
type sweeping struct {
	*engine
	*dropping
	fanouts *fanouts
}

// sweeper gives the deliveries of dropped lanes the records of cancelled ones, in the
// background.
type sweeper struct{ wake chan struct{} }

const (
	sweepStep = 256         // deliveries that end in one commit
	sweepLook = 4096        // that are looked at before the next
	sweepMore = time.Second // before a disk that is full is tried again
	// sweepPart is how much of one CPU it takes at most: a rest of so many times what
	// a step took follows each.
	sweepPart = 4
)

func (w *sweeper) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (s *sweeping) sweep() {
	for {
		for _, lane := range s.drops.unswept() {
			if !s.sweepLane(lane) {
				return
			}
		}
		if len(s.drops.unswept()) > 0 {
			continue
		}
		select {
		case <-s.sweeper.wake:
		case <-s.done:
			return
		}
	}
}

// sweepLane ends what a drop is about; false when the store is being closed.
func (s *sweeping) sweepLane(lane gateway.LaneKey) bool {
	one, found := s.drops.get(lane)
	if found && !s.fanouts.await(lane.Tenant, one.last, s.done) {
		return false
	}
	from := appendPrefix(nil, kindUnfinished, lane.Tenant)
	for found && from != nil {
		began := time.Now()
		next, err := s.sweepSome(lane, one, from)
		pause := max(sweepPart*time.Since(began), time.Millisecond)
		if err != nil {
			if s.failure.Load() != nil {
				return false
			}
			next, pause = from, sweepMore
		}
		from = next
		select {
		case <-s.done:
			return false
		case <-time.After(pause):
		}
	}
	return true
}

// sweepSome ends some, from a key on, and gives the key to go on from; nil when all
// have ended.
func (s *sweeping) sweepSome(lane gateway.LaneKey, one drop, from []byte) (next []byte, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	if err := s.admitSettle(); err != nil {
		return nil, err
	}
	lock := s.lanes.of(lane) // apart from who brings one back
	lock.RLock()
	defer lock.RUnlock()
	b := s.newBatch(256 * sweepStep)
	defer b.free()
	if next, err = s.endSome(b, lane, one, from); err != nil {
		return nil, err
	}
	if err := s.commit(b, false); err != nil {
		return nil, err
	}
	if next == nil {
		s.drops.finished(lane, one)
	}
	return next, nil
}

func (s *sweeping) endSome(b *batch, lane gateway.LaneKey, one drop, from []byte) (next []byte, err error) {
	place := from[0]
	last := append(appendPrefix(nil, place, lane.Tenant), one.last[:]...)
	it, err := s.iter(from, append(last, 0))
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	looked, ended := 0, 0
	for more := it.First(); more; more = it.Next() {
		if looked++; looked > sweepLook || ended == sweepStep {
			return bytes.Clone(it.Key()), nil
		}
		if !record.PeekIsOf(it.Value(), lane.Endpoint) {
			continue
		}
		u := record.AsULID(tailULID(it.Key()))
		if _, is := s.drops.find(lane.Tenant, lane.Endpoint, u); !is {
			continue
		}
		d, _, err := record.DecodeDelivery(lane.Tenant, u[:], it.Value())
		if err != nil {
			return nil, err
		}
		removeDue(b, d, d.NextAttemptAt) // one that came late has its place still
		d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryCancelled, time.Time{}, one.at
		if err := s.end(b, place, d, nil); err != nil {
			return nil, err
		}
		ended++
	}
	if place == kindUnfinished {
		return appendPrefix(nil, kindRetrying, lane.Tenant), nil
	}
	return nil, nil
}

func compareLanes(a, b gateway.LaneKey) int {
	return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Endpoint, b.Endpoint))
}
