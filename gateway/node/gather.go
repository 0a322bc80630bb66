package node

import (
	"context"
	"slices"
	"sync"
	"time"

	"hookgate/gateway/cluster"
	"hookgate/gateway/cluster/forward"
	"hookgate/gateway/cluster/peers"
)

// gatherer asks all other nodes for what each keeps for itself, so that one answers for all
// (SPEC-cluster K2). Who does not answer in time is left out, and said to be missing: for a
// while it is not asked again, lest each page of a list waits for it.
type gatherer struct {
	among among
	asker forward.Asker
	now   func() time.Time

	mu    sync.Mutex
	quiet map[string]time.Time // by node: when it has not answered
}

const (
	// gatherTime is how long all nodes have to answer.
	gatherTime = time.Second
	// quietTime is how long one that has not is not asked again.
	quietTime = 2 * time.Second
)

func newGatherer(among among, asker forward.Asker) *gatherer {
	return &gatherer{among: among, asker: asker, now: time.Now, quiet: map[string]time.Time{}}
}

// others gives the nodes that live, but for this one.
func (g *gatherer) others() (all []peers.Node) {
	self := g.among.Self().ID
	for _, n := range g.among.Nodes() {
		if n.ID != self && n.State != cluster.StateGone {
			all = append(all, peers.Node{ID: n.ID, Address: n.Address})
		}
	}
	return all
}

// said is what one node has answered.
type said struct {
	node   string
	answer []byte
}

// each asks all others at once, and gives what those said who answered in time, in the order
// of the nodes. What ctx says it is for takes a share of the ways there (peers.For).
func (g *gatherer) each(ctx context.Context, verb string, body []byte) []said {
	nodes := g.others()
	all := make([]said, len(nodes))
	ctx, stop := context.WithTimeout(ctx, gatherTime)
	defer stop()
	var asking sync.WaitGroup
	for i, n := range nodes {
		if g.isQuiet(n.ID) {
			continue
		}
		asking.Go(func() {
			answer, err := g.asker.Ask(ctx, n, verb, body)
			if peers.NoRoom(err) {
				return
			}
			if err != nil {
				g.note(n.ID)
				return
			}
			all[i] = said{n.ID, answer}
		})
	}
	asking.Wait()
	return slices.DeleteFunc(all, func(s said) bool { return s.node == "" })
}

// note notes that a node has not answered.
func (g *gatherer) note(node string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for id, at := range g.quiet {
		if now.Sub(at) >= quietTime {
			delete(g.quiet, id)
		}
	}
	g.quiet[node] = now
}

func (g *gatherer) isQuiet(node string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	at, is := g.quiet[node]
	return is && g.now().Sub(at) < quietTime
}

// Missing gives the nodes that live and have not answered a short while ago: api.Elsewhere's.
func (g *gatherer) Missing() (ids []string) {
	for _, n := range g.others() {
		if g.isQuiet(n.ID) {
			ids = append(ids, n.ID)
		}
	}
	return ids
}
