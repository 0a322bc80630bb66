package cluster

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

var (
	errAway    = errors.New("the database does not answer")
	errUnclear = errors.New("nobody knows")
)

// database is what the nodes of a test share. Times are those of its bubble.
type database struct {
	t *testing.T

	mu      sync.Mutex
	last    int64
	nodes   map[int64]*store.Member
	owners  store.Owners
	away    bool
	refuses bool                            // where it is away, or cut off, it is known at once
	acts    map[int64]map[gateway.Slot]bool // what the parts of a node have, that was not declared dead
	moves   int                             // changes of owners
	unclear int                             // of a hundred Assigns so many come late, or never, and nobody knows
	late    []func()
	takes   time.Duration       // an Assign, besides
	meddle  func(dead int64)    // is called by each take-over, before it does anything
	hanging gateway.SlotSet     // for which something is under way that does not end by itself
	ended   map[int64]bool      // those of which that can be known where they were
	inPlace bool                // nodes come at the addresses of those that were killed
	beats   map[int64]time.Time // when each node beat last
	back    time.Time           // when the database came back last
	rng     *rand.Rand
}

func newDatabase(t *testing.T, seed uint64) *database {
	return &database{t: t, nodes: map[int64]*store.Member{}, acts: map[int64]map[gateway.Slot]bool{}, beats: map[int64]time.Time{}, ended: map[int64]bool{}, rng: rand.New(rand.NewPCG(seed, 7))}
}

// connection is a Store: that of one process.
type connection struct {
	*database
	node int64
	cut  bool

	looked, watching time.Time // its last look; since when it looks all the while
}

func (d *database) join() int64 {
	d.last++
	d.nodes[d.last] = &store.Member{Node: d.last}
	d.acts[d.last] = map[gateway.Slot]bool{}
	return d.last
}

func (d *database) connect() *connection {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &connection{database: d, node: d.join()}
}

// do does something, after a while; it fails where the database cannot be reached.
func (c *connection) do(what func() error) error {
	c.mu.Lock()
	wait := time.Duration(1+c.rng.IntN(8)) * time.Millisecond
	away := c.away || c.cut
	if away && !c.refuses { // refused at once, or not answered
		wait = time.Duration(c.rng.IntN(2000)) * time.Millisecond
	}
	c.mu.Unlock()
	time.Sleep(wait)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away || c.cut || away {
		return errAway
	}
	return what()
}

func (d *database) rand(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(n)
}

func (d *database) set(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

func (c *connection) Node() int64 { c.mu.Lock(); defer c.mu.Unlock(); return c.node }

func (c *connection) Rejoin() error {
	return c.do(func() error { c.node = c.join(); return nil })
}

// alive says whether nobody declared this node dead.
func (c *connection) alive() error {
	if n := c.nodes[c.node]; n == nil || n.Gone {
		return store.ErrDeclaredDead
	}
	return nil
}

func (c *connection) Beat(told []byte) error {
	return c.do(func() error {
		if err := c.alive(); err != nil {
			return err
		}
		n := c.nodes[c.node]
		n.Beat, n.Told, c.beats[c.node] = n.Beat+1, told, time.Now()
		return nil
	})
}

func (c *connection) Members() (nodes []store.Member, owners store.Owners, err error) {
	err = c.do(func() error {
		for _, n := range c.nodes {
			nodes = append(nodes, *n)
		}
		owners = c.owners
		if now := time.Now(); now.Sub(c.looked) <= connected {
			c.looked = now
		} else {
			c.looked, c.watching = now, now
		}
		return nil
	})
	if err == nil {
		time.Sleep(time.Duration(c.rand(3)) * time.Millisecond) // it is a little old when it comes
	}
	return nodes, owners, err
}

func (c *connection) Assign(slots gateway.SlotSet, known *store.Owners, to int64) (given gateway.SlotSet, err error) {
	was, from := *known, c.Node()
	c.mu.Lock()
	takes := c.takes
	c.mu.Unlock()
	time.Sleep(takes)
	err = c.do(func() error {
		if err := c.alive(); err != nil {
			return err
		}
		if c.rng.IntN(100) < c.unclear {
			if c.rng.IntN(3) > 0 {
				c.late = append(c.late, func() { c.assign(slots, &was, from, to) })
			}
			return errUnclear
		}
		given = c.assign(slots, &was, from, to)
		return nil
	})
	return given, err
}

func (d *database) assign(slots gateway.SlotSet, was *store.Owners, from, to int64) (given gateway.SlotSet) {
	if n := d.nodes[from]; n == nil || n.Gone {
		return given
	}
	for slot := range slots.All() {
		if d.owners[slot] != was[slot] {
			continue
		}
		if d.acts[was[slot].Node][slot] && to != was[slot].Node {
			d.t.Errorf("slot %d goes from node %d to %d while that has it", slot, was[slot].Node, to)
		}
		d.owners[slot] = store.SlotOwner{Node: to, Epoch: was[slot].Epoch + 1}
		given.Add(slot)
		d.moves++
	}
	return given
}

// arrive lets what was late come.
func (d *database) arrive() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, do := range d.late {
		do()
	}
	d.late = nil
}

