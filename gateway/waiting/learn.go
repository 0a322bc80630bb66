package waiting

import (
	"context"
	"slices"
	"strings"

	"hookgate/gateway"
)

// Learn gives what a publish is to store of the names that its events tell, all of
// them together: the names of each conversation that gets others, and the waits
// that end because what was parked under one name of theirs now meets them. Nothing
// of it is true before it is stored, in one commit with the events. done, which is
// nil where there is nothing to learn, is called then: it tells the registry, or
// nothing if that was not stored, and gives the turns back.
//
// Events of several tenants take the turns of one tenant after the other, always in
// the order of their ids: no two publishes wait for each other.
func (s *Sessions) Learn(ctx context.Context, heard []gateway.Naming) (changes []*gateway.Change, done func(stored bool), err error) {
	var taken []*learning
	done = func(stored bool) {
		for _, l := range slices.Backward(taken) {
			l.end(stored)
		}
	}
	for tenant, lessons := range eachTenant(heard) {
		known, err := s.knows(tenant, lessons)
		if err == nil && !known {
			var l *learning
			if l, err = s.lessonOf(ctx, tenant, lessons, nil); err == nil {
				taken = append(taken, l)
				err = l.conclude()
			}
		}
		if err != nil {
			done(false)
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

// knows says whether the store has it all already, which is what most events tell.
func (s *Sessions) knows(tenant string, lessons []lesson) (bool, error) {
	for _, q := range lessons {
		if len(q.others) == 0 {
			continue
		}
		n, found, err := s.Store.Names(tenant, q.key)
		if err != nil {
			return false, err
		}
		if !found || slices.ContainsFunc(q.others, func(name string) bool { return !slices.Contains(n.All, name) }) {
			return false, nil
		}
	}
	return true, nil
}

// learning is the turn on all names of some conversations of one tenant, at every
// source, and what is to be stored of them.
type learning struct {
	sessions *Sessions
	room     *room
	turn     turn
	ledger   *ledger
	meetings []meeting
	changes  []*gateway.Change
}

// lessonOf takes the turn on all names of the conversations that the lessons are
// about, and on mark (nil: none). Which those are may change until it has the turn:
// then it looks again.
func (s *Sessions) lessonOf(ctx context.Context, tenant string, lessons []lesson, mark *gateway.MarkKey) (*learning, error) {
	l := &learning{sessions: s, room: s.room(tenant)}
	before, err := s.ledgerOf(tenant, lessons)
	for err == nil {
		keys := before.keys()
		if err = l.room.acquireAll(ctx, &l.turn, keys, mark); err != nil {
			break
		}
		if l.ledger, err = s.ledgerOf(tenant, lessons); err == nil && l.ledger.within(l.turn.keys) {
			return l, nil
		}
		l.room.release(s, &l.turn)
		l.turn, before = turn{}, l.ledger
	}
	return nil, err
}

func (s *Sessions) ledgerOf(tenant string, lessons []lesson) (*ledger, error) {
	l := s.newLedger(tenant)
	return l, l.learn(lessons)
}

// conclude finds what is to be stored: names that change, and what meets by them.
func (l *learning) conclude() error {
	for _, c := range l.ledger.list {
		if c.merged || !c.changed {
			continue
		}
		l.changes = append(l.changes, &gateway.Change{Names: c.names(l.ledger.tenant, l.ledger.sessions.Now())})
		if err := l.meet(c.all); err != nil {
			return err
		}
	}
	return nil
}

func (l *learning) meet(names []string) error {
	found, err := l.sessions.meet(l.room, names)
	for _, m := range found {
		l.changes = append(l.changes, m.change)
	}
	l.meetings = append(l.meetings, found...)
	return err
}

// end tells the registry what was stored, and gives the turn back.
func (l *learning) end(stored bool) {
	s, r := l.sessions, l.room
	if stored && len(l.changes) > 0 {
		r.renamed() // before the turn is given back: who waits for it must look again
		s.met(r, l.meetings)
	}
	r.release(s, &l.turn)
}

// met tells the registry of meetings that are durable.
func (s *Sessions) met(r *room, all []meeting) {
	for _, m := range all {
		r.unpark(s, m.early)
		r.finish(s, m.session, m.change.Wait)
		s.wake(m.change)
	}
}

// meeting is an open session and the parked callback that ends it.
type meeting struct {
	session *session
	early   *parked
	change  *gateway.Change
}

// meet gives each session that is open for a conversation the oldest callback that
// fits it, of those parked under another name. Whoever calls it has the turn on all
// of the names, at every source.
func (s *Sessions) meet(r *room, names []string) (found []meeting, err error) {
	for _, source := range r.parking(names) {
		src := s.Source(r.tenant, source)
		if src == nil {
			continue
		}
		at := make([]name, 0, len(names))
		for _, key := range names {
			at = append(at, name{source, key})
		}
		for _, e := range r.openAt(at) {
			if !slices.Contains(names, e.wait.ConversationKey) || !nowBefore(e.deadline) {
				continue
			}
			own, err := s.rulesOf(e.wait, src)
			if err != nil {
				continue // they were compiled when it was opened: its source has changed since
			}
			change := &gateway.Change{Wait: e.wait}
			early, err := s.takeParked(r, src, own, r.leaving(at, e), change, found)
			if err != nil {
				return nil, err
			}
			if early == nil {
				continue
			}
			change.Traces = append(change.Traces, waitTrace(change.Wait, appendWaitTrace(nil, change.Wait)))
			change.Notice = s.endNotice(change.Wait)
			found = append(found, meeting{e, early, change})
		}
	}
	return found, nil
}

// parking gives the sources at which something is parked under one of the names.
func (r *room) parking(names []string) (sources []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.early) == 0 {
		return nil
	}
	for source := range r.earlyOf {
		if slices.ContainsFunc(names, func(key string) bool { return r.early[name{source, key}] != nil }) {
			sources = append(sources, source)
		}
	}
	slices.Sort(sources)
	return sources
}

// openAt gives the sessions that are open under any of the names, the one that was
// opened first before the others.
func (r *room) openAt(names []name) (all []*session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range names {
		if e := r.open[n]; e != nil && !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *session) int { return strings.Compare(a.wait.ID, b.wait.ID) })
	return all
}

// leaving leaves out the names of other open sessions: one conversation may have two
// that were open when it was learned that it is one, and they are not merged.
func (r *room) leaving(names []name, e *session) (own []name) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range names {
		if other := r.open[n]; other == nil || other == e {
			own = append(own, n)
		}
	}
	return own
}
