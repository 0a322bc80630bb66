package watching

import (
	"context"
	"errors"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/cluster/peers"
)

// near looks on at waits of this node for others.
type near struct {
	options *Options
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu    sync.Mutex
	of    map[string]*caller // by node
	swept bool               // somebody sweeps
}

// caller is a node that looks on here.
type caller struct {
	node    peers.Node
	heard   time.Time // when it was last heard of
	watched map[key]*nearWatch
	outbox  []state // it is not told yet
	bytes   int
	sending bool
}

// nearWatch is one wait at which a node looks on.
type nearWatch struct {
	stop  func() bool // nil: it is just being made
	since time.Time
}

const (
	// mostUntold bounds what a node has to be told, in bytes. What is more it asks for.
	mostUntold = 32 << 20
	// saidAtOnce is how much one message tells, in bytes.
	saidAtOnce = 4 << 20
	// youngTime is for how long a wait stays that a list does not name: the list may have
	// been made before.
	youngTime = 5 * time.Second
)

func newNear(o *Options) *near {
	n := &near{options: o, of: map[string]*caller{}}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n
}

func (n *near) close() {
	n.cancel()
	n.mu.Lock()
	all := n.of
	n.of = map[string]*caller{}
	n.mu.Unlock()
	for _, c := range all {
		c.leave()
	}
	n.running.Wait()
}

func (c *caller) leave() {
	for _, x := range c.watched {
		if x.stop != nil {
			x.stop()
		}
	}
}

// ServeWatch looks on at waits for another node: a peers.Handler.
func (w *Watches) ServeWatch(ctx context.Context, message []byte) ([]byte, error) {
	address, all, keys, err := questionOf(message)
	if err != nil {
		return nil, err
	}
	return w.near.watch(ctx, peers.Node{ID: peers.From(ctx), Address: address}, all, keys), nil
}

// watch looks on at waits, and gives how each stands.
func (n *near) watch(ctx context.Context, for_ peers.Node, all bool, keys []key) (answer []byte) {
	if all {
		n.forget(for_.ID, keys)
	}
	ctx, stop := context.WithTimeout(ctx, askTime)
	defer stop()
	for _, k := range keys {
		s := n.one(ctx, for_, k)
		if all && s.err == nil && open(s.wait) {
			s.wait = nil // nothing is new
		}
		answer = s.append(answer)
	}
	return answer
}

func open(w *gateway.Wait) bool { return w != nil && w.State == gateway.StateWaiting }

// one looks on at a wait, unless that node does already.
func (n *near) one(ctx context.Context, for_ peers.Node, k key) state {
	if _, here := n.options.Owners.Owner(gateway.SlotOf(k.tenant)); !here {
		return state{key: k, err: errMoved}
	}
	x := n.note(for_, k)
	if x == nil {
		w, err := n.options.Sessions.Get(k.tenant, k.id)
		return state{key: k, wait: w, err: err}
	}
	w, stop, err := n.options.Sessions.Watch(ctx, k.tenant, k.id, func(final *gateway.Wait, why error) {
		n.tell(for_.ID, state{key: k, wait: final, err: why})
	})
	if err != nil || stop == nil {
		n.drop(for_.ID, k, x)
		return state{key: k, wait: w, err: err}
	}
	if !n.keep(for_.ID, k, x, stop) {
		stop()
	}
	return state{key: k, wait: w}
}

// note notes that a node looks on at a wait; nil: it was noted before.
func (n *near) note(for_ peers.Node, k key) *nearWatch {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.of[for_.ID]
	if c == nil {
		c = &caller{watched: map[key]*nearWatch{}}
		n.of[for_.ID] = c
	}
	c.node, c.heard = for_, time.Now()
	if !n.swept && n.ctx.Err() == nil {
		n.swept = true
		n.running.Go(n.sweep)
	}
	if c.watched[k] != nil {
		return nil
	}
	x := &nearWatch{since: time.Now()}
	c.watched[k] = x
	return x
}

// keep keeps what ends it; false where it has ended.
func (n *near) keep(node string, k key, x *nearWatch, stop func() bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c := n.of[node]; c == nil || c.watched[k] != x {
		return false
	}
	x.stop = stop
	return true
}

func (n *near) drop(node string, k key, x *nearWatch) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c := n.of[node]; c != nil && c.watched[k] == x {
		delete(c.watched, k)
	}
}

// forget stops looking on for a node at all that it does not name.
func (n *near) forget(node string, but []key) {
	named := make(map[key]bool, len(but))
	for _, k := range but {
		named[k] = true
	}
	var stops []func() bool
	n.mu.Lock()
	if c := n.of[node]; c != nil {
		c.heard = time.Now()
		for k, x := range c.watched {
			if !named[k] && x.stop != nil && time.Since(x.since) > youngTime {
				stops = append(stops, x.stop)
				delete(c.watched, k)
			}
		}
	}
	n.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
}

// silentTime is for how long a node is looked on for that says nothing any more: it has
// nobody left who looks on, or is gone.
const silentTime = 3 * listEvery

// sweep stops looking on at what this node decides no more, and for those who are silent.
// It ends when there is nobody.
func (n *near) sweep() {
	for background.Sleep(n.ctx, listEvery) {
		stops, over := n.idle()
		for _, stop := range stops {
			stop()
		}
		if over {
			return
		}
	}
}

func (n *near) idle() (stops []func() bool, over bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, c := range n.of {
		silent := time.Since(c.heard) > silentTime
		for k, x := range c.watched {
			_, here := n.options.Owners.Owner(gateway.SlotOf(k.tenant))
			if x.stop != nil && (silent || !here) {
				stops = append(stops, x.stop)
				delete(c.watched, k)
			}
		}
		if silent && len(c.watched) == 0 && !c.sending {
			delete(n.of, id)
		}
	}
	over = len(n.of) == 0
	n.swept = !over
	return stops, over
}

// tell tells a node how a wait ended.
func (n *near) tell(node string, s state) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.of[node]
	if c == nil {
		return
	}
	delete(c.watched, s.key)
	size := 256
	if s.wait != nil {
		size += s.wait.SizeJSON()
	}
	if c.bytes+size > mostUntold {
		s.wait, s.err = nil, errMoved // it asks, and is answered
	}
	c.outbox = append(c.outbox, s)
	c.bytes += size
	if !c.sending && n.ctx.Err() == nil {
		c.sending = true
		n.running.Go(func() { n.send(c) })
	}
}

// send tells a node what it has to be told, together what came meanwhile. What cannot be told
// it finds missing.
func (n *near) send(c *caller) {
	for failed := 0; ; {
		n.mu.Lock()
		if len(c.outbox) == 0 || n.ctx.Err() != nil {
			c.sending = false
			n.mu.Unlock()
			return
		}
		to, message, told := c.node, []byte(nil), 0
		for told < len(c.outbox) && len(message) < saidAtOnce {
			message = c.outbox[told].append(message)
			told++
		}
		n.mu.Unlock()
		ctx, stop := context.WithTimeout(n.ctx, askTime)
		_, err := n.options.Asker.Ask(ctx, to, VerbEnded, message)
		stop()
		if err != nil && failed < 3 && !errors.Is(err, peers.ErrNotHere) {
			failed++
			background.Sleep(n.ctx, time.Duration(failed)*tendEvery)
			continue
		}
		failed = 0
		n.mu.Lock()
		if c.outbox = append([]state(nil), c.outbox[told:]...); len(c.outbox) == 0 {
			c.bytes = 0
		}
		n.mu.Unlock()
	}
}
