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
)

// schedule owns the lanes of its slots, and says whose turn it is: a lane stands in
// the turn of its tenant, or sleeps until something is due, or waits for what must
// happen first.
type schedule struct {
	options *Options
	log     *slog.Logger
	carry   func(*attempt)  // takes an attempt to its end; it is given back by land
	ctx     context.Context // ends attempts that a drain has no time for
	cancel  context.CancelFunc
	running sync.WaitGroup // every goroutine of ours

	mu      sync.Mutex // guards all that follows, and what is in the lanes
	ended   *sync.Cond // an attempt has landed, or may be cancelled again; a lane was primed, or let go
	hired   *sync.Cond // a spare worker is
	stopped bool
	held    bool            // nothing is sent: see Options.Held
	away    bool            // nobody pulls any more: see Lanes.Dismiss
	slots   gateway.SlotSet // whose lanes are here
	coming  gateway.SlotSet // of those: what former owners left is not known yet
	calm    gateway.SlotSet // of those: no attempt begins
	lanes   map[gateway.LaneKey]*lane
	tenants map[string]*tenant
	trees   map[string]*tree
	turn    fifo[*tree] // that have something to send, in the order of their turns
	active  int         // trees
	flying  int         // attempts
	workers int         // goroutines that carry attempts, or look for one
	spare   int         // and those that wait until they are hired
	crowd   crowd
	sleep   sleepers
	reading reading
	loans   loans
	holds   holds
	comings comings
}

func newSchedule(o *Options) *schedule {
	s := &schedule{
		options: o, log: o.Logger, held: o.Held, lanes: make(map[gateway.LaneKey]*lane), tenants: make(map[string]*tenant), trees: make(map[string]*tree),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.sleep.wake, s.sleep.now = s.wakeSleepers, s.now
	s.ended, s.hired = sync.NewCond(&s.mu), sync.NewCond(&s.mu)
	s.reading.schedule, s.loans.schedule = s, s
	s.holds = holds{s, o.Backlog, o.Logger}
	s.comings.schedule = s
	return s
}

// now is the moment on the clock of deliveries.
func (s *schedule) now() time.Time { return s.options.Now() }

// wake tells of deliveries of one lane that are durable. Who owns the lane's slot next
// finds in the store what is not taken here. A lane that keeps an order takes from the store
// what came, and in its place: of what came before nobody may have told.
func (s *schedule) wake(key gateway.LaneKey, dues []gateway.Due) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.lane(key)
	if n == nil {
		return
	}
	follows := s.comings.follow(n)
	for _, due := range dues {
		n.depth++
		if follows && due.Conversation != 0 {
			s.comings.ask()
			continue
		}
		due.At = due.At.Round(0)
		n.window.add(due, true)
	}
	s.place(n, s.now())
	s.hire()
}

// refresh tells that targets of a tenant, or of all for "", may have changed.
func (s *schedule) refresh(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if t := s.tenants[tenant]; t != nil {
		for _, n := range t.all {
			s.renew(n, now)
		}
	} else if tenant == "" {
		for _, n := range s.lanes {
			s.renew(n, now)
		}
	}
	s.hire()
}

// renew tells of one lane what refresh tells.
func (s *schedule) renew(n *lane, now time.Time) {
	n.parked = false
	if n.pulled() {
		n.target = nil // it may be sent from now
	}
	s.place(n, now)
}

// drain takes up nothing new and waits for the attempts under way.
func (s *schedule) drain(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	s.ended.Broadcast() // who waits for what came
	s.hired.Broadcast()
	s.sleep.stop()
	s.mu.Unlock()
	defer s.cancel()
	left := 0
	background.Drain(ctx, &s.running, func() {
		s.mu.Lock()
		left = s.flying
		s.mu.Unlock()
		s.cancel()
	})
	if left == 0 {
		return nil
	}
	return fmt.Errorf("%d deliveries were given up while they were sent: %w", left, ctx.Err())
}

// lane gives the lane of a key, made when it is new; nil where another owns its slot.
func (s *schedule) lane(key gateway.LaneKey) *lane {
	if n := s.lanes[key]; n != nil {
		if n.leaving {
			return nil
		}
		return n
	}
	slot := key.Slot()
	if !s.slots.Has(slot) {
		return nil
	}
	t := s.tenants[key.Tenant]
	if t == nil {
		t = &tenant{tree: treeOf(s, key.Tenant)}
		s.tenants[key.Tenant] = t
	}
	n := &lane{
		key: key, tenant: t, watched: s.options.Observe(key), concurrency: DefaultConcurrency, asleep: -1,
		flying: make(map[string]*attempt), slot: slot, known: s.coming.Has(slot),
	}
	n.ctx, n.giveUp = context.WithCancel(s.ctx)
	n.window = granted(s.options.Window, &grant{
		budget: s.options.Windows, who: func() shares.Holder { return s.options.Holder(key.Tenant) },
	})
	n.window.more = n.known
	s.lanes[key] = n
	n.among = len(t.all)
	t.all = append(t.all, n)
	return n
}

// treeOf gives the tree that a tenant has come to, for as long as it is known.
func treeOf(s *schedule, tenant string) *tree {
	name := s.options.Holder(tenant).Outermost()
	g := s.trees[name]
	if g == nil {
		g = &tree{name: name}
		s.trees[name] = g
	}
	g.members++
	return g
}

// place puts a lane where it belongs: in the turn, asleep, or nowhere when it is
// an attempt's end, a target or the store that it waits for. It is called after
// each change that may matter.
func (s *schedule) place(n *lane, now time.Time) {
	if s.stopped || n.queued || n.gone || n.leaving {
		return
	}
	n.window.rest()
	if s.calm.Has(n.slot) && !n.pulled() {
		s.sleep.remove(n)
		return
	}
	if !n.primed || n.window.low() {
		s.reading.fill(n)
	}
	at, ok := n.wanted(now)
	if n.pulled() {
		if called, is := s.loans.call(n, now); is && (!ok || called.Before(at)) {
			at, ok = called, true
		}
	}
	switch {
	case !ok:
		s.sleep.remove(n)
	case at.After(now):
		s.sleep.until(n, at)
	default:
		s.sleep.remove(n)
		s.enqueue(n)
	}
}

// wakeSleepers is called when the first of them is due.
func (s *schedule) wakeSleepers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	now := s.now()
	for _, n := range s.sleep.due(now) {
		s.place(n, now)
	}
	s.hire()
}
