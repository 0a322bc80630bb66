package outbound

import (
	"context"

	"hookgate/gateway"
	"hookgate/gateway/slots"
)

// Lanes carries the deliveries of the slots that it owns, and is steered by hand. It is
// safe for concurrent use.
type Lanes struct {
	*Steering
	*Pulling
	owner *slots.Owner
}

// New makes Lanes that own no slot: they stand still until Acquire.
func New(o Options) *Lanes {
	options := o.withDefaults()
	agent := "hookgate/" + o.Version
	s := newSchedule(options)
	st := newStatuses(o.Statuses, options.Logger)
	p := &prover{sender: o.Sender, statuses: st, now: s.now, log: options.Logger, agent: agent}
	c := &carrier{options: options, backlog: o.Backlog, archive: o.Archive, log: options.Logger, agent: agent, schedule: s, statuses: st, prover: p}
	s.carry = c.carry
	l := &Lanes{
		Steering: &Steering{options: options, backlog: o.Backlog, archive: o.Archive, schedule: s, statuses: st, carrier: c, prover: p},
		Pulling:  &Pulling{c},
	}
	l.owner = slots.New(mover{l})
	return l
}

// Acquire takes slots over: it finds what former owners left unfinished, and returns
// when every lane is known. Of a slot, Acquire and Release come one after the other,
// with whoever else owns it.
func (l *Lanes) Acquire(slots gateway.SlotSet) error { return l.owner.Acquire(slots) }

// Calm lets no attempt of the lanes of slots begin, and waits for those under way, for a bounded
// time; who pulls, acknowledges or steers by hand is answered as ever, until Release, which then
// takes no time. A hanging attempt of one endpoint must not keep the consumers of another waiting
// whose slot leaves with it.
func (l *Lanes) Calm(slots gateway.SlotSet) {
	for _, n := range calmLanes(l.schedule, slots) {
		l.statuses.calm(n) // where the database is slow that takes a second, in which nobody must wait for the slot
	}
}

// Release gives slots away: nothing more of them is taken up. It waits for the attempts
// under way; those that take too long are given up, to be made again by the next
// owner. When it returns all that is known of the slots' lanes is in the store, and
// nothing more will be written.
func (l *Lanes) Release(slots gateway.SlotSet) { l.owner.Release(slots) }

// Doubt is of slots of which nobody knows what the store has: their lanes stop, and are
// read anew. It returns at once.
func (l *Lanes) Doubt(slots gateway.SlotSet) { l.owner.DoubtAll(slots) }

// mover is what Lanes do as their slots move: a slots.Part.
type mover struct{ *Lanes }

// Stop lets lanes take up nothing new.
func (m mover) Stop(slots gateway.SlotSet) {
	s := m.schedule
	s.mu.Lock()
	defer s.mu.Unlock()
	for slot := range slots.All() {
		s.slots.Remove(slot)
		s.coming.Remove(slot)
		s.calm.Remove(slot)
	}
	for _, n := range s.lanes {
		if slots.Has(n.slot) && !n.leaving {
			n.leaving = true
			s.sleep.remove(n)
			s.loans.dismiss(n, errElsewhere)
		}
	}
}

// Forget waits until nothing of lanes that were stopped is written any more, and drops
// them.
func (m mover) Forget(slots gateway.SlotSet) {
	left := m.schedule.leave(slots)
	m.awaitDrops()
	for _, n := range left {
		m.statuses.leave(n)
	}
	m.schedule.forgetLeft(left)
}

// Read finds the lanes.
func (m mover) Read(slots gateway.SlotSet) error {
	err := m.schedule.acquire(slots)
	if err != nil {
		m.Stop(slots)
		m.Forget(slots)
	}
	return err
}

// Compare finds deliveries that another process has made and of which it could not tell.
func (l *Lanes) Compare() error { return compareLanes(l.schedule) }

// Look has lanes that keep an order take what another process has put into their windows, and of
// which nobody told them. It waits for nothing.
func (l *Lanes) Look() {
	s := l.schedule
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.comings.some {
		s.comings.ask()
	}
}

// Owned gives the slots that are owned.
func (l *Lanes) Owned() gateway.SlotSet { return owned(l.schedule) }

// Wake tells of a delivery that is durable. It never waits for the store. The lanes of
// slots that are another's are not woken here.
func (l *Lanes) Wake(key gateway.LaneKey, due gateway.Due) { l.WakeMany(key, []gateway.Due{due}) }

// WakeMany tells of several deliveries of one lane, in the order of their ids.
func (l *Lanes) WakeMany(key gateway.LaneKey, dues []gateway.Due) { l.schedule.wake(key, dues) }

// Withhold keeps a delivery that will be stored from being sent until Let, also where
// the lane comes upon it in the store. It is for who has an answer to give before.
func (l *Lanes) Withhold(key gateway.LaneKey, id string) { l.schedule.withhold(key, id) }

// Let ends Withhold. If the delivery was stored, Wake is called after it.
func (l *Lanes) Let(key gateway.LaneKey, id string) { l.schedule.let(key, id) }

// LetGo ends Options.Held. The lanes stand in their turns.
func (l *Lanes) LetGo() {
	s := l.schedule
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
	for _, n := range s.lanes {
		if n.pulled() {
			s.place(n, s.now())
		}
	}
	s.hire()
}

// Refresh tells that targets of a tenant, or of all for "", may have changed:
// lanes that had none, or none that may be sent to, are tried again.
func (l *Lanes) Refresh(tenant string) { l.schedule.refresh(tenant) }

// Forget drops what memory holds of a tenant that was deleted.
func (l *Lanes) Forget(tenant string) { l.schedule.forgetTenant(tenant) }

// Stats shows every lane to visit, which must not call the lanes.
func (l *Lanes) Stats(visit func(Stat)) { l.schedule.stats(visit) }

// Drain takes up nothing new and waits for the attempts under way. Those that
// are not done when ctx ends are given up, and repeated after the next start;
// the error tells how many.
func (l *Lanes) Drain(ctx context.Context) error {
	l.owner.Close()
	return l.schedule.drain(ctx)
}
