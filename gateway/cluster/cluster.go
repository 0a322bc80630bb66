package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
)

// Cluster is this node among the others. It is safe for concurrent use.
type Cluster struct {
	state   *state
	watcher *watcher
	mover   *mover
	reach   *reach
	running sync.WaitGroup
	cancel  context.CancelFunc
}

// New makes the Cluster of a node that nobody knows of before Start.
func New(o Options) *Cluster {
	o = o.withDefaults()
	s := newState(o.Say, o.Ended)
	r := &reach{state: s, options: &o}
	w := &watcher{state: s, options: &o, reach: r, poked: make(chan struct{}, 1)}
	m := &mover{state: s, options: &o, watcher: w, poked: make(chan struct{}, 1), giving: map[int64]bool{}, resting: map[int64]time.Time{}}
	w.mover = m
	return &Cluster{state: s, watcher: w, mover: m, reach: r, cancel: func() {}}
}

// Handlers answer what other nodes ask, by verb.
func (c *Cluster) Handlers() map[string]func(ctx context.Context, body []byte) ([]byte, error) {
	return map[string]func(context.Context, []byte) ([]byte, error){
		verbPing: c.reach.pinged, verbReady: c.mover.ready, verbTake: c.mover.taken, verbLook: c.mover.looked,
		verbDrain: func(context.Context, []byte) ([]byte, error) { c.begin(); return nil, nil }, verbLeave: c.leaves,
	}
}

// Start joins the others, and takes what is this node's already. It fails where the database
// does not answer, or another node has other secrets.
func (c *Cluster) Start() error {
	c.state.begin(c.watcher.options.Store.Node())
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	if err := c.join(ctx); err != nil {
		return fmt.Errorf("joining the cluster: %w", err)
	}
	c.running.Go(func() { c.watcher.run(ctx) })
	c.running.Go(func() { c.mover.run(ctx) })
	return nil
}

// join looks, and says that this node is there if it fits to those who are.
func (c *Cluster) join(ctx context.Context) error {
	if !c.watcher.look() && !c.watcher.fallen.Load() {
		return errors.New("the nodes cannot be read")
	}
	if err := c.state.strange(); err != nil {
		return err
	}
	if !c.watcher.beat(time.Now()) && !c.watcher.fallen.Load() { // one whose start took long comes back as another
		return errors.New("this node cannot beat")
	}
	if c.watcher.look() {
		c.mover.round(ctx)
	}
	return nil
}

// strange says whether there is a node that lives with which this one has no secret in
// common.
func (s *state) strange() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := s.say().Keys
	for _, id := range s.living() {
		p := s.peers[id]
		if id == s.self || len(keys) == 0 || len(p.told.Keys) == 0 {
			continue
		}
		if !slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(p.told.Keys, key) }) {
			return fmt.Errorf("cluster.secret is another than that of node %s at %s: set the same everywhere; to change it, set cluster.secrets to the new and the old one in turn", idOf(id), p.told.Address)
		}
	}
	return nil
}

// Close ends the Cluster: this node answers for nothing any more. Slots that were not given away are the others' when the store is
// closed.
func (c *Cluster) Close() {
	c.state.mu.Lock()
	c.state.closed = true
	c.state.publish()
	c.state.mu.Unlock()
	c.cancel()
	c.running.Wait()
	c.mover.givers.Wait()
	c.reach.asking.Wait()
}

// Self gives this node.
func (c *Cluster) Self() Node { return c.state.view.Load().self }

// Fenced is told that the store has declared this node dead. It returns at once.
func (c *Cluster) Fenced() {
	c.watcher.fallen.Store(true)
	c.watcher.poke()
}

// Doubt is told of slots of which the store may have something else than was written: nothing
// is answered or read of them until the store has confirmed that they are this node's. It
// returns at once.
func (c *Cluster) Doubt(slots gateway.SlotSet) {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	c.state.unsure, c.state.anew = c.state.unsure.With(slots), true
	c.state.publish()
	c.mover.poke()
}

// Confirmed refuses to let anybody read, to go on with it, what is not surely this node's. It
// is for the readings of parts.
func (c *Cluster) Confirmed(slots gateway.SlotSet) error {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	if unsure := c.state.unsure.Both(slots); unsure.Len() > 0 || c.state.fenced {
		return gateway.Unavailable("it is not known yet whose this is now", time.Second)
	}
	return nil
}
