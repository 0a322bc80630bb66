package cluster

import (
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
)

var (
	churn      = flag.Int("churn", 4, "how often churn is tried, each time by another seed")
	churnFirst = flag.Uint64("churn.first", 0, "the first seed of churn")
	churnEach  = flag.Duration("churn.each", 15*time.Minute, "how long each churn is, in time that passes in a bubble")
)

// TestChurn has nodes come, leave and die, lose the database and each other, and the database
// go away, for long. Of each slot one node at most answers, and has it acquired; each is served
// again 8 seconds after the last death; an outage of the database moves nothing; and in the end
// each node has its share. What a seed does differs a little from run to run: where two things
// happen at once the scheduler says which is first.
func TestChurn(t *testing.T) {
	for i := range *churn {
		seed := *churnFirst + uint64(i) //nolint:gosec // they are few
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, seed, func(f *fleet) {
				c := newChurning(f)
				for range 3 {
					f.start()
				}
				var watching sync.WaitGroup
				watching.Go(c.watch)
				for began := time.Now(); time.Since(began) < *churnEach && !f.t.Failed(); {
					c.happen()
				}
				close(c.done)
				watching.Wait()
				f.db.set(func() { f.db.unclear = 0 })
				f.mu.Lock()
				f.lossy = 0
				f.mu.Unlock()
				f.db.arrive()
				n := len(f.living())
				if !f.t.Failed() {
					f.within(30*time.Second, "a share for each in the end", f.whole(n))
				}
			})
		})
	}
}

// churning is a fleet to which things happen.
type churning struct {
	*fleet
	done chan struct{}

	mu      sync.Mutex
	calm    time.Time                // the last thing after which slots may be without an owner for a while
	without [gateway.Slots]time.Time // since when nobody answers for a slot
}

func newChurning(f *fleet) *churning {
	return &churning{fleet: f, calm: time.Now(), done: make(chan struct{})}
}

// shaken notes that slots may be without an owner from now on.
func (c *churning) shaken() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calm = time.Now()
}

// watch looks, ten times a second, at who answers for what.
func (c *churning) watch() {
	for !c.t.Failed() {
		select {
		case <-c.done:
			return
		case <-time.After(100 * time.Millisecond):
		}
		c.check()
	}
}

func (c *churning) check() {
	var by [gateway.Slots]*member
	for _, m := range c.living() {
		here := m.state.view.Load().here // as Owner looks at it, for all slots
		if !m.state.mayAnswer() {
			continue
		}
		for slot := range here.All() {
			if other := by[slot]; other != nil {
				c.t.Errorf("slot %d is answered for by %s and %s", slot, other.name, m.name)
			}
			by[slot] = m
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	from := c.watched(now)
	if c.calm.After(from) {
		from = c.calm
	}
	for slot, since := range c.without {
		switch {
		case by[slot] != nil:
			c.without[slot] = time.Time{}
		case since.IsZero():
			c.without[slot] = now
		default:
			if from.After(since) {
				since = from
			}
			if gap := now.Sub(since); gap > 8*time.Second {
				c.t.Errorf("slot %d: nobody answers for %s", slot, gap)
				return
			}
		}
	}
}

// watched says since when a node that lives has watched the others: from a while after it
// found the database, if it has looked all the while. Who died before is found no sooner.
func (c *churning) watched(now time.Time) (since time.Time) {
	since = now
	living := c.living()
	c.db.set(func() {
		for _, m := range living {
			if at := m.conn.watching.Add(returning); now.Sub(m.conn.looked) <= connected && at.Before(since) {
				since = at
			}
		}
	})
	return since
}

// happen lets one thing happen, and takes its time.
func (c *churning) happen() {
	f, pick := c.fleet, func(of []*member) *member { return of[c.db.rand(len(of))] }
	living := f.living()
	seconds := func(most int) time.Duration { return time.Duration(c.db.rand(most*1000)) * time.Millisecond }
	switch c.db.rand(9) {
	case 0, 1:
		if len(living) < 6 {
			f.start()
		}
	case 2:
		if len(living) > 1 {
			c.shaken()
			pick(living).kill()
		}
	case 3:
		if len(living) > 1 {
			m := pick(living)
			if err := m.stop(); err != nil { // what it has left is found at once
				c.shaken()
			}
		}
	case 4: // it stands still, or has lost the database
		m := pick(living)
		c.shaken()
		c.db.set(func() { m.conn.cut = true })
		time.Sleep(seconds(20))
		c.db.set(func() { m.conn.cut = false })
		c.shaken()
	case 5:
		c.db.set(func() { c.db.away = true })
		began := time.Now()
		time.Sleep(seconds(60))
		c.db.set(func() {
			c.db.away = false
			if time.Since(began) > connected { // a shorter one has kept nobody from looking: who died before is dead
				c.db.back = time.Now()
			}
		})
	case 6:
		a, b := pick(living), pick(living)
		f.apart(a, b)
		time.Sleep(seconds(30))
		f.together()
	case 7:
		f.mu.Lock()
		f.lossy = c.db.rand(40)
		f.mu.Unlock()
	case 8:
		c.db.set(func() { c.db.unclear = c.db.rng.IntN(40) })
		time.Sleep(seconds(10))
		c.db.arrive()
	}
	time.Sleep(seconds(20))
	if c.db.rand(3) == 0 {
		c.db.arrive()
	}
}
