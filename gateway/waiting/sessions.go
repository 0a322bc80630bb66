package waiting

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
	"hookgate/gateway/shares"
	"hookgate/gateway/store"
)

// Observer is told what happens, for metrics. Its methods must return at once.
type Observer interface {
	WaitOpened(tenant string)
	// WaitEnded: a wait that was registered as open has ended after so long.
	WaitEnded(tenant, source string, state gateway.WaitState, after time.Duration)
	// WaitTaken: a wait ended in the moment it was opened, by a parked callback.
	WaitTaken(tenant, source string)
	TimerLag(time.Duration)
	ParkedChanged(tenant string, delta int)
	RulesCache(hit bool)
}

// Options are what Sessions needs and how much it may hold.
type Options struct {
	Store    Store
	Observer Observer
	// Source gives a source as it now stands; nil when it is no more.
	Source func(tenant, source string) *directory.Source
	// Notify is called after a notice is durable: its lane may have been asleep.
	Notify func(gateway.LaneKey, gateway.Due)
	// Now is the clock of all that is stored, which must be the store's and must not
	// leap; nil: time.Now.
	Now func() time.Time
	// Withhold keeps a delivery from being sent, from before it is stored, until Let.
	// nil: nothing is kept back.
	Withhold, Let func(lane gateway.LaneKey, delivery string)
	// Places is the budget of open waits, in number, and Contexts that of the contexts
	// that they keep in memory, in bytes (SPEC 16); nil: no bound.
	Places, Contexts *shares.Budget
	// Above gives the tenants above one, whose limits bind it too; nil: there are none.
	Above func(*directory.Tenant) []*directory.Tenant
	// Holder says who has what an open wait of a tenant takes of them; nil: the
	// tenant by itself.
	Holder func(tenant string) shares.Holder
}

// Sessions keeps the waiting sessions of one machine.
type Sessions struct {
	Options
	expirer  *expirer
	rules    *ristretto.Cache[string, *mapping.Program]
	draining atomic.Bool

	closing    context.Context // ends what is done beside
	close      context.CancelFunc
	beside     sync.WaitGroup
	answering  atomic.Int64
	answerings sync.Map // by the id of a wait: see unanswered
	freshening sync.Map // by gateway.OwnKey: names that are being written anew

	released atomic.Int64 // Unix milliseconds given to Store.ReleaseBefore last

	mu    sync.RWMutex
	rooms map[string]*room // by tenant
}

// New makes Sessions; Recover must be called before anything else.
func New(o Options) (*Sessions, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Above == nil {
		o.Above = func(*directory.Tenant) []*directory.Tenant { return nil }
	}
	if o.Places == nil { // they are counted all the same: see limited
		o.Places = shares.New(1 << 60)
	}
	if o.Holder == nil {
		o.Holder = func(tenant string) shares.Holder { return shares.Tenant(tenant) }
	}
	rules, err := ristretto.NewCache(&ristretto.Config[string, *mapping.Program]{
		NumCounters: 10 * maxRules, MaxCost: maxRulesBytes, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		return nil, err
	}
	s := &Sessions{Options: o, rules: rules, rooms: map[string]*room{}}
	s.expirer = newExpirer(s)
	s.closing, s.close = context.WithCancel(context.Background())
	return s, nil
}

// Close stops the timer, and returns when it has stopped.
func (s *Sessions) Close() {
	s.Drain()
	s.close()
	s.beside.Wait()
	s.expirer.stop()
	s.rules.Close()
}

// Forget drops everything of a tenant that is no more, from memory. When it returns,
// nothing of it is being stored any more.
func (s *Sessions) Forget(tenant string) {
	s.mu.Lock()
	r := s.rooms[tenant]
	delete(s.rooms, tenant)
	s.mu.Unlock()
	if r != nil {
		r.clear(s)
		r.rest()
	}
}

func (s *Sessions) room(tenant string) *room {
	s.mu.RLock()
	r := s.rooms[tenant]
	s.mu.RUnlock()
	if r != nil {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r = s.rooms[tenant]; r == nil {
		r = newRoom(tenant)
		s.rooms[tenant] = r
	}
	return r
}

// Get gives a wait as it stands.
func (s *Sessions) Get(tenant, id string) (*gateway.Wait, error) {
	e, w, err := s.find(background, tenant, id)
	if e != nil {
		return e.wait, nil
	}
	return w, err
}

// find gives a wait that is open here, or else as the store has it. One that the
// store has as waiting and that is not open here is just being opened: whoever
// opens it has the turn, and when that is over it is open, or has ended.
func (s *Sessions) find(ctx context.Context, tenant, id string) (*session, *gateway.Wait, error) {
	if !gateway.IsID(gateway.PrefixWait, id) {
		return nil, nil, errNoWait
	}
	r := s.room(tenant)
	if e := r.byID(id); e != nil {
		return e, nil, nil
	}
	w, err := s.Store.Wait(tenant, id)
	if err != nil || w.State != gateway.StateWaiting {
		return nil, w, err
	}
	t := &turn{}
	if err := r.acquire(ctx, t, []name{{w.Source, w.ConversationKey}}, nil); err != nil {
		return nil, nil, err
	}
	defer r.release(s, t)
	if e := r.byID(id); e != nil {
		return e, nil, nil
	}
	w, err = s.Store.Wait(tenant, id)
	return nil, w, err
}

// List visits waits, newest first: see Store.Waits. One that is open
// here is shown so, although the store may know of its end already: who asks for
// it next must not find it further back.
func (s *Sessions) List(q store.Query, visit func(*gateway.Wait) (more bool)) (next string, err error) {
	r := s.room(q.Tenant)
	return s.Store.Waits(q, func(w *gateway.Wait) bool {
		if e := r.byID(w.ID); e != nil {
			w = e.wait
		}
		return !q.Wait(w) || visit(w)
	})
}

var errNoWait = gateway.Errorf(gateway.CodeNotFound, "no such wait")

// commit makes changes durable.
func (s *Sessions) commit(changes ...*gateway.Change) error { return s.Store.Commit(changes...) }

// wake wakes the lanes of the notices that were committed: when the registry knows
// of the change too, for who is told of an outcome may ask for it at once.
func (s *Sessions) wake(changes ...*gateway.Change) {
	for _, c := range changes {
		n := c.Notice
		if n == nil {
			continue
		}
		due := gateway.Due{ID: n.Delivery.ID, At: n.Delivery.NextAttemptAt}
		if c.Wait != nil {
			if a := s.answeringOf(c.Wait.ID); a != nil && a.put(due) {
				continue
			}
		}
		s.Notify(gateway.LaneKey{Tenant: n.Delivery.Tenant, Endpoint: n.Delivery.Endpoint}, due)
	}
}

// errGone ends what was begun for a tenant that has been deleted meanwhile.
var errGone = gateway.Errorf(gateway.CodeNotFound, "no such tenant")

var errDraining = &gateway.Error{
	Code: gateway.CodeDraining, Message: "this process is stopping; the wait stays open, ask again", RetryAfter: time.Second,
}

// background is for turns that nobody gives up waiting for.
var background = context.Background()
