package waiting

import (
	"slices"
	"time"

	"hookgate/gateway"
)

// Learn gives what is to be stored of the names that an event gives one
// conversation, at least two; known says that the store knows them so already.
// Whoever stores them calls Learned then.
func (s *Sessions) Learn(tenant string, names []string) (n gateway.Names, known bool, err error) {
	all, changed, err := s.join(tenant, names[0], names[1:])
	return gateway.Names{Tenant: tenant, All: all, Used: time.Now()}, !changed, err
}

// Learned tells of names that are durable now. A wait that is open under one of
// them takes what is parked under another: it has waited for it without knowing.
// Whoever has the turn on one of them now may have looked before they were one
// conversation's, and may be about to park or to open: that is waited for. Who
// gets the turn from here on sees the names as they are.
func (s *Sessions) Learned(n gateway.Names) {
	r := s.room(n.Tenant)
	r.renamed()
	for _, finished := range r.underWay(n.All) {
		<-finished
	}
	for _, e := range r.reunited(n.All) {
		// The wait stays open, and the callback parked, when this cannot be written
		// now: the event was taken all the same.
		_ = s.reunite(r, e, n.All)
	}
}

// underWay gives what closes when each turn is over that somebody has on one of
// the keys now, at any source.
func (r *room) underWay(keys []string) (finished []<-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n, t := range r.busy {
		if slices.Contains(keys, n.key) {
			finished = append(finished, t.over())
		}
	}
	return finished
}

// reunited gives the open sessions of a conversation for which something is
// parked under another of its names.
func (r *room) reunited(keys []string) (found []*session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.early) == 0 {
		return nil
	}
	for source := range r.earlyOf {
		var e *session
		parked := false
		for _, key := range keys {
			n := name{source, key}
			parked = parked || len(r.early[n]) > 0
			if open := r.open[n]; open != nil && e == nil {
				e = open
			}
		}
		if parked && e != nil {
			found = append(found, e)
		}
	}
	return found
}

// reunite gives a session the oldest parked callback that fits it.
func (s *Sessions) reunite(r *room, e *session, keys []string) error {
	src := s.Source(e.wait.Tenant, e.wait.Source)
	if src == nil {
		return nil
	}
	own, err := s.rulesOf(e.wait, src)
	if err != nil {
		return err
	}
	names := make([]name, 0, len(keys))
	for _, key := range keys {
		names = append(names, name{e.wait.Source, key})
	}
	t := &turn{}
	if err := r.acquire(background, t, names, nil); err != nil {
		return err
	}
	defer r.release(s, t)
	if r.finalOf(e) != nil {
		return nil
	}
	if open, err := s.inTime(r, e); open == nil || err != nil {
		return err
	}
	change := &gateway.Change{Wait: e.wait}
	early, record, err := s.takeParked(r, src, own, r.apart(names, e), change)
	if record == nil || err != nil {
		return err
	}
	change.Traces = append(change.Traces, waitTrace(change.Wait, appendWaitTrace(nil, change.Wait)))
	change.Notice = endNotice(change.Wait)
	if err := s.commit(change); err != nil {
		return err
	}
	r.unpark(s, early)
	r.finish(s, e, change.Wait)
	s.wake(change)
	return nil
}

// apart leaves out the names of other open sessions: one conversation may have two
// that were open when it was learned that it is one, and they are not merged.
func (r *room) apart(names []name, e *session) (own []name) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range names {
		if other := r.open[n]; other == nil || other == e {
			own = append(own, n)
		}
	}
	return own
}
