package node

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/stream"
)

// verbStream asks a node for what has happened at it.
const verbStream = "stream"

// looking has those who read the stream of this node see what happens at all of them: while
// there are any it fetches from each other node what is new there, and the stream puts it
// beside its own (SPEC-cluster K2).
type looking struct {
	*stream.Stream
	nodes   *gatherer
	catchUp func() error
	ctx     context.Context
	cancel  context.CancelFunc

	mu      sync.Mutex
	until   time.Time // somebody is about to read
	of      map[string]*fetching
	tends   bool
	running sync.WaitGroup
}

// fetching is what is fetched of one node.
type fetching struct {
	node peers.Node
	stop context.CancelFunc

	mu     sync.Mutex
	behind string             // up to where
	cut    context.CancelFunc // ends the question that is under way
	over   bool
}

const (
	// comesWithin is how long who is about to read may take to begin.
	comesWithin = 10 * time.Second
	// newsTime is how long a node waits for something to tell; restTime is the rest before it
	// is asked again, so that much that happens goes together.
	newsTime = 10 * time.Second
	restTime = 50 * time.Millisecond
	// againTime is the rest after it could not be asked.
	againTime = 300 * time.Millisecond
)

func newLooking(s *stream.Stream, nodes *gatherer, catchUp func() error) *looking {
	l := &looking{Stream: s, nodes: nodes, catchUp: catchUp, of: map[string]*fetching{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

func (l *looking) close() {
	l.cancel()
	l.running.Wait()
}

// asksStream is what a node is asked: what is behind an id, at once or when there is something.
type asksStream struct {
	After string `json:"after"`
	Waits bool   `json:"waits,omitempty"`
}

// Look is api.Elsewhere's: when it returns what happens from now on at any node will be seen
// here, and what happened behind an id as far as it is still known. A node that has not
// answered by then is missing; what it tells later comes behind a gap.
func (l *looking) Look(after string) {
	l.mu.Lock()
	l.until = time.Now().Add(comesWithin)
	if !l.tends && l.ctx.Err() == nil {
		l.tends = true
		l.running.Go(l.tend)
	}
	l.mu.Unlock()
	l.meet(after)
}

// meet begins to fetch from each node, or has what was fetched reach back to an id.
func (l *looking) meet(after string) {
	ctx, stop := context.WithTimeout(l.ctx, gatherTime)
	defer stop()
	var asking sync.WaitGroup
	for _, n := range l.nodes.others() {
		f := l.fetching(n)
		if l.nodes.isQuiet(n.ID) || l.Covers(n.ID, after) {
			continue
		}
		asking.Go(func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			if l.Covers(n.ID, after) || ctx.Err() != nil { // others have asked meanwhile; that they were many is not the node's fault
				return
			}
			b, err := l.ask(ctx, f.node, asksStream{After: after})
			if err != nil {
				l.nodes.note(n.ID)
				return
			}
			l.feed(f, b)
			if f.cut != nil {
				f.cut()
			}
		})
	}
	asking.Wait()
}

// fetching gives what is fetched of a node, begun where that was not.
func (l *looking) fetching(n peers.Node) *fetching {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.of[n.ID]
	if f == nil {
		f = &fetching{node: n}
		var ctx context.Context
		ctx, f.stop = context.WithCancel(l.ctx)
		l.of[n.ID] = f
		l.running.Go(func() { l.follow(ctx, f) })
	}
	return f
}

// follow fetches what is new at a node, until ctx ends.
func (l *looking) follow(ctx context.Context, f *fetching) {
	for background.Sleep(ctx, restTime) {
		within, stop := context.WithCancel(ctx)
		f.mu.Lock()
		behind := f.behind
		f.cut = stop
		f.mu.Unlock()
		b, err := l.ask(within, f.node, asksStream{After: behind, Waits: behind != ""})
		stop()
		f.mu.Lock()
		back := f.behind != behind // somebody wants what lies before
		if err == nil && !back {
			l.feed(f, b)
		}
		f.mu.Unlock()
		if err != nil && !back {
			background.Sleep(ctx, againTime)
		}
	}
}

// feed gives the stream what came; f.mu is held.
func (l *looking) feed(f *fetching, b *stream.Batch) {
	if !f.over {
		f.behind = l.Feed(f.node.ID, b)
	}
}

// end ends it, and drops what was fetched.
func (l *looking) end(f *fetching) {
	f.stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	l.Leave(f.node.ID)
}

func (l *looking) ask(ctx context.Context, to peers.Node, q asksStream) (*stream.Batch, error) {
	ctx, stop := context.WithTimeout(ctx, newsTime+gatherTime)
	defer stop()
	answer, err := l.nodes.asker.Ask(ctx, to, verbStream, messageOf(q))
	if err != nil {
		return nil, err
	}
	b := &stream.Batch{}
	if err := json.Unmarshal(answer, b); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(b.Events, func(e stream.Event) bool { return e.Kind == gateway.HappenedConfig }) {
		_ = l.catchUp() // who is told of it finds it here; else it looks again soon
	}
	return b, nil
}

// tend looks which nodes there are, until nobody reads.
func (l *looking) tend() {
	for background.Sleep(l.ctx, lookEvery) {
		living := map[string]bool{}
		for _, n := range l.nodes.others() {
			living[n.ID] = true
			l.fetching(n)
		}
		if l.leave(living) {
			return
		}
	}
}

// leave ends what is fetched of nodes that are no more, of all where nobody reads: then it is
// over.
func (l *looking) leave(living map[string]bool) (over bool) {
	var ended []*fetching
	l.mu.Lock()
	if over = !l.Reading() && time.Now().After(l.until); over {
		l.tends = false
	}
	for id, f := range l.of {
		if over || !living[id] {
			ended = append(ended, f)
			delete(l.of, id)
		}
	}
	l.mu.Unlock()
	for _, f := range ended {
		l.end(f)
	}
	return over
}

// serve tells another node what has happened here.
func (l *looking) serve(ctx context.Context, message []byte) ([]byte, error) {
	var q asksStream
	if err := json.Unmarshal(message, &q); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, newsTime)
	defer stop()
	for {
		b, news := l.Since(q.After)
		if !q.Waits || news == nil {
			return messageOf(b), nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return messageOf(b), nil
		case <-l.ctx.Done():
			return messageOf(b), nil
		}
	}
}
