package waiting

import (
	"slices"

	"hookgate/gateway"
)

// What a callback tells: other names of its conversation, learned in the commit in which
// it resumes a wait (SPEC 15, aliases_from). The sender of a callback is not the platform,
// so a name that has a conversation of its own stays with that.

// aliases gives the names that callbacks tell which are parked under one of the keys, at
// any source.
func (k *parking) aliases(keys map[string]*conversation) (told []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tell == 0 {
		return nil
	}
	for source := range k.of {
		for key := range keys {
			if q := k.at[name{source, key}]; q != nil {
				told = q.appendAliases(told)
			}
		}
	}
	return told
}

// told gives the names that callbacks tell which are parked under one of these.
func (k *parking) told(names []name) (told []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tell == 0 {
		return nil
	}
	for _, n := range names {
		if q := k.at[n]; q != nil {
			told = q.appendAliases(told)
		}
	}
	return told
}

func (q *queue) appendAliases(told []string) []string {
	for _, p := range q.list {
		if !p.gone {
			told = append(told, p.aliases...)
		}
	}
	return told
}

// news says whether one of the aliases may be learned for a conversation: it is neither
// one of its names nor some conversation's own key.
func (s *names) news(tenant string, known, aliases []string) (bool, error) {
	unknown := slices.DeleteFunc(slices.Clone(aliases), func(name string) bool { return slices.Contains(known, name) })
	if len(unknown) == 0 {
		return false, nil
	}
	own, err := s.ledger.Own(tenant, unknown)
	return slices.Contains(own, false), err
}

// learns says whether the callback, which finds an open session, tells names that are
// news.
func (k *taking) learns() (bool, error) {
	if k.Aliases == nil || k.session == nil {
		return false, nil
	}
	s, tenant := k.sessions, k.Source.Tenant.ID
	names, err := s.names.of(tenant, k.Key)
	if err != nil {
		return false, err
	}
	return s.names.news(tenant, names, k.Aliases)
}

// learn takes the turn of who changes names, and finds the session anew.
func (k *taking) learn() error {
	lessons := []lesson{{key: k.Key}}
	for _, name := range k.Aliases {
		lessons = append(lessons, lesson{key: name}) // not before a wait is resumed
	}
	l, err := k.sessions.lessonOf(background, k.Source.Tenant.ID, lessons, k.mark)
	if err != nil {
		return err
	}
	k.learning, k.learned = l, errNothing
	if k.names, err = k.sessions.names.of(k.Source.Tenant.ID, k.Key); err == nil {
		k.session, err = k.sessions.names.session(k.room, k.at())
	}
	return err
}

// commit makes what was decided durable: of a wait's end with the names that the callback
// tells, and all that meets by them.
func (k *taking) commit() error {
	l := k.learning
	if l == nil || k.change.Wait == nil {
		k.changes[0] = &k.change
		return k.sessions.journal.commit(k.room.tenant, k.changes[:]...)
	}
	l.busy = []meeting{{session: k.session}}
	if err := l.teach(k.Key, k.Aliases); err != nil {
		return err
	}
	if err := l.conclude(); err != nil {
		return err
	}
	k.learned = k.sessions.journal.commit(k.room.tenant, append([]*gateway.Change{&k.change}, l.changes...)...)
	return k.learned
}

// tells says whether what is parked for the conversation of a wait that opens tells names
// that are news.
func (o *opening) tells() (bool, error) {
	told := o.room.parking.told(o.at)
	if told == nil {
		return false, nil
	}
	return o.sessions.names.news(o.room.tenant, o.names, told)
}

// learnOf teaches what the callback tells that the wait takes as it opens.
func (o *opening) learnOf(early *parked) error {
	if early == nil {
		return nil
	}
	o.learning.busy = []meeting{{early: early}}
	return o.learning.teach(early.name.key, early.aliases)
}
