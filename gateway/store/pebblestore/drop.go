package pebblestore

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// An endpoint may be deleted with a million deliveries unfinished. DropLane is one
// small commit: it takes all places in the lane's window away, and writes down up to
// which delivery the lane is dropped. Whoever asks for one of those is told from then
// on that it was cancelled; the sweeper gives each its record as such, a few at a
// time (sweep.go). A lane made anew under the same name has deliveries with higher
// ids, and none of this is about them.

// dropping knows the lanes that were dropped.
type dropping struct {
	*engine
	*endings
	lanes   *laneLocks
	drops   drops
	sweeper sweeper
}

// drop says that all unfinished deliveries of a lane up to one were cancelled.
type drop struct {
	last ulid.ULID
	at   time.Time
	pass int // which sweep of it: more may have come
}

// drops are those that are not swept yet, and for a while those that are: a publish
// that was under way when its endpoint was deleted comes after. They are in the store
// as long as here: if the process ends between that publish's commit and its
// correction (dropLate), the next one sweeps once more.
type drops struct {
	any atomic.Bool
	mu  sync.RWMutex
	of  map[gateway.LaneKey]*dropped
}

type dropped struct {
	drop
	swept  bool
	exempt map[ulid.ULID]struct{} // brought back by hand since
}

// dropKept is how long a drop is remembered that was swept.
const dropKept = 10 * time.Minute

// DropLane removes an endpoint that was deleted: its status and holds, and its
// unfinished deliveries, which end as cancelled. It is durable when it returns, however
// many there are.
func (s *dropping) DropLane(lane gateway.LaneKey) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admitSettle(); err != nil {
		return err
	}
	now := s.opts.Now()
	u, _ := gateway.ParseID(gateway.PrefixDelivery, gateway.NewID(gateway.PrefixDelivery, now)) // above all that were made
	d := drop{last: u, at: now}
	s.drops.put(lane, d) // before it is written: dropLate must see it
	if err := s.writeDrop(lane, d); err != nil {
		return err
	}
	s.sweeper.poke()
	return nil
}

func (s *dropping) writeDrop(lane gateway.LaneKey, d drop) error {
	lock := s.lanes.of(lane)
	lock.Lock()
	defer lock.Unlock()
	b := s.newBatch(1 << 10)
	defer b.free()
	for _, kind := range [...]byte{kindDue, kindHold} {
		prefix := appendLane(nil, kind, lane)
		b.removeRange(prefix, pastPrefix(prefix))
	}
	b.status(lane)
	b.remove()
	b.drop(lane)
	b.removeRange(append(slices.Clone(b.key), 0), append(slices.Clone(b.key), 1)) // what was exempt is no more
	b.putDrop(d)
	return s.commit(b, true)
}

// putDrop puts a drop under the key that was started.
func (b *batch) putDrop(d drop) {
	b.enc.Version()
	b.enc.B = append(b.enc.B, d.last[:]...)
	b.enc.Time(d.at)
	b.put()
}

// drop starts the key of a lane's drop.
func (b *batch) drop(lane gateway.LaneKey) {
	if !keyable(lane.Endpoint) {
		b.fail(kindDrop)
	}
	b.begin(kindDrop, lane.Tenant)
	b.key = append(b.key, lane.Endpoint...)
}

// loadDrops finds what former processes dropped and did not sweep.
func (s *dropping) loadDrops() error {
	return s.eachTenant(kindDrop, func(t *tenantScan) error {
		for more := true; more && t.inside(); more = t.it.Next() {
			if endpoint, id, is := cutText(t.it.Key()[len(t.prefix):]); is {
				s.drops.exempt(gateway.LaneKey{Tenant: t.tenant, Endpoint: endpoint}, record.AsULID(id))
				continue
			}
			d := record.NewDecoder(t.it.Value())
			one := drop{last: d.ULID(), at: d.Time()}
			if err := d.Done(kindWords[kindDrop]); err != nil {
				return err
			}
			s.drops.put(gateway.LaneKey{Tenant: t.tenant, Endpoint: string(t.it.Key()[len(t.prefix):])}, one)
		}
		return nil
	})
}

func (d *drops) put(lane gateway.LaneKey, one drop) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of == nil {
		d.of = map[gateway.LaneKey]*dropped{}
	}
	d.of[lane] = &dropped{drop: one}
	d.any.Store(true)
}

// find gives the drop of which an unfinished delivery is a part.
func (d *drops) find(tenant, endpoint string, u ulid.ULID) (one drop, found bool) {
	if !d.any.Load() {
		return drop{}, false
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	of := d.of[gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}]
	if of == nil || u.Compare(of.last) > 0 {
		return drop{}, false
	}
	_, exempt := of.exempt[u]
	return of.drop, !exempt
}

