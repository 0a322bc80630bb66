package outbound

import "time"

// Attempts mostly wait for their endpoints. Those whose endpoints answer at once do not: a thousand
// of them under way are a thousand goroutines in line for the processor, behind which everything
// else waits in this process, a callback too, and they end no sooner than a few would. So while
// whoever wakes up here waits for the processor, few more begin: as many as keep it busy are under
// way, and those that wait for endpoints that hang become more by and by.
const (
	crowdFrom = 128                  // attempts that are never a crowd
	crowdLook = 5 * time.Millisecond // between two looks
	crowdLate = 2 * time.Millisecond // to wake up so late is to have waited for the processor
	crowdMore = 16                   // more that may be under way at the next look, where there is none
	crowdLess = 8                    // fewer, where there is: of those that end
)

// crowd says whether there is a crowd. The schedule's lock guards it.
type crowd struct {
	looking bool
	more    int // attempts that may be under way beside those that are, before the next look
	less    int // that are not followed by another
}

// admits says whether one more attempt may begin.
func (c *crowd) admits(s *schedule) bool {
	if s.workers < crowdFrom {
		return true
	}
	if !c.looking {
		c.looking = true
		s.running.Go(func() { look(s) })
	}
	if c.more == 0 {
		return false
	}
	c.more--
	return true
}

// ends says whether a worker whose attempt has ended takes no other.
func (c *crowd) ends(s *schedule) bool {
	if c.less == 0 || s.workers <= crowdFrom {
		return false
	}
	c.less--
	return true
}

// look wakes up again and again, and finds out how late, until there are few attempts.
func look(s *schedule) {
	for c, late := &s.crowd, false; c.looks(s, late); {
		began := time.Now()
		time.Sleep(crowdLook)
		late = time.Since(began) > crowdLook+crowdLate
	}
}

func (c *crowd) looks(s *schedule, late bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.more, c.less = crowdMore, 0
	if late {
		c.more, c.less = 1, crowdLess
	}
	s.hire()
	c.looking = s.workers >= crowdFrom && !s.stopped
	return c.looking
}
