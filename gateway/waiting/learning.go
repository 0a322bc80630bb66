package waiting

import (
	"context"

	"hookgate/gateway"
)

// learning is the turn on all names of some conversations of one tenant, at every
// source, and what is to be stored of them.
type learning struct {
	sessions *Sessions
	room     *room
	turn     turn
	all      *conversations
	busy     []meeting // what its caller ends, or takes, itself
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
	before, err := s.around(r, lessons)
	for err == nil {
		if err = r.acquireAll(ctx, &l.turn, before.keys(), mark); err != nil {
			break
		}
		if l.all, err = s.around(r, lessons); err == nil && l.all.within(l.turn.keys) {
			return l, nil
		}
		r.release(&l.turn)
		l.turn, before = turn{}, l.all
	}
	return nil, err
}

// maxAround is how many names one learning looks at for the sake of what is parked: what
// a callback tells beyond them is not learned.
const maxAround = 256

// around gives the conversations that lessons are about, and those of the names that
// callbacks tell which are parked for them: they are learned too, when these are taken.
func (s *Sessions) around(r *room, lessons []lesson) (*conversations, error) {
	all, err := s.names.learned(r.tenant, lessons)
	for grows := err == nil; grows; {
		grows = false
		for _, name := range r.parking.aliases(all.byName) {
			if all.byName[name] != nil || len(all.byName) >= maxAround {
				continue
			}
			if _, err = all.of(name); err != nil {
				return nil, err
			}
			grows = true
		}
	}
	return all, err
}

// teach adds what a callback tells that is taken now. Of names on which there is no turn
// nothing is learned.
func (l *learning) teach(key string, aliases []string) error {
	q := lesson{key: key, told: true}
	for _, name := range aliases {
		if l.all.byName[name] != nil {
			q.others = append(q.others, name)
		}
	}
	if q.others == nil || l.all.byName[key] == nil {
		return nil
	}
	return l.all.learn([]lesson{q})
}

// conclude finds what is to be stored: names that change, and what meets by them, which
// may tell more names.
func (l *learning) conclude() error {
	for again := true; again; {
		again = false
		for _, c := range l.all.list {
			if c.merged || !c.news {
				continue
			}
			c.news, again = false, true
			if err := l.meet(c.all); err != nil {
				return err
			}
		}
	}
	for _, c := range l.all.list {
		if !c.merged && c.changed {
			l.changes = append(l.changes, &gateway.Change{Names: c.names(l.all.tenant, l.sessions.options.Now())})
		}
	}
	return nil
}

func (l *learning) meet(names []string) error {
	before := append(l.busy[:len(l.busy):len(l.busy)], l.meetings...)
	found, err := l.sessions.matcher.meet(l.room, names, before)
	for _, m := range found {
		l.changes = append(l.changes, m.change)
		if err == nil {
			err = l.teach(m.early.name.key, m.early.aliases)
		}
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
