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
