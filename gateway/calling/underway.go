package calling

import (
	"context"
	"fmt"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
)

// underway is the calls of this process that are answered and not settled.
type underway struct {
	ctx      context.Context // ends what a drain has no time for
	cancel   context.CancelFunc
	draining chan struct{}
	last     time.Time      // when a drain ends; set before draining is closed
	running  sync.WaitGroup // one for each of them

	mu      sync.Mutex
	stopped bool
	of      map[string]*call       // by id
	leaving map[gateway.Slot]*term // over, and not left yet
}

func newUnderway() *underway {
	u := &underway{draining: make(chan struct{}), of: map[string]*call{}, leaving: map[gateway.Slot]*term{}}
	u.ctx, u.cancel = context.WithCancel(context.Background())
	return u
}

var errDraining = &gateway.Error{
	Code: gateway.CodeDraining, Message: "this process is stopping and makes no call that it might not end", RetryAfter: time.Second,
}

// errMoved refuses what would begin for a tenant of a slot that is not owned.
var errMoved = gateway.Moved("the tenant's calls are made elsewhere now, or read anew: ask again")

// enter counts a call among them.
func (u *underway) enter(k *call) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.stopped:
		return errDraining
	case k.term.isOver():
		return errMoved
	}
	u.of[k.result.ID] = k
	k.term.calls++
	u.running.Add(1)
	return nil
}

// exit counts it out.
func (u *underway) exit(k *call) {
	u.mu.Lock()
	delete(u.of, k.result.ID)
	if k.term.calls--; k.term.calls == 0 && k.term.isOver() {
		close(k.term.idle)
	}
	u.mu.Unlock()
	u.running.Done()
}

// forget gives up the calls of a tenant that is no more.
func (u *underway) forget(tenant string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, k := range u.of {
		if k.result.Tenant == tenant {
			k.gone.Store(true)
			k.cancel()
		}
	}
}

// over ends a term: no call enters it any more, and none rests in it.
func (u *underway) over(t *term) {
	u.mu.Lock()
	defer u.mu.Unlock()
	close(t.over)
	if t.calls == 0 {
		close(t.idle)
	}
	u.leaving[t.slot] = t
}

// leave waits until the calls of terms that are over have ended, and gives up those that
// take longer than grace. It gives the terms.
func (u *underway) leave(slots gateway.SlotSet, grace time.Duration) (left []*term) {
	u.mu.Lock()
	for slot := range slots.All() {
		if t := u.leaving[slot]; t != nil {
			left = append(left, t)
			delete(u.leaving, slot)
		}
	}
	u.mu.Unlock()
	timer := time.AfterFunc(grace, func() { u.giveUp(left) })
	defer timer.Stop()
	for _, t := range left {
		<-t.idle
	}
	return left
}

// giveUp cuts off the calls of terms.
func (u *underway) giveUp(of []*term) {
	u.mu.Lock()
	defer u.mu.Unlock()
	over := map[*term]bool{}
	for _, t := range of {
		over[t] = true
	}
	for _, k := range u.of {
		if over[k.term] {
			k.cancel()
		}
	}
}

// left gives when a drain that has begun ends.
func (u *underway) left() time.Time { return u.last }

// drain takes no more of them, and waits for them. Those that are cut off when ctx ends
// are in the error.
func (u *underway) drain(ctx context.Context) error {
	u.mu.Lock()
	if !u.stopped {
		u.stopped = true
		u.last, _ = ctx.Deadline()
		close(u.draining)
	}
	u.mu.Unlock()
	defer u.cancel()
	left := 0
	background.Drain(ctx, &u.running, func() {
		u.mu.Lock()
		left = len(u.of)
		u.mu.Unlock()
		u.cancel()
	})
	if left == 0 {
		return nil
	}
	return fmt.Errorf("%d pending calls are left to the next start: %w", left, ctx.Err())
}
