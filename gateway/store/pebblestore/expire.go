package pebblestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// janitor removes what is too old.
type janitor struct {
	*engine
	*dropping
	waits    *waits
	jobs     *jobs
	expiring *sync.Mutex // see byHand
}

// run expires what is too old, every now and then.
func (s *janitor) run() {
	ticker := time.NewTicker(s.opts.ExpireEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := s.expire(s.opts.Now()); err != nil && s.failure.Load() == nil {
				s.opts.Logger.Error("what is too old could not be removed", "error", err)
			}
		case <-s.done:
			return
		}
	}
}

// watch looks at the room on the disk, at the backlog and for the folder itself, and writes
// down how late it is.
func (s *upkeep) watch() {
	ticker := time.NewTicker(spaceEvery)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-ticker.C:
			s.space.look()
			s.lookBacklog()
			if n%int(staysEvery/spaceEvery) == 0 {
				s.lookForFolder()
			}
			if n%int(newestEvery/spaceEvery) == 0 {
				s.keepNewest()
			}
		case <-s.done:
			return
		}
	}
}

// Expire removes what is too old at now. The janitor does so by itself; this is
// for who cannot wait.
func (s *janitor) Expire(now time.Time) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	return s.expire(now)
}

// expire removes whole ranges, one for each tenant and kind that has anything so
// old: never key by key. It goes on when the disk is full, because it frees it.
func (s *janitor) expire(now time.Time) error {
	before := func(at time.Time) func(string) []byte {
		u := floorULID(at)
		return func(string) []byte { return u[:] }
	}
	bucketsBefore := func(at time.Time, size time.Duration) func(string) []byte {
		bucket := binary.BigEndian.AppendUint32(nil, bucketOf(at, size))
		return func(string) []byte { return bucket }
	}
	dead := func(tenant string) []byte {
		return appendDay(nil, now.Add(-kept(s.opts.Retention(tenant).Dead, keepDead)))
	}
	s.sieves.marks.forget(dayOf(now))
	s.sieves.names.forget(periodOf(now.Add(-gateway.AliasKept)))
	return errors.Join(
		s.waits.expireWaits(now),
		s.jobs.expireJobs(now),
		s.expireKind(kindEnded, bucketsBefore(now.Add(-gateway.OutcomeKept), day)),
		s.expireKind(kindMark, bucketsBefore(now, day)),
		s.expireKind(kindNames, bucketsBefore(now.Add(-gateway.AliasKept), period)),
		s.expireKind(kindOwn, bucketsBefore(now.Add(-gateway.AliasKept), period)),
		s.expireKind(kindTrace, func(tenant string) []byte {
			return appendDay(nil, now.Add(-kept(s.opts.Retention(tenant).Events, keepEvents)))
		}),
		s.expireAsEvents(now),
		s.expireKind(kindMinute, bucketsBefore(now.Add(-store.MinutesKept), time.Hour)),
		s.expireKind(kindHour, bucketsBefore(now.Add(-store.HoursKept), day)),
		s.expireKind(kindParked, before(now.Add(-maxParking))),
		s.expireKind(kindAudit, before(now.Add(-s.opts.AuditKept))),
		s.expireKind(kindAuditOf, before(now.Add(-s.opts.AuditKept))),
		s.expireKind(kindChange, before(now.Add(-changesKept))),
		s.expireKind(kindChangeOf, before(now.Add(-changesKept))),
		s.expireDeliveries(now),
		s.expireDrops(now),
		s.expireKind(kindDead, dead),
		s.expireKind(kindDeadBy, dead),
		s.expireKind(kindDeadEvent, dead),
		s.expireKind(kindDeadAttempt, dead),
	)
}

// expireAsEvents removes callbacks and calls, which are kept as long as events, and to the
// end of the day as lines of timelines are: some of those say how they ended by a callback
// alone (gateway.Callback.Ends).
func (s *janitor) expireAsEvents(now time.Time) (err error) {
	limit := func(tenant string) []byte {
		u := floorULID(now.Add(-kept(s.opts.Retention(tenant).Events, keepEvents)).UTC().Truncate(day))
		return u[:]
	}
	for _, of := range []*later{&s.later.callbacks, &s.later.calls} {
		for _, place := range of.places {
			err = errors.Join(err, s.expireKind(place, limit))
		}
		err = errors.Join(err, s.expireKind(of.single, daysBelow(limit)), s.expireKind(of.block, daysBelow(limit)))
	}
	return err
}

