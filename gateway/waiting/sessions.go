package waiting

import (
	"context"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/slots"
	"hookgate/gateway/store"
)

// Sessions keeps the waiting sessions of the slots that this process owns. Each of its
// parts has one job, and a lock of its own where it needs one.
type Sessions struct {
	options  Options
	rooms    *rooms    // what is open and parked, by tenant, and who has the turn
	names    *names    // which names are one conversation's
	rules    *rules    // of waits that have their own
	matcher  *matcher  // gives waits what was parked for them
	budget   *budget   // of open waits
	holds    *holds    // who looks on
	journal  *journal  // writes what was decided
	outcomes *outcomes // and tells of it
	history  *history  // of which recovery need not know
	expirer  *expirer  // keeps the deadlines
	owner    *slots.Owner

	freshening sync.Map // by gateway.OwnKey: names that are being written anew

	closing context.Context // ends what is done beside
	close   context.CancelFunc
	beside  sync.WaitGroup
}

// New makes Sessions, which own no slot: see Acquire.
func New(o Options) *Sessions {
	o = o.whole()
	rules := &rules{asked: o.Observer.RulesCache}
	s := &Sessions{options: o, rules: rules}
	s.closing, s.close = context.WithCancel(context.Background())
	s.owner = slots.New(mover{s})
	s.budget = &budget{places: o.Places, contexts: o.Contexts, parked: o.Parked, holder: o.Holder, above: o.Above}
	s.holds = &holds{of: map[string]hold{}}
	s.journal = &journal{ledger: o.Ledger, doubt: s.owner.Doubt}
	s.outcomes = &outcomes{withhold: o.Withhold, let: o.Let, noticed: o.Observer.Noticed}
	s.names = &names{ledger: o.Ledger, now: o.Now, freshen: s.freshen}
	s.history = &history{recovery: o.Recovery, now: o.Now}
	s.expirer = (&expirer{
		ledger: o.Ledger, journal: s.journal, outcomes: s.outcomes, holds: s.holds, history: s.history, steady: s.owner.Steady,
		lag: o.Observer.TimerLag, now: o.Now,
	}).ready()
	s.matcher = &matcher{ledger: o.Ledger, rules: rules, outcomes: s.outcomes, source: o.Source, now: o.Now}
	s.rooms = newRooms(&house{expirer: s.expirer, holds: s.holds, budget: s.budget, observer: &s.options.Observer})
	return s
}

// Close stops the timer, and returns when it has stopped.
func (s *Sessions) Close() {
	s.Drain()
	s.close()
	s.owner.Close()
	s.beside.Wait()
	s.expirer.stop()
	s.rules.close()
}

// Drain sends those who watch away, and lets nobody watch any more: their waits
// stay open in the store.
func (s *Sessions) Drain() { s.holds.drain() }

// Holders counts those who look on until a wait has ended; 0 of one that has, or is none.
func (s *Sessions) Holders(id string) int { return s.holds.count(id) }

// Forget drops everything of a tenant that is no more, from memory. When it returns,
// nothing of it is being stored any more.
func (s *Sessions) Forget(tenant string) {
	s.owner.Between(func() {
		if r := s.rooms.remove(tenant); r != nil {
			r.clear(s.options.Now())
			r.rest()
		}
	})
}

// Get gives a wait as it stands.
func (s *Sessions) Get(tenant, id string) (*gateway.Wait, error) {
	e, w, err := s.find(background, tenant, id)
	if e != nil {
		return e.now(), nil
	}
	return w, err
}

// find gives a wait that is open, or else as the store has it. One that the store has
// as waiting and that is not open here is just being opened, for the slot is owned:
// whoever opens it has the turn, and when that is over it is open, or has ended.
func (s *Sessions) find(ctx context.Context, tenant, id string) (*session, *gateway.Wait, error) {
	if !gateway.IsID(gateway.PrefixWait, id) {
		return nil, nil, errNoWait
	}
	r, err := s.rooms.get(tenant)
	if err != nil {
		return nil, nil, err
	}
	if e, err := r.find(id); e != nil || err != nil {
		return e, nil, err
	}
	w, err := s.options.Ledger.Wait(tenant, id)
	if err != nil || w.State != gateway.StateWaiting {
		return nil, w, err
	}
	t := &turn{}
	if err := r.acquire(ctx, t, []name{{w.Source, w.ConversationKey}}, nil); err != nil {
		return nil, nil, err
	}
	defer r.release(t)
	if e, err := r.find(id); e != nil || err != nil {
		return e, nil, err
	}
	w, err = s.options.Ledger.Wait(tenant, id)
	return nil, w, err
}

// List visits a tenant's waits, newest first: see Archive.Waits. One that is open
// here is shown so, although the store may know of its end already: who asks for
// it next must not find it further back.
func (s *Sessions) List(q store.Query, visit func(*gateway.Wait) (more bool)) (next string, err error) {
	r, err := s.rooms.get(q.Tenant)
	if err != nil {
		return "", err
	}
	return s.options.Archive.Waits(q, func(w *gateway.Wait) bool {
		if e, _ := r.find(w.ID); e != nil {
			w = e.now()
		}
		return !q.Wait(w) || visit(w)
	})
}

// Timeline gives the lines that are asked for of the conversation that has key, by any
// of its names, the newest first.
func (s *Sessions) Timeline(key string, q store.Timeline) (_ []gateway.Trace, err error) {
	if _, err := s.rooms.get(q.Tenant); err != nil {
		return nil, err
	}
	if q.Names, err = s.names.of(q.Tenant, key); err != nil {
		return nil, err
	}
	return s.options.Archive.Traces(q)
}

var errNoWait = gateway.Errorf(gateway.CodeNotFound, "no such wait")

// errGone ends what was begun for a tenant that has been deleted meanwhile.
var errGone = gateway.Errorf(gateway.CodeNotFound, "no such tenant")

// errMoved ends what was begun, and refuses what would begin, for a tenant of a slot that
// is not owned.
var errMoved = gateway.Moved("what happens to the tenant's waits is decided elsewhere now, or read anew: ask again")

var errDraining = &gateway.Error{
	Code: gateway.CodeDraining, Message: "this process is stopping; the wait stays open, ask again", RetryAfter: time.Second,
}

// background is for turns that nobody gives up waiting for.
var background = context.Background()