// exempt keeps a delivery out of a drop that it is a part of.
func (d *drops) exempt(lane gateway.LaneKey, u ulid.ULID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if of := d.of[lane]; of != nil {
		if of.exempt == nil {
			of.exempt = map[ulid.ULID]struct{}{}
		}
		of.exempt[u] = struct{}{}
	}
}

// exempt lets a delivery be unfinished again whose lane was dropped since it was made.
// The lane's lock is held.
func (s *dropping) exempt(b *batch, d *gateway.Delivery, u ulid.ULID) {
	if !s.isDropped(d) {
		return
	}
	s.drops.exempt(laneOf(d), u)
	b.putExempt(laneOf(d), u)
}

func (b *batch) putExempt(lane gateway.LaneKey, u ulid.ULID) {
	b.drop(lane)
	b.key = append(append(b.key, 0), u[:]...)
	b.put()
}

// again lets a drop be swept once more, if there is one that a delivery is a part of:
// such are about to be made. It gives what was exempt of it.
func (d *drops) again(lane gateway.LaneKey, u ulid.ULID) (one drop, exempt []ulid.ULID, found bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	of := d.of[lane]
	if of == nil || u.Compare(of.last) > 0 {
		return drop{}, nil, false
	}
	of.pass++
	of.swept = false
	return of.drop, slices.Collect(maps.Keys(of.exempt)), true
}

// unswept gives those that are still to be swept.
func (d *drops) unswept() (lanes []gateway.LaneKey) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for lane, one := range d.of {
		if !one.swept {
			lanes = append(lanes, lane)
		}
	}
	gateway.Sort(lanes, compareLanes)
	return lanes
}

func (d *drops) get(lane gateway.LaneKey) (one drop, found bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if of := d.of[lane]; of != nil {
		return of.drop, true
	}
	return drop{}, false
}

// finished notes that a drop was swept, unless the lane was dropped again meanwhile.
func (d *drops) finished(lane gateway.LaneKey, one drop) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if of := d.of[lane]; of != nil && of.drop == one {
		of.swept = true
	}
}

// old gives those that were swept and need not be remembered any more.
func (d *drops) old(now time.Time) (lanes []gateway.LaneKey) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for lane, one := range d.of {
		if one.swept && now.Sub(one.at) > dropKept {
			lanes = append(lanes, lane)
		}
	}
	return lanes
}

// forget takes one out that was not dropped again meanwhile.
func (d *drops) forget(lane gateway.LaneKey, one drop) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if of := d.of[lane]; of != nil && of.drop == one {
		delete(d.of, lane)
	}
}

// expireDrops ends the memory of drops that are old, here and in the store.
func (s *dropping) expireDrops(now time.Time) error {
	for _, lane := range s.drops.old(now) {
		if err := s.forgetDrop(lane, now); err != nil {
			return err
		}
	}
	return nil
}

// forgetDrop holds the lane's lock, which keeps it apart from who brings a delivery
// back, and from the next drop.
func (s *dropping) forgetDrop(lane gateway.LaneKey, now time.Time) error {
	lock := s.lanes.of(lane)
	lock.Lock()
	defer lock.Unlock()
	one, found := s.drops.get(lane)
	if !found || now.Sub(one.at) <= dropKept {
		return nil // dropped again meanwhile
	}
	b := s.newBatch(1 << 10)
	defer b.free()
	b.drop(lane)
	b.remove()
	b.removeRange(append(slices.Clone(b.key), 0), append(slices.Clone(b.key), 1))
	if err := s.commit(b, false); err != nil {
		return err
	}
	s.drops.forget(lane, one)
	return nil
}

// isDropped says whether an unfinished delivery is a part of a drop.
func (s *dropping) isDropped(d *gateway.Delivery) bool {
	if !s.drops.any.Load() {
		return false
	}
	u, _ := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	_, found := s.drops.find(d.Tenant, d.Endpoint, u)
	return found
}

// dropLate ends those of what was just committed whose lanes were dropped since they
// were made. A drop that is not known yet is written after them, and finds them itself.
func (s *dropping) dropLate(deliveries []gateway.Delivery) error {
	if !s.drops.any.Load() {
		return nil
	}
	b := s.newBatch(1 << 10)
	defer b.free()
	for i := range deliveries {
		late := deliveries[i]
		u, _ := gateway.ParseID(gateway.PrefixDelivery, late.ID)
		due := late.NextAttemptAt
		if !s.cancelDropped(&late, u) {
			continue
		}
		removeDue(b, &late, due)
		if err := s.end(b, kindUnfinished, &late, nil); err != nil {
			return err
		}
	}
	return s.commit(b, false)
}

// cancelDropped ends an unfinished delivery as its drop says, if it is a part of one.
func (s *dropping) cancelDropped(d *gateway.Delivery, u ulid.ULID) bool {
	if d.State.Ended() {
		return false
	}
	one, found := s.drops.find(d.Tenant, d.Endpoint, u)
	if found {
		d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryCancelled, time.Time{}, one.at
	}
	return found
}
