package pgstore

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
)

// committers commit waits one after the other, and remember what they were told of each. Told
// that the outcome is unknown, they read anew before they go on, as who owns slots does.
type committers struct {
	s    *Store
	stop chan struct{}
	wg   sync.WaitGroup

	mu      sync.Mutex
	written map[string]bool
	refused map[string]bool
}

func (c *committers) run(n int) {
	c.stop, c.written, c.refused = make(chan struct{}), map[string]bool{}, map[string]bool{}
	for i := range n {
		c.wg.Go(func() {
			for {
				select {
				case <-c.stop:
					return
				default:
					c.commit(i)
				}
			}
		})
	}
}

func (c *committers) commit(i int) {
	w := aWait(tenantOf(i%writing), "x")
	changes := []*gateway.Change{{Wait: w}}
	if i%5 == 0 { // of both writers
		changes = append(changes, &gateway.Change{Wait: aWait(tenantOf(1-i%writing), "x")})
	}
	err := c.s.Commit(changes...)
	c.mu.Lock()
	for _, change := range changes {
		switch {
		case err == nil:
			c.written[change.Wait.ID] = true
		case isUnavailable(err):
			c.refused[change.Wait.ID] = true
		}
	}
	c.mu.Unlock()
	if isUnknown(err) {
		_ = c.s.Recover(gateway.AllSlots(), func(*gateway.Wait) error { return nil }, func(*gateway.Parked) error { return nil }) // else the next says so again
	}
}

// goesOn waits until some more is written.
func (c *committers) goesOn(t *testing.T) {
	t.Helper()
	written := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.written)
	}
	before := written()
	for deadline := time.Now().Add(time.Minute); written() < before+200; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not go on")
		}
	}
}

// judge ends the committers, and holds the store to what they were told.
func (c *committers) judge(t *testing.T) {
	t.Helper()
	close(c.stop)
	c.wg.Wait()
	var ids map[string]bool
	for deadline := time.Now().Add(time.Minute); ; {
		ids = map[string]bool{}
		err := c.s.Recover(gateway.AllSlots(), func(w *gateway.Wait) error { ids[w.ID] = true; return nil }, func(*gateway.Parked) error { return nil })
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	lost, ghosts := 0, 0
	for id := range c.written {
		if !ids[id] {
			lost++
		}
	}
	for id := range c.refused {
		if ids[id] {
			ghosts++
		}
	}
	t.Logf("%d written, %d refused, %d there", len(c.written), len(c.refused), len(ids))
	if lost > 0 || ghosts > 0 {
		t.Errorf("%d that were told as written are not there, %d that were told as refused are", lost, ghosts)
	}
}

// long lets the tests that break things do so as often and as long as SPEC-cluster K3 says.
var long = flag.Bool("long", false, "break the database as often and as long as SPEC-cluster K3 says")

// times is how often, or for how long, by that flag.
func times[T any](short, whole T) T {
	if *long {
		return whole
	}
	return short
}

// TestKilled cuts off questions and answers, ends connections and processes of the database,
// and all of it, and stops it for longer than anybody has patience, while much is written: what
// was told as written is there, what was told as refused is not.
func TestKilled(t *testing.T) {
	own := postgres.Start(t)
	s, way := openByWay(t, own)
	c := &committers{s: s}
	c.run(32)
	const seed = 7
	pause := times(3*time.Second, 8*time.Second)
	draw := rand.New(rand.NewPCG(seed, seed))
	writersOf := func(sql string) string {
		return "SELECT " + sql + " FROM pg_stat_activity WHERE application_name IN ('hookgate write', 'hookgate fence') ORDER BY random() LIMIT 1"
	}
	for round := range times(14, 300) {
		c.goesOn(t)
		switch kind := draw.IntN(6); {
		case round%6 == 5:
			own.Kill()
			must(t, own.Run())
		case round%6 == 2 && (*long || round < 6):
			must(t, own.Pause())
			time.Sleep(pause) // it is what is tried
			must(t, own.Continue())
		case kind == 0: // a crash of one process is one of all
			pid, _ := 0, ""
			if _, err := fmt.Sscan(newSession(t, own).ask(writersOf("pid")), &pid); err == nil {
				_ = own.EndProcess(pid) // it may be gone already
			}
		case kind < 3:
			way.Answers.Add(3)
		case kind == 3:
			way.Questions.Add(3)
		default:
			newSession(t, own).ask(writersOf("pg_terminate_backend(pid)"))
		}
	}
	c.judge(t)
}
