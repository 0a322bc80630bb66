package outbound

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/shares"
	"hookgate/retry/breaker"
)

// Lanes carries deliveries. It is safe for concurrent use.
type Lanes struct {
	options Options
	queue   Queue
	log     *slog.Logger
	agent   string          // the User-Agent
	ctx     context.Context // ends attempts that a drain has no time for
	cancel  context.CancelFunc
	running sync.WaitGroup // every goroutine of ours

	haste   haste
	writing sync.Mutex // of statuses: the last one written is the newest
	byHand  sync.Mutex // retry, cancel, replay: an ended delivery changes by them alone

	mu      sync.Mutex
	ended   *sync.Cond // an attempt has landed, or may be cancelled again; a lane was primed
	stopped bool
	lanes   map[gateway.LaneKey]*lane
	tenants map[string]*tenant
	turn    fifo[*tenant] // that have something to send, in the order of their turns
	active  int           // tenants
	flying  int           // attempts
	workers int           // goroutines that carry attempts, or look for one
	sleep   sleepers
	read    []*lane // whose windows are to be filled from the store
	readers int
}

// New makes lanes that stand still until Start.
func New(o Options) *Lanes {
	if o.Limit <= 0 {
		o.Limit = DefaultLimit
	}
	if o.Window <= 0 {
		o.Window = DefaultWindow
	}
	if o.Observe == nil {
		o.Observe = func(gateway.LaneKey) Observer { return Observer{} }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Holder == nil {
		o.Holder = func(tenant string) shares.Holder { return shares.Tenant(tenant) }
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	l := &Lanes{
		options: o, queue: o.Queue, log: o.Logger, agent: "hookgate/" + o.Version,
		lanes: make(map[gateway.LaneKey]*lane), tenants: make(map[string]*tenant),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.sleep.wake, l.sleep.now = l.wakeSleepers, l.now
	l.ended = sync.NewCond(&l.mu)
	return l
}

// now is the moment on the clock of deliveries.
func (l *Lanes) now() time.Time { return l.options.Now() }

// Start finds what former processes left unfinished. It returns when every lane
// is known; their windows fill in the background.
func (l *Lanes) Start() error {
	keys, err := l.queue.Lanes(gateway.AllSlots())
	if err != nil {
		return fmt.Errorf("finding unfinished deliveries: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		n := l.lane(key)
		n.known, n.window.more = true, true
		l.place(n, l.now())
	}
	if len(keys) > 0 {
		l.running.Go(func() { l.count(keys) })
	}
	return nil
}

// Wake tells of a delivery that is durable. It never waits for the store.
func (l *Lanes) Wake(key gateway.LaneKey, due gateway.Due) { l.WakeMany(key, []gateway.Due{due}) }

// WakeMany tells of several deliveries of one lane, in the order of their ids.
func (l *Lanes) WakeMany(key gateway.LaneKey, dues []gateway.Due) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.lane(key)
	for _, due := range dues {
		due.At = due.At.Round(0)
		n.depth++
		n.window.add(due, true)
	}
	l.place(n, l.now())
	l.hire()
}

// Refresh tells that targets of a tenant, or of all for "", may have changed:
// lanes that had none, or none that may be sent to, are tried again.
func (l *Lanes) Refresh(tenant string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for key, n := range l.lanes {
		if tenant == "" || key.Tenant == tenant {
			n.parked = false
			l.place(n, now)
		}
	}
	l.hire()
}

// Drain takes up nothing new and waits for the attempts under way. Those that
// are not done when ctx ends are given up, and repeated after the next start;
// the error tells how many.
func (l *Lanes) Drain(ctx context.Context) error {
	l.mu.Lock()
	l.stopped = true
	l.sleep.stop()
	l.mu.Unlock()
	defer l.cancel()
	left := 0
	background.Drain(ctx, &l.running, func() {
		l.mu.Lock()
		left = l.flying
		l.mu.Unlock()
		l.cancel()
	})
	if left == 0 {
		return nil
	}
	return fmt.Errorf("%d deliveries were given up while they were sent: %w", left, ctx.Err())
}

// lane gives the lane of a key, made when it is new.
func (l *Lanes) lane(key gateway.LaneKey) *lane {
	if n := l.lanes[key]; n != nil {
		return n
	}
	t := l.tenants[key.Tenant]
	if t == nil {
		t = &tenant{}
		l.tenants[key.Tenant] = t
	}
	n := &lane{
		key: key, tenant: t, watched: l.options.Observe(key), concurrency: DefaultConcurrency, asleep: -1,
		flying: make(map[string]*attempt),
	}
	n.window = granted(l.options.Window, &grant{
		budget: l.options.Windows, who: func() shares.Holder { return l.options.Holder(key.Tenant) },
	})
	l.lanes[key] = n
	return n
}

// changed tells of a change of a lane's breaker, with the lock held.
func (l *Lanes) changed(n *lane, circuit int) func(breaker.State, time.Time) {
	return func(s breaker.State, until time.Time) {
		if n.gone || n.circuits != circuit {
			return
		}
		n.watched.breaker(s)
		switch s {
		case breaker.Open:
			n.status.OpenUntil, n.dirty = l.now().Add(time.Until(until)).Round(0), true
			n.status.Trips++
		case breaker.Closed:
			n.status.OpenUntil, n.status.Trips, n.dirty = time.Time{}, 0, true
		}
		args := []any{"tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "state", s.String()}
		if s == breaker.Open {
			args = append(args, "until", gateway.At(n.status.OpenUntil).Format(gateway.TimeFormat))
		}
		l.log.Info("circuit breaker changed", args...)
	}
}

// place puts a lane where it belongs: in the turn, asleep, or nowhere when it is
// an attempt's end, a target or the store that it waits for. It is called after
// each change that may matter.
func (l *Lanes) place(n *lane, now time.Time) {
	if l.stopped || n.queued || n.gone {
		return
	}
	n.window.rest()
	if !n.primed || n.window.low() {
		l.fill(n)
	}
	at, ok := n.wanted(now)
	switch {
	case !ok:
		l.sleep.remove(n)
	case at.After(now):
		l.sleep.until(n, at)
	default:
		l.sleep.remove(n)
		l.enqueue(n)
	}
}

// wanted is when the lane should have its turn; false: something else must happen
// first.
func (n *lane) wanted(now time.Time) (at time.Time, ok bool) {
	if !n.primed || n.parked {
		return at, false
	}
	if n.target != nil && n.proof.missing(n.target, &n.status) {
		return n.proof.at, !n.proof.under
	}
	if n.waits() {
		return at, false
	}
	if at, ok = n.soonest(now); ok && n.rest.After(at) {
		at = n.rest
	}
	return at, ok
}

// wakeSleepers is called when the first of them is due.
func (l *Lanes) wakeSleepers() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return
	}
	now := l.now()
	for _, n := range l.sleep.due(now) {
		l.place(n, now)
	}
	l.hire()
}
