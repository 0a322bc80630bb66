package waiting

import (
	"context"

	"hookgate/gateway"
)

// everywhere stands in place of a source in the turn of who changes the names of
// conversations: it is no source's id. That turn is on the names at every source, so
// nobody parks, takes or opens under what is no longer all of the names.
const everywhere = ""

// acquireAll takes the turn on keys at every source, all or none, and on mark (nil:
// none); and on all other names of the sessions that are open under one of them.
func (r *room) acquireAll(ctx context.Context, t *turn, keys []string, mark *gateway.MarkKey) error {
	err := r.await(ctx, func() *turn {
		t.keys = r.reach(keys)
		return r.blockingAll(t.keys, mark)
	})
	if err != nil {
		return err
	}
	t.names = make([]name, 0, len(t.keys))
	for key := range t.keys {
		t.names = append(t.names, name{everywhere, key})
	}
	r.everywhere++
	r.seize(t, mark)
	r.mu.Unlock()
	return nil
}

// reach gives keys together with those of the sessions that are open under one of
// them. The lock is held.
func (r *room) reach(keys []string) map[string]bool {
	all := make(map[string]bool, len(keys))
	for _, key := range keys {
		all[key] = true
	}
	for _, e := range r.openUnder(all) {
		for _, n := range e.names {
			all[n.key] = true
		}
	}
	return all
}

// openUnder gives the sessions that are open under one of the keys, at any source;
// one may be there several times. The lock is held.
func (r *room) openUnder(keys map[string]bool) (found []*session) {
	if len(keys)*len(r.openOf) > len(r.open) {
		for n, e := range r.open {
			if keys[n.key] {
				found = append(found, e)
			}
		}
		return found
	}
	for source := range r.openOf {
		for key := range keys {
			if e := r.open[name{source, key}]; e != nil {
				found = append(found, e)
			}
		}
	}
	return found
}

// blockingAll gives who has the turn on one of the keys, at any source, or on mark.
func (r *room) blockingAll(keys map[string]bool, mark *gateway.MarkKey) *turn {
	for n, t := range r.busy {
		if keys[n.key] {
			return t
		}
	}
	if mark != nil {
		return r.marks[*mark]
	}
	return nil
}