// expireKind removes, of every tenant, the records of a kind below a limit.
func (s *engine) expireKind(kind byte, limit func(tenant string) []byte) error {
	b := s.newBatch(1 << 10)
	defer b.free()
	err := s.eachTenant(kind, func(t *tenantScan) error {
		end := append(slices.Clone(t.prefix), limit(t.tenant)...)
		if bytes.Compare(t.it.Key(), end) < 0 { // a tombstone for nothing would cost for ever
			b.removeRange(t.prefix, end)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.commit(b, false)
}

// ulidLimit gives the lowest ULID that is kept of each tenant.
type ulidLimit func(tenant string) []byte

func (s *janitor) keepSince(now time.Time, of func(gateway.Retention) *gateway.Duration, otherwise time.Duration) ulidLimit {
	return func(tenant string) []byte {
		u := floorULID(now.Add(-kept(of(s.opts.Retention(tenant)), otherwise)))
		return u[:]
	}
}

// expireDeliveries removes old events, ended deliveries and attempts. What an
// unfinished delivery still needs is first copied to a place of its own.
func (s *janitor) expireDeliveries(now time.Time) error {
	s.expiring.Lock()
	defer s.expiring.Unlock()
	s.later.deliveries.posting.Lock() // what is posted of an old day must be looked at before that day goes
	defer s.later.deliveries.posting.Unlock()
	events := s.keepSince(now, func(r gateway.Retention) *gateway.Duration { return r.Events }, keepEvents)
	deliveries := s.keepSince(now, func(r gateway.Retention) *gateway.Duration { return r.Deliveries }, keepDeliveries)
	oldest, err := s.keepUnfinished(events, deliveries)
	if err != nil {
		return err
	}
	both := func(tenant string) []byte { // deliveries are found by what their events left
		return slices.MinFunc([][]byte{events(tenant), deliveries(tenant)}, bytes.Compare)
	}
	orOldest := func(limit ulidLimit) func(string) []byte {
		return func(tenant string) []byte {
			u := limit(tenant)
			if first, found := oldest[tenant]; found && bytes.Compare(first, u) < 0 {
				return first
			}
			return u
		}
	}
	return errors.Join(
		s.expireKind(kindEvent, events),
		s.expireKind(kindByEvent, daysBelow(both)),
		s.expireKind(kindEventBlock, daysBelow(both)),
		s.expireKind(kindIndex, both),
		s.expireKind(kindDelivery, deliveries),
		s.expireKind(kindCancelled, deliveries),
		s.expireKind(kindByDelivery, daysBelow(deliveries)),
		s.expireKind(kindDeliveryBlock, daysBelow(deliveries)),
		s.expireKind(kindAttempt, deliveries),
		s.expireKind(kindKeptEvent, orOldest(events)),
		s.expireKind(kindKeptIndex, orOldest(events)),
		s.expireKind(kindKeptAttempt, orOldest(deliveries)),
		s.expireKind(kindKeptBy, daysBelow(orOldest(deliveries))),
	)
}

// daysBelow gives the day of a limit: postings go when their whole day has.
func daysBelow(limit ulidLimit) func(tenant string) []byte {
	return func(tenant string) []byte {
		return binary.BigEndian.AppendUint32(nil, uint32(bucketOfULID(record.AsULID(limit(tenant)))))
	}
}

// expireWaits removes the waits that ended before it was released that they had.
func (s *waits) expireWaits(now time.Time) error {
	released := s.released.expired(now)
	limit := func(tenant string) []byte {
		u := floorULID(released(gateway.SlotOf(tenant)))
		return u[:]
	}
	err := errors.Join(s.expireKind(kindByWait, daysBelow(limit)), s.expireKind(kindWaitBlock, daysBelow(limit)))
	for _, place := range waitPlaces {
		err = errors.Join(err, s.expireKind(place, limit))
	}
	return err
}
