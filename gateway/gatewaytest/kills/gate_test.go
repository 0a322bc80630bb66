package kills

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// gate leads the load to the programs while there are any, and holds it back while
// there are none.
type gate struct {
	mu       sync.Mutex
	programs []*program.Program
	opened   chan struct{} // closed while the gate is open
	inFlight sync.WaitGroup
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

func (g *gate) open(all ...*program.Program) {
	g.lead(all...)
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.opened)
}

// lead leads to these programs from now on, to each request one of them.
func (g *gate) lead(all ...*program.Program) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.programs = all
}

// shut lets nobody in any more.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = make(chan struct{})
}

// empty waits until all who are in have left.
func (g *gate) empty() { g.inFlight.Wait() }

// enter gives a program once there is one; leave ends what was asked of it.
func (g *gate) enter(ctx context.Context) (p *program.Program, leave func(), err error) {
	for {
		g.mu.Lock()
		opened := g.opened
		select {
		case <-opened:
			g.inFlight.Add(1)
			p = g.programs[rand.IntN(len(g.programs))]
			g.mu.Unlock()
			return p, g.inFlight.Done, nil
		default:
		}
		g.mu.Unlock()
		select {
		case <-opened:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// restAfter503 is how long who was told to come again rests: shorter than he is told, for the test's
// time is short, and long enough that the load is no flood.
const restAfter503 = 100 * time.Millisecond
