package waiting

import (
	"context"
	"slices"
	"time"

	"hookgate/gateway"
)

// namesOf gives all names of the conversation that has this one, itself
// included. What is used lives on: names that were last used long ago are
// written anew.
func (s *Sessions) namesOf(tenant, key string) ([]string, error) {
	n, found, err := s.Store.Names(tenant, key)
	if err != nil {
		return nil, err
	}
	if !found {
		return []string{key}, nil
	}
	if time.Since(n.Used) > namesFresh {
		n.Used = time.Now()
		// Nothing is promised here: the names stand as they stood.
		_ = s.Store.Commit(&gateway.Change{Names: &n, Refused: true})
	}
	return n.All, nil
}

// naming stands in place of a source in the turn of who changes the names of a
// conversation: it is no source's id. Two who add to one conversation, at whatever
// source, would else each forget what the other added.
const naming = ""

// asked are the names for which somebody wants the turn at a source, or naming.
type asked struct {
	source  string
	key     string
	aliases []string
	mark    *gateway.MarkKey // nil: none
}

// acquireNames takes the turn on all names of the conversation that the asked are
// joined to, and gives them; changed says that the store does not know them so.
// Which those are may change until it has the turn: then it looks again.
func (s *Sessions) acquireNames(ctx context.Context, r *room, t *turn, q asked) (n gateway.Names, changed bool, err error) {
	before := r.renames()
	all, changed, err := s.join(r.tenant, q.key, q.aliases)
	if err != nil {
		return n, false, err
	}
	for {
		if err := r.acquire(ctx, t, q.at(all, changed), q.mark); err != nil {
			return n, false, err
		}
		now := r.renames()
		if now == before {
			break
		}
		had, did := all, changed
		if all, changed, err = s.join(r.tenant, q.key, q.aliases); err != nil {
			r.release(s, t)
			return n, false, err
		}
		if slices.Equal(had, all) && did == changed {
			break
		}
		r.release(s, t)
		*t, before = turn{}, now
	}
	return gateway.Names{Tenant: r.tenant, All: all, Used: time.Now()}, changed, nil
}

// at gives what the turn must span.
func (q *asked) at(all []string, changed bool) []name {
	names := make([]name, 0, len(all))
	for _, key := range all {
		names = append(names, name{q.source, key})
	}
	if !changed || q.source == naming {
		return names
	}
	for _, key := range all {
		names = append(names, name{naming, key})
	}
	return names
}

// namesFresh is how old the last use of names may be before it is written anew:
// little against gateway.AliasKept, and far more than one conversation lasts.
const namesFresh = 24 * time.Hour

// join gives the names of the conversation that a wait is opened for: its key,
// its aliases, and whatever either was known as. changed says that the store
// does not know them so.
func (s *Sessions) join(tenant, key string, aliases []string) (all []string, changed bool, err error) {
	all, err = s.namesOf(tenant, key)
	if err != nil {
		return nil, false, err
	}
	for _, alias := range aliases {
		if slices.Contains(all, alias) {
			continue
		}
		changed = true
		others, err := s.namesOf(tenant, alias)
		if err != nil {
			return nil, false, err
		}
		for _, other := range others {
			if !slices.Contains(all, other) {
				all = append(slices.Clip(all), other)
			}
		}
	}
	return bounded(all, key, aliases), changed, nil
}

// bounded keeps a conversation at gateway.MaxAliases names: those that were
// given now stay, of the others the first.
func bounded(all []string, key string, aliases []string) []string {
	if len(all) <= gateway.MaxAliases {
		return all
	}
	kept := append([]string{key}, aliases...)
	for _, n := range all {
		if len(kept) < gateway.MaxAliases && !slices.Contains(kept, n) {
			kept = append(kept, n)
		}
	}
	return kept
}

// renames counts the conversations of this tenant that got other names.
func (r *room) renames() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.renaming
}

func (r *room) renamed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.renaming++
}
