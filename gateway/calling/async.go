package calling

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/directory"
)

// pending is the calls of this process that are answered and not settled.
type pending struct {
	ctx      context.Context // ends what a drain has no time for
	cancel   context.CancelFunc
	draining chan struct{}
	last     time.Time      // when a drain ends; set before draining is closed
	running  sync.WaitGroup // one for each of them

	mu      sync.Mutex
	stopped bool
	of      map[string]*call // by id
}

func (p *pending) init() {
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.draining = make(chan struct{})
	p.of = map[string]*call{}
}

// own gives a call a context of ours, for it may go on after its caller has left.
func (c *Calls) own(k *call) { k.ctx, k.cancel = context.WithCancel(c.pending.ctx) }

// enter counts a call among them.
func (p *pending) enter(k *call) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return errDraining
	}
	p.of[k.result.ID] = k
	p.running.Add(1)
	return nil
}

func (p *pending) leave(k *call) {
	p.mu.Lock()
	delete(p.of, k.result.ID)
	p.mu.Unlock()
	p.running.Done()
}

// has says whether a call is under way here.
func (p *pending) has(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.of[id] != nil
}

// forget gives up the calls of a tenant.
func (p *pending) forget(tenant string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.of {
		if k.result.Tenant == tenant {
			k.gone.Store(true)
			k.cancel()
		}
	}
}

var errDraining = &gateway.Error{
	Code: gateway.CodeDraining, Message: "this process is stopping and makes no call that it might not end", RetryAfter: time.Second,
}

// callAsync promises a call and makes it after its answer.
func (c *Calls) callAsync(q Request) (*gateway.Call, error) {
	k := c.begin(q)
	c.own(k)
	k.each = q.Webhook.Timeout
	err := c.seat(k, c.Pending)
	if err == nil {
		err = c.pending.enter(k)
	}
	if err == nil {
		if err = c.promise(k); err != nil {
			c.pending.leave(k)
		}
	}
	if err != nil {
		c.end(k)
		return nil, err
	}
	shown := c.shown(k)
	go func() {
		c.carry(k)
		c.finish(k)
	}()
	return shown, nil
}

// callContinuing makes a call while its caller waits, and promises it when its time
// is over: what is under way then may go on, up to the longest that a call takes.
func (c *Calls) callContinuing(q Request) (*gateway.Call, error) {
	k := c.begin(q)
	if err := c.seat(k, c.Waited); err != nil {
		c.end(k)
		return nil, err
	}
	c.own(k)
	k.deadline = k.began.Add(directory.MaxTimeout)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.carry(k)
	}()
	if !c.overdue(k, done) {
		return c.inTime(k), nil
	}
	if c.reseat(k, c.Pending) != nil || c.pending.enter(k) != nil {
		k.cancel() // it has to end as any other does
		<-done
		return c.inTime(k), nil
	}
	if err := c.promise(k); err != nil {
		k.cancel()
		<-done
		c.pending.leave(k)
		c.end(k)
		return nil, err
	}
	shown := c.shown(k)
	go func() {
		<-done
		c.finish(k)
	}()
	return shown, nil
}

// overdue waits for the end of a call, or of the time that its caller has.
func (c *Calls) overdue(k *call, done <-chan struct{}) bool {
	timer := time.NewTimer(time.Until(k.began.Add(k.Webhook.Timeout)))
	defer timer.Stop()
	select {
	case <-done:
		return false
	case <-timer.C:
	}
	select {
	case <-done:
		return false
	default:
		return true
	}
}

// inTime concludes a call that might have gone on. One that was given up had no
// more time.
func (c *Calls) inTime(k *call) *gateway.Call {
	defer c.end(k)
	if k.left {
		k.fail(gateway.CallTimeout)
		c.guarded(k, func() { c.answer(k) })
	}
	c.conclude(k)
	return k.result
}

// promise stores a call before it is answered as pending.
func (c *Calls) promise(k *call) error {
	return c.Store.Commit(&gateway.Change{Pending: k.pendingCall(), Traces: traces(k.unfinished())})
}

func (k *call) pendingCall() *gateway.PendingCall {
	r := k.result
	return &gateway.PendingCall{
		ID: r.ID, Tenant: r.Tenant, Webhook: r.Webhook, Request: k.Body, WaitID: k.WaitID,
		Sent: k.Webhook != nil && !isIdempotent(k.Webhook.Method), CreatedAt: r.CreatedAt,
	}
}

// isIdempotent says whether a request may be made twice (RFC 9110, 9.2.2).
func isIdempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return true
	}
	return false
}

// unfinished is the call as it stands while somebody else works on its result.
func (k *call) unfinished() *gateway.Call {
	r := k.result
	return &gateway.Call{
		ID: r.ID, Tenant: r.Tenant, Webhook: r.Webhook, ConversationKey: k.Key, Outcome: gateway.CallPending,
		Duration: time.Since(k.began), Attempts: int(k.attempts.Load()), Context: k.Context, WaitID: k.WaitID, CreatedAt: r.CreatedAt,
	}
}

// shown is a pending call as its caller is told of it.
func (c *Calls) shown(k *call) *gateway.Call {
	r := k.unfinished()
	if r.WaitID != "" {
		r.Wait, _ = c.Waits.Get(r.Tenant, r.WaitID) // without it the answer still names the wait
	}
	return r
}

// storeRest is the pause before the store is asked again after it failed.
const storeRest = time.Second

// finish settles a promised call and gives its place back. One that was left stays
// promised.
func (c *Calls) finish(k *call) {
	if !k.left && !k.gone.Load() {
		c.guarded(k, func() { c.settle(k) })
	}
	c.pending.leave(k)
	c.end(k)
}

// settle stores the outcome of a promised call with its notice.
func (c *Calls) settle(k *call) {
	r := k.result
	notice := gateway.CallNotice(r, r.EndedAt)
	change := &gateway.Change{Notice: notice, Settled: k.pendingCall(), Traces: traces(r)}
	for pause := storeRest; ; pause = min(2*pause, 10*storeRest) {
		err := c.Store.Commit(change)
		if err == nil {
			break
		}
		if !background.Sleep(k.ctx, pause) {
			c.Log.Error("the outcome of a pending call was not written: the next start looks at it again", slog.String("tenant", r.Tenant),
				slog.String("webhook", r.Webhook), slog.String("call_id", r.ID), slog.Any("error", err))
			return
		}
	}
	d := &notice.Delivery
	c.Notify(gateway.LaneKey{Tenant: d.Tenant, Endpoint: d.Endpoint}, gateway.Due{
		ID: d.ID, At: d.NextAttemptAt, Conversation: gateway.ConversationHash(d.ConversationKey),
	})
	c.count(k)
}

// Drain takes no more calls that might outlast it, and waits for those under way.
// What is not settled when ctx ends stays promised in the store, as does at once
// what rests until after its deadline: the error says how many were cut off.
func (c *Calls) Drain(ctx context.Context) error {
	p := &c.pending
	p.mu.Lock()
	if !p.stopped {
		p.stopped = true
		p.last, _ = ctx.Deadline()
		close(p.draining)
	}
	p.mu.Unlock()
	defer p.cancel()
	left := 0
	background.Drain(ctx, &p.running, func() {
		p.mu.Lock()
		left = len(p.of)
		p.mu.Unlock()
		p.cancel()
	})
	if left == 0 {
		return nil
	}
	return fmt.Errorf("%d pending calls are left to the next start: %w", left, ctx.Err())
}
