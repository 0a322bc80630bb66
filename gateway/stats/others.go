package stats

import (
	"slices"
	"sync"
	"time"
)

// Others are the other nodes of a cluster: all count, and one of them keeps the figures of all,
// lest two write over each other (SPEC-cluster K2). It also answers who asks for figures.
type Others interface {
	// Keeps says whether this node is the one.
	Keeps() bool
	// Give gives the one what was counted here in a minute. It is kept when it returns.
	Give(minute []byte) error
	// Ask has all others answer a question, by Stats.Answer.
	Ask(question []byte) []Answer
}

// Answer is what one node says.
type Answer struct {
	Node string
	Text []byte
}

const (
	// graceTime is how long who keeps waits for others with a minute that has ended.
	graceTime = 2 * time.Second
	// mostEnded bounds the minutes that nobody has taken yet.
	mostEnded = 10
)

// ended is a minute that has ended, and is not kept yet.
type ended struct {
	at time.Time
	of map[string]*counted
	n  int // of this node's: two may be of one minute
}

// arrived is one that a node has given.
type arrived struct {
	ended
	node string
	done chan error
}

// arriving takes what nodes give, and keeps what came together as one.
type arriving struct {
	mu    sync.Mutex
	of    []arrived
	timer *time.Timer
}

// end begins another minute, and puts the one that was with those that are not kept yet.
func (s *Stats) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends++
	was := ended{s.minute, s.of, s.ends}
	s.of, s.parts, s.minute = map[string]*counted{}, 0, s.options.Now().UTC().Truncate(time.Minute)
	if len(was.of) == 0 {
		return
	}
	if s.ended = append(s.ended, was); len(s.ended) > mostEnded {
		s.options.Log.Error("the figures of a minute were not kept: no node took them")
		s.ended = s.ended[1:]
	}
}

// give gives what has ended to who keeps it. What is not taken stays, for the next time.
func (s *Stats) give(last bool) {
	s.giving.Lock()
	defer s.giving.Unlock()
	for {
		s.mu.Lock()
		var next *ended
		if len(s.ended) > 0 {
			next = &ended{s.ended[0].at, s.ended[0].of, s.ended[0].n}
		}
		s.mu.Unlock()
		if next == nil {
			return
		}
		var err error
		if s.options.Others.Keeps() {
			err = s.arrive("", *next, last)
		} else {
			s.strips.clear() // who keeps has others by now
			err = s.options.Others.Give(next.pack(last))
		}
		if err != nil {
			s.options.Log.Warn("the figures of a minute were not kept yet", "error", err)
			return
		}
		s.mu.Lock()
		if len(s.ended) > 0 && s.ended[0].n == next.n { // else it was given up meanwhile
			s.ended = s.ended[1:]
		}
		s.mu.Unlock()
	}
}

// Leave gives what was counted until now: this node goes.
func (s *Stats) Leave() {
	s.sample(time.Time{})
	s.end()
	s.give(true)
}

// Take keeps what another node has counted in a minute. It returns when that is durable.
func (s *Stats) Take(node string, text []byte) error {
	e, last, err := unpack(text)
	if err != nil {
		return err
	}
	return s.arrive(node, e, last)
}

func (s *Stats) arrive(node string, e ended, last bool) error {
	one := arrived{e, node, make(chan error, 1)}
	a := &s.arriving
	a.mu.Lock()
	a.of = append(a.of, one)
	if a.timer == nil {
		a.timer = time.AfterFunc(graceTime, s.flush)
	}
	a.mu.Unlock()
	if last {
		s.flush()
	}
	return <-one.done
}

// flush keeps what has come.
func (s *Stats) flush() {
	a := &s.arriving
	s.keeping.Lock()
	defer s.keeping.Unlock()
	a.mu.Lock()
	all := a.of
	a.of = nil
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	a.mu.Unlock()
	byMinute := map[int64][]arrived{}
	var minutes []int64
	for _, one := range all {
		at := one.at.Unix()
		if byMinute[at] == nil {
			minutes = append(minutes, at)
		}
		byMinute[at] = append(byMinute[at], one)
	}
	slices.Sort(minutes)
	for _, at := range minutes {
		err := s.keepTogether(time.Unix(at, 0).UTC(), byMinute[at])
		for _, one := range byMinute[at] {
			one.done <- err
		}
	}
	s.flushed++
}

// keepTogether keeps what several nodes have counted in one minute; s.keeping is held.
func (s *Stats) keepTogether(at time.Time, all []arrived) error {
	sum := map[string]*counted{}
	for _, one := range all {
		for tenant, theirs := range one.of {
			if sum[tenant] == nil {
				sum[tenant] = &counted{parts: map[Part]*figures{}}
			}
			sum[tenant].add(theirs)
		}
	}
	k := &keeper{Stats: s, at: at, adds: !at.After(s.last), late: at.Before(s.last)}
	k.keep(sum)
	if err := k.write(); err != nil {
		return err
	}
	for _, one := range all {
		if s.kept[one.node].Before(at) {
			s.kept[one.node] = at
		}
	}
	for node, last := range s.kept {
		if at.Sub(last) > time.Hour { // it is gone
			delete(s.kept, node)
		}
	}
	if at.After(s.last) {
		s.last = at
	}
	return nil
}

// add adds what another node has counted.
func (c *counted) add(theirs *counted) {
	for _, f := range theirs.own {
		c.own.add(int(f.cell), f.n)
	}
	for part, figs := range theirs.parts {
		if c.parts[part] == nil {
			c.parts[part] = &figures{}
		}
		for _, f := range *figs {
			c.parts[part].add(int(f.cell), f.n)
		}
	}
}

func (s *strips) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of, s.rows = map[stripKey]*strip{}, 0
}
