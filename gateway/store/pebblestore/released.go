package pebblestore

import (
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
)

// released knows, by slot, from when on there may be open waits, and when that was
// said: the waits created before a point had all ended when it was released, so
// gateway.OutcomeKept later they can go. That holds however long a process was down
// and whatever its clock did.
//
// Slots of which always the same was said are one share: where one process does all,
// there is one.
type released struct {
	mu     sync.Mutex
	shares []*releasedShare // each slot is in one at most; of others nothing was said
}

type releasedShare struct {
	slots  gateway.SlotSet
	at     time.Time // every wait created before it has ended
	saved  time.Time // as it is stored
	points []point   // rising; one for every pointEvery of the last day
}

type point struct{ at, said time.Time }

const (
	metaReleased = "released"
	pointEvery   = 5 * time.Minute  // between points
	saveEvery    = 10 * time.Second // of released time: recovery looks at so much more
)

// recordReleased is the version of the record that knows shares. That of version 1 was
// one share of all slots.
const recordReleased = 2

// before gives from when on there may be open waits of a slot.
func (r *released) before(slot gateway.Slot) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if share := r.of(slot); share != nil {
		return share.at
	}
	return time.Time{}
}

func (r *released) of(slot gateway.Slot) *releasedShare {
	for _, share := range r.shares {
		if share.slots.Has(slot) {
			return share
		}
	}
	return nil
}

// within gives shares that have these slots, and none beside them.
func (r *released) within(slots gateway.SlotSet) (shares []*releasedShare) {
	left := slots
	for _, share := range slices.Clone(r.shares) {
		inner, outer := split(share.slots, slots)
		_, left = split(left, inner)
		switch {
		case inner.Len() == 0:
			continue
		case outer.Len() > 0:
			rest := *share
			rest.slots, rest.points = outer, slices.Clone(share.points)
			r.shares = append(r.shares, &rest)
			share.slots = inner
		}
		shares = append(shares, share)
	}
	if left.Len() > 0 {
		share := &releasedShare{slots: left}
		r.shares = append(r.shares, share)
		shares = append(shares, share)
	}
	return shares
}

// split tells those of a set that are in another from those that are not.
func split(set, other gateway.SlotSet) (inner, outer gateway.SlotSet) {
	for i := range set {
		inner[i], outer[i] = set[i]&other[i], set[i]&^other[i]
	}
	return inner, outer
}

// join makes one of shares of which the same was said.
func (r *released) join() {
	for i := 0; i < len(r.shares); i++ {
		one := r.shares[i]
		r.shares = slices.DeleteFunc(r.shares, func(other *releasedShare) bool {
			if other == one || !one.at.Equal(other.at) || !slices.Equal(one.points, other.points) {
				return false
			}
			for slot := range other.slots.All() {
				one.slots.Add(slot)
			}
			return true
		})
	}
}

// ReleaseBefore says that every wait of the slots' tenants created before at has ended:
// recovery need not look at them again, and gateway.OutcomeKept from now they expire.
// The last said counts, also when it is earlier. It is a hint and is not synced.
func (s *waits) ReleaseBefore(slots gateway.SlotSet, at time.Time) {
	if slots.Len() == 0 || s.using.Enter() != nil {
		return
	}
	defer s.using.Leave()
	r := &s.released
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := false
	for _, share := range r.within(slots) {
		changed = share.move(at, s.opts.Now()) || changed
	}
	if !changed {
		return
	}
	r.join()
	b := s.newBatch(1 << 10)
	defer b.free()
	r.put(b)
	if s.commit(b, false) == nil {
		r.isSaved()
	}
}

// keepOpen takes a release back for a wait that is opened with an older id: the
// clock was set back.
func (s *waits) keepOpen(b *batch, tenant, id string) {
	u, _ := gateway.ParseID(gateway.PrefixWait, id)
	created, r := timeOfULID(u[:]), &s.released
	r.mu.Lock()
	defer r.mu.Unlock()
	if share := r.of(gateway.SlotOf(tenant)); share != nil && created.Before(share.at) && share.move(created, created) {
		r.put(b)
		r.isSaved()
	}
}

// move sets the point of release; it is true when that should be stored.
func (r *releasedShare) move(at, now time.Time) bool {
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

// expired drops the points whose time is over, and gives for each slot the point before
// which all waits can go.
func (r *released) expired(now time.Time) func(gateway.Slot) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	var gone [gateway.Slots]time.Time
	for _, share := range r.shares {
		at := share.expired(now)
		for slot := range share.slots.All() {
			gone[slot] = at
		}
	}
	return func(slot gateway.Slot) time.Time { return gone[slot] }
}

func (r *releasedShare) expired(now time.Time) (at time.Time) {
	for len(r.points) > 0 && now.Sub(r.points[0].said) >= gateway.OutcomeKept {
		at = r.points[0].at
		r.points = r.points[1:]
	}
	return at
}

func (r *released) isSaved() {
	for _, share := range r.shares {
		share.saved = share.at
	}
}
