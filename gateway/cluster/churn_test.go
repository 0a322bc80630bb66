package cluster

import (
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
)

var churn = flag.Int("churn", 0, "hours of churn, in time that passes in a bubble; 0: none")

// TestChurn has nodes come, leave and die, lose the database and each other, and the database
// go away, for hours. Of each slot one node at most answers, and has it acquired; each is
// served again 8 seconds after the last death; an outage of the database moves nothing; and
// in the end each node has its share. Seeds are hours.
func TestChurn(t *testing.T) {
	if *churn == 0 {
		t.Skip("about one run of three finds a fault that is open: for a moment two nodes answer for one slot (what they write is fenced); look for it with -churn 2")
	}
	for hour := range *churn {
		t.Run(fmt.Sprint(hour), func(t *testing.T) {
			inBubble(t, uint64(hour), func(f *fleet) { //nolint:gosec // hours are few
				c := &churning{fleet: f, calm: time.Now(), since: map[gateway.Slot]time.Time{}, done: make(chan struct{})}
				for range 3 {
					f.start()
				}
				var watching sync.WaitGroup
				watching.Go(c.watch)
				for began := time.Now(); time.Since(began) < time.Hour && !f.t.Failed(); {
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

	mu    sync.Mutex
	calm  time.Time // the last thing after which slots may be without an owner for a while
	since map[gateway.Slot]time.Time
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
	by := map[gateway.Slot]*member{}
	for _, m := range c.living() {
		for slot := range gateway.AllSlots().All() {
			if _, here := m.Owner(slot); here {
				if other := by[slot]; other != nil {
					c.t.Errorf("slot %d is answered for by %s and %s", slot, other.name, m.name)
				}
				by[slot] = m
			}
		}
	}
	away := false
	c.db.set(func() { away = c.db.away })
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if away {
		c.calm = now.Add(returning) // what died meanwhile is found that much later
	}
	for slot := range gateway.AllSlots().All() {
		if by[slot] != nil {
			c.since[slot] = now
			continue
		}
		from := c.since[slot]
		if c.calm.After(from) {
			from = c.calm
		}
		if gap := now.Sub(from); gap > 8*time.Second+100*time.Millisecond { // it was last seen up to a tenth of a second before
			c.t.Errorf("slot %d: nobody answers for %s", slot, gap)
			return
		}
	}
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
		time.Sleep(seconds(60))
		c.db.set(func() { c.db.away, c.db.back = false, time.Now() })
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
