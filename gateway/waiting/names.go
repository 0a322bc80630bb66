package waiting

import (
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
