package outbound

import (
	"cmp"
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/background"
)

// comings are what comes into the windows of lanes that keep an order, where other processes
// put something there, too. That somebody tells a lane is no more than a reason to look: who
// published what comes before may have died with it untold, or his word is lost, or late. So
// such a lane takes what comes from the store alone, by looks that all lanes share: each
// shows all that was durable when it began and no look has shown, so what comes first in a
// conversation is never seen after what follows it.
//
// What is read of a window is held to the same: a look that begins after it comes first, for
// before the place from which it was read may be what was durable before that was.
//
// One look at a time: those who are told of something meanwhile share the next one. The
// schedule's lock guards it, and is let go while the store is asked.
type comings struct {
	*schedule
	upTo  string // the moment up to which all is known; "": none
	asked uint64 // the look that somebody waits for, by its number
	begun uint64 // the last one that has begun
	done  uint64 // the last one that is over
	good  uint64 // the last one that was not in vain
	err   error  // why done was, if it was
	looks bool   // somebody does
	some  bool   // there is a lane that takes what comes from here
}

// mostCame bounds what one look takes. Where more came all windows are read anew.
const mostCame = 8192

// is says whether other processes put anything into windows.
func (c *comings) is() bool { return c.options.Comings != nil }

// follow says whether a lane takes what comes from here: once it has kept an order it always
// does, or what came as that was changed might be taken from neither side.
func (c *comings) follow(n *lane) bool {
	if !n.follows && c.is() && c.orders(n.key) {
		c.begin(n)
	}
	return n.follows
}

func (c *comings) orders(key gateway.LaneKey) bool {
	target := c.options.Targets(key.Tenant, key.Endpoint)
	return target != nil && target.Ordered
}

// begin has a lane take what comes from here. What came before is read from its start.
func (c *comings) begin(n *lane) {
	if n.follows || !c.is() {
		return
	}
	n.follows, c.some = true, true
	n.window.rewind(gateway.Due{})
}

// ask has the next look begin as soon as can be.
func (c *comings) ask() {
	c.asked = c.begun + 1
	if !c.looks && !c.stopped {
		c.looks = true
		c.running.Go(c.look)
	}
}

// await waits for a look that begins from here on, with the lock, which it lets go meanwhile.
func (c *comings) await() error {
	if !c.is() {
		return nil
	}
	c.ask()
	for want := c.asked; c.good < want; c.ended.Wait() {
		switch {
		case c.stopped:
			return errStopping
		case c.done >= want:
			return c.err
		}
	}
	return nil
}

// settle is await for who has not the lock: all that is durable after it, and in no look before,
// will be in one.
func (c *comings) settle() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil // nothing is sent any more
	}
	return c.await()
}

// look looks until nobody asks for it.
func (c *comings) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.stopped && c.asked > c.done {
		c.begun++
		slots, since := c.slots, c.upTo
		c.mu.Unlock()
		came, upTo, all, err := c.options.Comings.Came(slots, since, mostCame)
		c.mu.Lock()
		c.done, c.err = c.begun, err
		if err != nil {
			c.ended.Broadcast()
			c.failed(err)
			continue
		}
		c.good, c.upTo = c.begun, upTo
		if all {
			c.take(came)
		} else { // what the moment has in it is read, what it has not will be seen
			readAnew(c.schedule, lanesOf(came))
		}
		c.ended.Broadcast()
	}
	c.looks = false
}

func lanesOf(came []gateway.Came) (lanes []gateway.LaneKey) {
	for i := range came {
		lanes = append(lanes, came[i].Lane)
	}
	return lanes
}

// failed rests before the next look: what came is still to be taken.
func (c *comings) failed(err error) {
	c.asked = max(c.asked, c.begun+1)
	c.mu.Unlock()
	defer c.mu.Lock()
	c.log.Error("unfinished deliveries cannot be read", "error", err)
	background.Sleep(c.ctx, storeRest)
}

// take puts what came where it belongs.
func (c *comings) take(came []gateway.Came) {
	now := c.now()
	var to []*lane
	for i := range came {
		key := came[i].Lane
		if c.lanes[key] == nil && !c.orders(key) {
			continue
		}
		if n := c.lane(key); n != nil && c.follow(n) {
			n.comes(came[i].Due)
			to = append(to, n)
		}
	}
	slices.SortFunc(to, func(a, b *lane) int {
		return cmp.Or(cmp.Compare(a.key.Tenant, b.key.Tenant), cmp.Compare(a.key.Endpoint, b.key.Endpoint))
	})
	for _, n := range slices.Compact(to) {
		c.place(n, now)
	}
	c.hire()
}

// comes takes one that came, unless somebody has it already.
func (n *lane) comes(d gateway.Due) {
	if _, flies := n.flying[d.ID]; !flies {
		n.window.add(d, false)
	} else if _, is := n.withheld[d.ID]; is {
		n.withheld[d.ID] = &d
	}
}
