package storage

import (
	"sync"
	"time"
)

const (
	// Of the room, one part is for those who have little, and of a small disk a larger one:
	// a compaction has what it reads and what it writes at once, for a moment.
	reservePart  = 8
	reserveSmall = 3
	smallReserve = 512 << 20 // bytes, of a small disk at most
	mostReserve  = 8 << 30   // bytes
	quarter      = 4         // of all is what one may have while others want some
	wanted       = 10 * time.Second
	tellEvery    = time.Minute
	// little is which part of the share one may always have, whatever others were promised.
	little = 8
)

// Admit refuses a tenant that has as much as it may have, before it brings anything new.
// A *gateway.Error; with room and no limits it costs nothing.
func (s *Storage) Admit(tenant string) error {
	room, known := s.options.Disk.Room()
	short := known && s.isShort(room)
	bound := s.bound.Load()
	if !short && !bound {
		return nil
	}
	a := s.find(tenant)
	if a == nil {
		return nil // it has nothing
	}
	if bound && a.full() {
		s.refused.Add(1)
		return errLimited
	}
	if short && !s.within(a.outermost(), room) {
		s.refused.Add(1)
		return errShare
	}
	return nil
}

// full says whether the tenant, or one above it, has what limits.storage allows.
func (a *account) full() bool {
	if most := a.most.Load(); most > 0 && a.tree.Load() >= most {
		return true
	}
	for _, above := range a.over() {
		if most := above.most.Load(); most > 0 && above.tree.Load() >= most {
			return true
		}
	}
	return false
}

// isShort says whether the reserve is begun, or will be by what was promised.
func (s *Storage) isShort(room int64) bool {
	left := room - s.reserve.Load()
	return left < 0 || left < s.options.Promises.Most() && left < s.options.Promises.All()
}

// within says whether one has less than its share while the disk is short. What was promised
// counts as if it were written; but who has little gives way to nobody's promises.
func (s *Storage) within(a *account, room int64) bool {
	share := s.share(room - s.options.Promises.All())
	contended, tell := s.want.asks(a, s.options.Now())
	if contended {
		share = min(share, s.size.Load()/quarter)
	}
	has := a.tree.Load() + s.options.Promises.Held(a.tenant)
	if has < max(share, s.share(room)/little) {
		return true
	}
	if tell(s.options.Now()) {
		s.options.Log.Warn("the disk is nearly full: a tenant that has its share is refused",
			"tenant", a.tenant, "held_bytes", has, "share_bytes", max(share, 0), "free_bytes", room)
	}
	return false
}

// share is what one may have while the disk is short and nobody else wants some.
func (s *Storage) share(room int64) int64 {
	size, reserve := s.size.Load(), s.reserve.Load()
	return int64(float64(room) * float64(size-reserve) / float64(reserve))
}

// wanting remembers who asked for some while the disk is short: the last two.
type wanting struct {
	mu           sync.Mutex
	last, before *account // never the same
	lastAt       time.Time
	beforeAt     time.Time
}

// asks says whether another wants some, too. tell says whether it is time to say that
// this one is refused.
func (w *wanting) asks(a *account, now time.Time) (contended bool, tell func(time.Time) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last != a {
		w.before, w.beforeAt = w.last, w.lastAt
	}
	w.last, w.lastAt = a, now
	return w.before != nil && now.Sub(w.beforeAt) < wanted, func(now time.Time) bool { return w.tells(a, now) }
}

func (w *wanting) tells(a *account, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !a.toldAt.IsZero() && now.Sub(a.toldAt) < tellEvery {
		return false
	}
	a.toldAt = now
	return true
}

// Over says whether a tenant has as much as it may have, and whether that is because the
// disk is nearly full: for what was promised, and goes on.
func (s *Storage) Over(tenant string) (over, short bool) {
	room, known := s.options.Disk.Room()
	short = known && room < s.reserve.Load()
	bound := s.bound.Load()
	if !short && !bound {
		return false, false
	}
	a := s.find(tenant)
	if a == nil {
		return false, false
	}
	if short && a.outermost().tree.Load() >= s.share(room) {
		return true, true
	}
	return bound && a.full(), false
}
