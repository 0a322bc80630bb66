package pebblestore

import (
	"sync"
	"time"

	"hookgate/gateway"
)

// maxParking is the longest that a callback is parked (SPEC 5), and some.
const maxParking = 10 * time.Minute

// Recover gives every open wait of the tenants of slots, and every parked callback of
// theirs that has not expired without its body and document, in no set order. A store
// that has failed cannot tell what is durable, and gives nothing.
func (s *Store) Recover(slots gateway.SlotSet, wait func(*gateway.Wait) error, parked func(*gateway.Parked) error) error {
	if err := s.using.enter(); err != nil {
		return err
	}
	defer s.using.leave()
	if err := s.refuse(); err != nil {
		return err
	}
	now := s.opts.Now()
	err := s.fromULID(slots, kindWait, s.released.before(), func(tenant string, id, value []byte) error {
		open, err := peekWait(value)
		if err != nil || !open {
			return err
		}
		w, err := decodeWait(tenant, id, value)
		if err != nil {
			return err
		}
		return wait(w)
	})
	if err != nil {
		return err
	}
	return s.fromULID(slots, kindParked, now.Add(-maxParking), func(tenant string, id, value []byte) error {
		p, err := decodeParked(tenant, id, value, true)
		if err != nil || !p.Expires.After(now) {
			return err
		}
		return parked(p)
	})
}

// fromULID visits the records of a kind, of every tenant of slots, whose ULIDs are not
// older than from. It leaps over all older ones.
func (s *Store) fromULID(slots gateway.SlotSet, kind byte, from time.Time, visit func(tenant string, id, value []byte) error) error {
	floor := floorULID(from)
	return s.eachTenant(kind, func(t *tenantScan) error {
		if !slots.Has(gateway.SlotOf(t.tenant)) {
			return nil
		}
		for more := t.it.SeekGE(append(t.prefix[:len(t.prefix):len(t.prefix)], floor[:]...)); more && t.inside(); more = t.it.Next() {
			id := t.it.Key()[len(t.prefix):]
			if len(id) != ulidAt {
				return corrupt(kind)
			}
			if err := visit(t.tenant, id, t.it.Value()); err != nil {
				return err
			}
		}
		return nil
	})
}

// released knows from when on there may be open waits, and when that was said:
// the waits created before a point had all ended when it was released, so
// gateway.OutcomeKept later they can go. That holds however long a process was
// down and whatever its clock did.
type released struct {
	mu     sync.Mutex
	at     time.Time                // every wait created before it has ended
	said   [gateway.Slots]time.Time // the same, of each slot; at is the earliest
	saved  time.Time                // as it is stored
	points []point                  // rising; one for every pointEvery of the last day
}

type point struct{ at, said time.Time }

const (
	metaReleased = "released"
	pointEvery   = 5 * time.Minute  // between points
	saveEvery    = 10 * time.Second // of released time: recovery looks at so much more
)

func (r *released) before() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// ReleaseBefore says that every wait of slots created before at has ended: recovery need
// not look at them again, and gateway.OutcomeKept from now they expire. The last
// said counts, also when it is earlier. It is a hint and is not synced.
func (s *Store) ReleaseBefore(slots gateway.SlotSet, at time.Time) {
	if s.using.enter() != nil {
		return
	}
	defer s.using.leave()
	r := &s.released
	r.mu.Lock()
	defer r.mu.Unlock()
	at = r.say(slots, at)
	if !r.move(at, s.opts.Now()) {
		return
	}
	b := s.newBatch(32 * len(r.points))
	defer b.free()
	r.put(b)
	if s.commit(b, false) == nil {
		r.saved = at
	}
}

// say notes what was said of slots, and gives the earliest of all.
func (r *released) say(slots gateway.SlotSet, at time.Time) time.Time {
	for slot := range slots.All() {
		r.said[slot] = at
	}
	for _, other := range r.said {
		if other.Before(at) {
			at = other
		}
	}
	return at
}

// keepOpen takes a release back for a wait that is opened with an older id: the
// clock was set back.
func (s *Store) keepOpen(b *batch, id string) {
	u, _ := parseID(gateway.PrefixWait, id)
	created, r := timeOfULID(u[:]), &s.released
	r.mu.Lock()
	defer r.mu.Unlock()
	if created.Before(r.at) && r.move(r.say(gateway.AllSlots(), created), created) {
		r.put(b)
		r.saved = created
	}
}

// move sets the point of release; it is true when that should be stored.
func (r *released) move(at, now time.Time) bool {
	back := at.Before(r.at)
	r.at = at
	if back {
		for len(r.points) > 0 && r.points[len(r.points)-1].at.After(at) {
			r.points = r.points[:len(r.points)-1]
		}
		return true
	}
	if n := len(r.points); n == 0 || now.Sub(r.points[n-1].said) >= pointEvery {
		r.points = append(r.points, point{at, now})
		return true
	}
	return at.Sub(r.saved) >= saveEvery
}

// expired gives the point before which all waits can go, and drops the points
// before it.
func (r *released) expired(now time.Time) (at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.points) > 0 && now.Sub(r.points[0].said) >= gateway.OutcomeKept {
		at = r.points[0].at
		r.points = r.points[1:]
	}
	return at
}

func (r *released) put(b *batch) {
	b.key = append(append(b.key[:0], kindMeta), metaReleased...)
	b.enc.b = b.enc.b[:0]
	b.enc.version()
	b.enc.time(r.at)
	b.enc.number(uint64(len(r.points)))
	for _, p := range r.points {
		b.enc.time(p.at)
		b.enc.time(p.said)
	}
	b.put()
}

func (s *Store) loadReleased() error {
	_, err := s.get(append([]byte{kindMeta}, metaReleased...), func(value []byte) error {
		d := newDecoder(value)
		at := d.time()
		var points []point
		for n := d.number(); n > 0 && !d.bad; n-- {
			points = append(points, point{d.time(), d.time()})
		}
		s.released.at, s.released.saved, s.released.points = at, at, points
		s.released.say(gateway.AllSlots(), at)
		return d.done(kindMeta)
	})
	return err
}
