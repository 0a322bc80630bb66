package storage

import (
	"context"
	"time"
)

const (
	lookEvery = time.Second
	lookShort = 200 * time.Millisecond // while the disk is short
	// spend is how long one look measures; it goes on where it was with the next.
	spend      = 10 * time.Millisecond
	spendShort = 50 * time.Millisecond
	muchSince  = 1 << 20         // bytes that are worth a look
	staleAfter = time.Minute     // of who has much, without having written
	freshAfter = 2 * time.Second // of one who may be refused
)

// looking is the state of the looks, which come one after the other.
type looking struct {
	turn  uint64
	order []*account // who may be measured
	next  int        // in order
}

// Start looks at the disk now, and then every second, until Close.
func (s *Storage) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.stop = func() { cancel(); <-done }
	go func() {
		defer close(done)
		timer := time.NewTimer(0)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			timer.Reset(s.Look())
		}
	}()
}

// Close ends the looks.
func (s *Storage) Close() { s.stop() }

// Look brings the books up to date, as far as it comes, and says when to look again.
func (s *Storage) Look() (again time.Duration) {
	again, most := lookEvery, spend
	room, known := s.options.Disk.Room()
	if known {
		s.sized(s.options.Used() + max(room, 0))
	}
	short := known && room < s.reserve.Load()
	if short {
		again, most = lookShort, spendShort
	}
	s.refresh()
	s.measure(most, short)
	s.sum()
	return again
}

// sized takes over how much all may have together.
func (s *Storage) sized(size int64) {
	s.size.Store(size)
	s.reserve.Store(min(max(size/reservePart, min(size/reserveSmall, smallReserve)), mostReserve))
}

// refresh takes over who there is, and drops the books of who is gone.
func (s *Storage) refresh() {
	s.look.turn++
	bound, order := false, s.look.order[:0]
	var above []*account
	changed := s.options.Tenants(func(tenant string, ids []string, most int64) {
		a := s.find(tenant)
		if a == nil {
			a = s.open(tenant)
		}
		a.turn, bound = s.look.turn, bound || most > 0
		a.most.Store(most)
		order = append(order, a)
		above = above[:0]
		for _, id := range ids {
			parent := s.find(id)
			if parent == nil {
				parent = s.open(id)
			}
			above = append(above, parent)
		}
		if !same(a.over(), above) {
			list := append([]*account(nil), above...)
			a.above.Store(&list)
		}
	})
	if !changed {
		return
	}
	clear(s.look.order[min(len(order), len(s.look.order)):])
	s.look.order = order
	s.bound.Store(bound)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.of) == len(order) {
		return
	}
	for id, a := range s.of {
		if a.turn != s.look.turn {
			delete(s.of, id)
		}
	}
}

func same(a, b []*account) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// measure looks at the disk for those of whom it is due, each once, for so long.
func (s *Storage) measure(most time.Duration, short bool) {
	unflushed, began, now := s.options.Disk.Unflushed(), time.Now(), s.options.Now()
	for range len(s.look.order) {
		if s.look.next >= len(s.look.order) {
			s.look.next = 0
		}
		a := s.look.order[s.look.next]
		s.look.next++
		if !s.due(a, now, short) {
			continue
		}
		since := a.since.Load()
		bytes, err := s.options.Disk.Extent(a.tenant)
		if err != nil {
			return // the store is closing, or has failed
		}
		a.measured.Store(bytes)
		a.since.Add(min(since, unflushed) - since)
		a.at = now
		if time.Since(began) > most {
			return
		}
	}
}

// due says whether what is known of one is worth a look: it was never looked at, it wrote
// much since, or it has so much that what went counts.
func (s *Storage) due(a *account, now time.Time, short bool) bool {
	own, age := a.own(), now.Sub(a.at)
	switch {
	case a.at.IsZero():
		return true
	case a.since.Load() > max(muchSince, a.measured.Load()/16):
		return true
	case short && own > s.size.Load()/64 || s.bound.Load() && a.near():
		return age >= freshAfter
	}
	return own > muchSince && age >= staleAfter
}

// near says whether one is near to its limits.storage, or is within one who is.
func (a *account) near() bool {
	if most := a.most.Load(); most > 0 && a.tree.Load() >= most-most/8 {
		return true
	}
	for _, above := range a.over() {
		if most := above.most.Load(); most > 0 && above.tree.Load() >= most-most/8 {
			return true
		}
	}
	return false
}

// sum adds up the trees anew: what was measured has changed, and so may have who lies
// above whom. What is committed meanwhile may be missing until the next time.
func (s *Storage) sum() {
	for _, a := range s.look.order {
		own := a.own()
		a.sum += own
		for _, above := range a.over() {
			above.sum += own
		}
	}
	for _, a := range s.look.order {
		a.tree.Store(a.sum)
		a.sum = 0
	}
}
