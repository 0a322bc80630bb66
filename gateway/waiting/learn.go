package waiting

import (
	"context"
	"slices"

	"hookgate/gateway"
)

// Learn gives what a publish is to store of the names that its events tell, all of
// them together: the names of each conversation that gets others, and the waits
// that end because what was parked under one name of theirs now meets them. Nothing
// of it is true before it is stored, in one commit with the events. done, which is
// nil where there is nothing to learn, is called then: it is told how the
// commit went, tells the registry what was stored, and gives the turns back.
//
// Events of several tenants take the turns of one tenant after the other, always in
// the order of their ids: no two publishes wait for each other.
func (s *Sessions) Learn(ctx context.Context, heard []gateway.Naming) (changes []*gateway.Change, done func(error), err error) {
	var taken []*learning
	done = func(failed error) {
		for _, l := range slices.Backward(taken) {
			l.end(failed)
		}
	}
	for tenant, lessons := range eachTenant(heard) {
		l, err := s.learn(ctx, tenant, lessons)
		if l != nil {
			taken = append(taken, l)
		}
		if err != nil {
			done(errNothing)
			return nil, nil, err
		}
	}
	for _, l := range taken {
		changes = append(changes, l.changes...)
	}
	if len(taken) == 0 {
		done = nil
	}
	return changes, done, nil
}

// errNothing says that nothing was committed.
var errNothing error = gateway.Unavailable("nothing was stored", 0)

// learn finds what is to be stored of the names of one tenant; nil where it is known.
func (s *Sessions) learn(ctx context.Context, tenant string, lessons []lesson) (*learning, error) {
	if !s.rooms.serves(tenant) {
		return nil, errMoved
	}
	if known, err := s.names.know(tenant, lessons); known || err != nil {
		return nil, err
	}
	l, err := s.lessonOf(ctx, tenant, lessons, nil)
	if err != nil {
		return nil, err
	}
	return l, l.conclude()
}

// eachTenant goes through the lessons of each tenant, in the order of their ids.
func eachTenant(heard []gateway.Naming) func(yield func(string, []lesson) bool) {
	of := map[string][]lesson{}
	for _, h := range heard {
		of[h.Tenant] = append(of[h.Tenant], lesson{key: h.Key, others: h.Others, own: true})
	}
	tenants := make([]string, 0, len(of))
	for tenant := range of {
		tenants = append(tenants, tenant)
	}
	slices.Sort(tenants)
	return func(yield func(string, []lesson) bool) {
		for _, tenant := range tenants {
			if !yield(tenant, of[tenant]) {
				return
			}
		}
	}
}

// learning is the turn on all names of some conversations of one tenant, at every
// source, and what is to be stored of them.
type learning struct {
	sessions *Sessions
	room     *room
	turn     turn
	all      *conversations
	meetings []meeting
	changes  []*gateway.Change
}

// lessonOf takes the turn on all names of the conversations that the lessons are
// about, and on mark (nil: none). Which those are may change until it has the turn:
// then it looks again.
func (s *Sessions) lessonOf(ctx context.Context, tenant string, lessons []lesson, mark *gateway.MarkKey) (*learning, error) {
	r, err := s.rooms.get(tenant)
	if err != nil {
		return nil, err
	}
	l := &learning{sessions: s, room: r}
	before, err := s.names.learned(tenant, lessons)
	for err == nil {
		if err = r.acquireAll(ctx, &l.turn, before.keys(), mark); err != nil {
			break
		}
		if l.all, err = s.names.learned(tenant, lessons); err == nil && l.all.within(l.turn.keys) {
			return l, nil
		}
		r.release(&l.turn)
		l.turn, before = turn{}, l.all
	}
	return nil, err
}

// conclude finds what is to be stored: names that change, and what meets by them.
func (l *learning) conclude() error {
	for _, c := range l.all.list {
		if c.merged || !c.changed {
			continue
		}
		l.changes = append(l.changes, &gateway.Change{Names: c.names(l.all.tenant, l.sessions.options.Now())})
		if err := l.meet(c.all); err != nil {
			return err
		}
	}
	return nil
}

func (l *learning) meet(names []string) error {
	found, err := l.sessions.matcher.meet(l.room, names)
	for _, m := range found {
		l.changes = append(l.changes, m.change)
	}
	l.meetings = append(l.meetings, found...)
	return err
}

// end hears how the commit went, tells the registry what was stored, and gives the turn
// back.
func (l *learning) end(failed error) {
	switch {
	case len(l.changes) == 0:
	case failed == nil:
		l.room.renamed() // before the turn is given back: who waits for it must look again
		for _, m := range l.meetings {
			l.room.met(m)
			l.sessions.outcomes.wake(m.change)
		}
	default:
		l.sessions.journal.failed(l.room.tenant, failed)
	}
	l.room.release(&l.turn)
}
