package waiting

import (
	"slices"
	"time"
)

// Which names are one conversation's. What the store has under a name are the names
// that it was joined with; but a key that an event showed as its own
// conversation.key is a conversation of its own, from then on for good (SPEC 16).
// So names fall apart where two of them are such keys: the first keeps the others,
// every other such key stands alone. That is decided when names are read: an event
// that shows nothing but its own key writes that it did, and looks at nothing.

// names tells which names are one conversation's, as the store has it.
type names struct {
	ledger  Ledger
	now     func() time.Time
	freshen func(tenant, key string) // writes names anew, beside who asked
}

// of gives all names of the conversation that has this one, itself
// included. What is used lives on: names that were last used long ago are
// written anew.
func (s *names) of(tenant, key string) ([]string, error) {
	n, found, err := s.ledger.Names(tenant, key)
	if err != nil {
		return nil, err
	}
	if !found || len(n.All) == 1 {
		return []string{key}, nil
	}
	if s.now().Sub(n.Used) > namesFresh {
		s.freshen(tenant, key)
	}
	own, err := s.ledger.Own(tenant, n.All)
	if err != nil {
		return nil, err
	}
	all, _ := apart(n.All, own, key)
	return all, nil
}

// apart gives those of the joined names that are one conversation with key, and
// which of them is its own key ("": none is known).
func apart(joined []string, own []bool, key string) (all []string, principal string) {
	first := slices.Index(own, true)
	if first < 0 {
		return joined, ""
	}
	principal = joined[first]
	if i := slices.Index(joined, key); i > first && own[i] {
		return []string{key}, key
	}
	for i, name := range joined {
		if i == first || !own[i] {
			all = append(all, name)
		}
	}
	return all, principal
}

// strange says whether a session that is open under key is another conversation's:
// since it was opened, an event has shown the key as its own.
func (s *names) strange(e *session, key string) (bool, error) {
	if key == e.wait.ConversationKey {
		return false, nil
	}
	own, err := s.ledger.Own(e.wait.Tenant, []string{key})
	if err != nil || !own[0] {
		return false, err
	}
	for _, pair := range [...][2]string{{key, e.wait.ConversationKey}, {e.wait.ConversationKey, key}} {
		names, err := s.of(e.wait.Tenant, pair[0])
		if err != nil || slices.Contains(names, pair[1]) {
			return false, err
		}
	}
	return true, nil
}

// session gives the session that is open for a conversation under one of the
// names, the first that has one.
func (s *names) session(r *room, at []name) (*session, error) {
	for _, n := range at {
		e := r.at(n)
		if e == nil {
			continue
		}
		if strange, err := s.strange(e, n.key); !strange || err != nil {
			return e, err
		}
	}
	return nil, nil
}

// namesFresh is how old the last use of names may be before it is written anew:
// little against gateway.AliasKept, and far more than one conversation lasts.
const namesFresh = 24 * time.Hour

// learned gives the conversations that lessons are about, with what they add.
func (s *names) learned(tenant string, lessons []lesson) (*conversations, error) {
	l := &conversations{ledger: s.ledger, tenant: tenant, byName: map[string]*conversation{}}
	return l, l.learn(lessons)
}

// know says whether the store has it all already, which is what most events tell.
func (s *names) know(tenant string, lessons []lesson) (bool, error) {
	for _, q := range lessons {
		if len(q.others) == 0 {
			continue
		}
		n, found, err := s.ledger.Names(tenant, q.key)
		if err != nil {
			return false, err
		}
		if !found || slices.ContainsFunc(q.others, func(name string) bool { return !slices.Contains(n.All, name) }) {
			return false, nil
		}
	}
	return true, nil
}
