package stream

import "time"

const (
	// tick is how often a reader is written to at most: what happens within it is one
	// write. One who waits for the first event after a rest has it at once.
	tick = 100 * time.Millisecond
	// commentEvery is how often a quiet reader gets a comment (O4).
	commentEvery = 15 * time.Second
	// stuckFor is how long one may take nothing at all.
	stuckFor = 2 * time.Minute
	// mostAtOnce is how many bytes are put together for one write.
	mostAtOnce = 64 << 10
)

var comment = []byte(":\n\n")

// pump gives readers what is new, as long as there are any.
func (s *Stream) pump() {
	var round []*reader
	var buffer []byte
	quiet := time.NewTimer(commentEvery)
	defer quiet.Stop()
	for {
		if round = s.round(round[:0]); round == nil {
			return
		}
		now, busy, next := time.Now(), false, commentEvery
		for _, r := range round {
			if !r.Alive() {
				s.end(r)
				continue
			}
			more, err := s.serve(r, now, &buffer)
			if err != nil {
				s.end(r)
				continue
			}
			busy = busy || more
			next = min(next, commentEvery-now.Sub(r.moved))
		}
		clear(round)
		time.Sleep(tick)
		if busy {
			continue
		}
		quiet.Reset(max(0, next-tick))
		select {
		case <-s.wake:
		case <-quiet.C:
		}
	}
}

// round gives all readers; nil says that there are none, and the pump is to end.
func (s *Stream) round(into []*reader) []*reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.readers) == 0 {
		s.pumping = false
		return nil
	}
	for r := range s.readers {
		into = append(into, r)
	}
	return into
}

// serve writes to a reader what he takes now. more says that he is to be asked again
// without anything happening.
func (s *Stream) serve(r *reader, now time.Time, buffer *[]byte) (more bool, err error) {
	for {
		if len(r.rest) > 0 {
			if more, err := r.send(r.rest, now); more || err != nil {
				return more, err
			}
		}
		var b []byte
		b, more = s.collect(r, (*buffer)[:0])
		if len(b) == 0 && now.Sub(r.moved) >= commentEvery {
			b = append(b, comment...)
		}
		*buffer = b
		if len(b) == 0 {
			return more, nil
		}
		if stuck, err := r.send(b, now); stuck || err != nil {
			return stuck, err
		}
		if !more {
			return false, nil
		}
	}
}

// send writes, and keeps what is not taken; stuck says that there is such.
func (r *reader) send(p []byte, now time.Time) (stuck bool, err error) {
	n, err := r.Out.Send(p)
	if err != nil {
		return false, err
	}
	if n > 0 {
		r.moved = now
	} else if now.Sub(r.moved) > stuckFor {
		return false, errStuck
	}
	if n == len(p) {
		r.rest = nil
		return false, nil
	}
	if len(r.rest) > 0 {
		r.rest = p[n:]
	} else {
		r.rest = append(make([]byte, 0, len(p)-n), p[n:]...)
	}
	return true, nil
}

// collect puts together what is new for a reader; more says that there is more than that.
func (s *Stream) collect(r *reader, b []byte) (_ []byte, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own == nil {
		return b, false // the last reader, who has just left
	}
	all := s.origins()
	if r.follow(all) {
		return append(r.appendID(b, all), "\nevent: gap\ndata: {\"kind\":\"gap\"}\n\n"...), false
	}
	for o, e := r.next(all); o != nil; o, e = r.next(all) {
		if len(b) > mostAtOnce {
			return b, true
		}
		r.at[o.epoch] = e.seq
		if e.text != nil && r.kinds&(1<<e.kind) != 0 && (r.All || !e.past) && r.Sees(e.tenant) {
			b = append(r.appendID(b, all), e.text...)
		}
	}
	return b, false
}

// next gives the event that is next for a reader: of those of all nodes the oldest, as far as
// their clocks tell. nil: there is none.
func (r *reader) next(all []*origin) (of *origin, first *entry) {
	for _, o := range all {
		i := o.ring.after(r.at[o.epoch])
		if i == len(o.ring.entries) {
			continue
		}
		if e := &o.ring.entries[i]; first == nil || e.at < first.at {
			of, first = o, e
		}
	}
	return of, first
}
