package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
)

const (
	verbDrain = "drain" // give your slots away
	verbLeave = "leave" // this node has nothing any more, and ends
)

var errLast error = gateway.Errorf(gateway.CodeLastNode, "no other node takes slots: start one first")

// Drain gives all slots of this node away, while it goes on to answer and to forward, and
// waits for that. Where no other node takes slots it keeps them, and that is no error.
func (c *Cluster) Drain(ctx context.Context) error {
	c.begin()
	for {
		v := c.state.view.Load()
		if c.state.drained() {
			return nil
		}
		select {
		case <-v.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Leave tells the others that this node ends, where it has given all away, and waits until they
// have seen it and have nothing under way to it, or have not answered in time. Who heard of the
// new owners only with his next look would ask this node once more, which may close the
// connection in that moment: nobody would know whether it took the request.
func (c *Cluster) Leave(ctx context.Context) {
	if mine, others := c.state.left(); mine == 0 {
		var told sync.WaitGroup
		for _, to := range others {
			told.Go(func() { _, _ = c.mover.ask(ctx, to, verbLeave, nil) }) // who is not told will find it
		}
		told.Wait()
	}
}

// left gives how many slots this node has, and who else lives.
func (s *state) left() (mine int, others []Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, p := range s.peers {
		if id != s.self && p.lives() {
			others = append(others, p.node(id))
		}
	}
	slots := s.mine().With(s.touched)
	return slots.Len(), others
}

// leaves is told by a node that it ends.
func (c *Cluster) leaves(ctx context.Context, _ []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime*9/10)
	defer cancel()
	c.watcher.lookAgain(ctx)
	c.watcher.options.Leaves(ctx, peers.From(ctx))
	return nil, nil
}

// begin begins to drain. It returns at once.
func (c *Cluster) begin() {
	c.state.mu.Lock()
	was := c.state.draining
	c.state.draining = true
	c.state.mu.Unlock()
	if !was {
		c.watcher.options.Log.Info("this node gives its slots away", "node", c.Self().ID)
		c.watcher.options.Observer.Changed()
		c.watcher.telling.Store(true)
		c.watcher.poke()
		c.mover.poke()
	}
}

// drained says whether this node has given all away, or nobody would take more.
func (s *state) drained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(s.takers(), func(id int64) bool { return id != s.self }) {
		return true
	}
	mine := s.mine()
	return s.touched.Len() == 0 && mine.Len() == 0
}

// Draining says whether this node gives its slots away.
func (c *Cluster) Draining() bool {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	return c.state.draining
}

// DrainNode lets a node give its slots away: it returns when that has begun. It may be
// called again. gateway.ErrNotFound: there is no such node. CodeLastNode: no other takes
// slots.
func (c *Cluster) DrainNode(ctx context.Context, id string) error {
	node := nodeOf(id)
	to, draining, others := c.state.drainable(node)
	switch {
	case to == Node{}:
		return gateway.ErrNotFound
	case draining:
		return nil
	case !others:
		return errLast
	case to.ID == c.Self().ID:
		c.begin()
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, gapTime)
	defer cancel()
	if _, err := c.watcher.options.Ask(ctx, to, verbDrain, nil); err != nil {
		e := gateway.Unavailable("that node does not answer now", time.Second)
		e.Err = err
		return e
	}
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	if p := c.state.peers[node]; p != nil {
		p.told.Draining = true // as it will say soon
	}
	return nil
}

// drainable gives a node that lives, whether it drains already, and whether there are others
// that would take its slots.
func (s *state) drainable(node int64) (to Node, draining, others bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.peers[node]
	if p == nil || !p.lives() {
		return Node{}, false, false
	}
	draining = p.told.Draining || node == s.self && s.draining
	others = slices.ContainsFunc(s.takers(), func(id int64) bool { return id != node })
	return p.node(node), draining, others
}