func (c *connection) TakeOver(dead, seen int64, to *store.Owners) error {
	return c.do(func() error {
		if err := c.alive(); err != nil {
			return err
		}
		if c.meddle != nil {
			c.meddle(dead)
		}
		if n := c.nodes[dead]; n != nil && !n.Gone {
			if n.Beat != seen {
				return store.ErrBeats
			}
			n.Gone = true
			if since := time.Since(c.beats[dead]); c.ended[dead] && c.inPlace {
				// who comes in its place may know that it is no more
			} else if since < replacedAfter || since < deadAfter && !c.inPlace {
				c.t.Errorf("node %d is declared dead %s after a beat", dead, since)
			}
			if since := time.Since(c.back); since < deadAfter {
				c.t.Errorf("node %d is declared dead %s after the database was back", dead, since)
			}
		}
		delete(c.acts, dead) // it writes nothing any more, whatever it believes
		for slot, is := range c.owners {
			if is.Node == dead {
				c.owners[slot] = store.SlotOwner{Node: to[slot].Node, Epoch: is.Epoch + 1}
				c.moves++
			}
		}
		return nil
	})
}

func (c *connection) Bury(node int64) error {
	return c.do(func() error {
		if n := c.nodes[node]; n != nil && n.Gone {
			delete(c.nodes, node)
		}
		return nil
	})
}

// leave deletes the row of a node that ends by itself.
func (c *connection) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.nodes, c.node)
	delete(c.acts, c.node)
}

// acting is a Part: it tells the database what it has, which sees to it that no two have
// the same.
type acting struct{ *connection }

func (p *acting) Acquire(slots gateway.SlotSet) error {
	return p.do(func() error {
		if p.acts[p.node] == nil {
			return nil // it was declared dead: what it writes is refused
		}
		for slot := range slots.All() {
			for node, has := range p.acts {
				if has[slot] && node != p.node {
					p.t.Errorf("slot %d is acquired by node %d while node %d has it", slot, p.node, node)
				}
			}
			if is := p.owners[slot]; is.Node != p.node {
				p.t.Errorf("slot %d is acquired by node %d, and is node %d's", slot, p.node, is.Node)
			}
			p.acts[p.node][slot] = true
		}
		return nil
	})
}

// busy says how long it takes to end what is under way for slots.
func (p *acting) busy(slots gateway.SlotSet) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	for slot := range slots.All() {
		if p.acts[p.node][slot] && p.hanging.Has(slot) {
			return 4 * time.Second
		}
	}
	return 20 * time.Millisecond
}

// Calm waits for what hangs, while slots are answered for.
func (p *acting) Calm(slots gateway.SlotSet) { time.Sleep(p.busy(slots)) }

func (p *acting) Release(slots gateway.SlotSet) {
	time.Sleep(20 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	for slot := range slots.All() {
		delete(p.acts[p.node], slot)
	}
}
