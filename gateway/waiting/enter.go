package waiting

import (
	"slices"

	"hookgate/gateway"
)

// enter takes the turn on all names of the conversation: at the source, or at
// every source where the names change.
func (o *opening) enter() done {
	tenant := o.Source.Tenant.ID
	if o.IdempotencyKey != "" {
		key := gateway.NewMarkKey(gateway.MarkOpen, []byte(o.IdempotencyKey))
		o.mark = &key
	}
	r, err := o.sessions.rooms.get(tenant)
	if err != nil {
		return o.fail(err)
	}
	for o.room = r; ; {
		before := r.renames()
		names, err := o.sessions.names.of(tenant, o.Key)
		if err != nil {
			return o.fail(err)
		}
		if slices.ContainsFunc(o.Aliases, func(alias string) bool { return !slices.Contains(names, alias) }) {
			return o.fail(o.learn())
		}
		o.name(names)
		t := &turn{}
		if err := r.acquire(o.ctx, t, o.at, o.mark); err != nil {
			return o.fail(err)
		}
		if tells, err := o.tells(); tells || err != nil {
			r.release(t)
			if err == nil {
				err = o.learn()
			}
			return o.fail(err)
		}
		if r.renames() == before {
			o.turn = t
			return false
		}
		again, err := o.sessions.names.of(tenant, o.Key)
		if err == nil && slices.Equal(again, names) {
			o.turn = t
			return false
		}
		r.release(t)
		if err != nil {
			return o.fail(err)
		}
	}
}

// learn takes the turn of who changes names.
func (o *opening) learn() error {
	l, err := o.sessions.lessonOf(o.ctx, o.room.tenant, []lesson{{key: o.Key, others: o.Aliases}}, o.mark)
	if err != nil {
		return err
	}
	o.room, o.learning, o.turn = l.room, l, &l.turn
	c, err := l.all.of(o.Key)
	if err != nil {
		return err
	}
	o.name(c.all)
	return nil
}

func (o *opening) name(names []string) {
	o.names, o.at = names, make([]name, 0, len(names))
	for _, key := range names {
		o.at = append(o.at, name{o.Source.ID, key})
	}
}

// enter takes the turn on all names of the conversation. Where no session is open under
// the one that the callback carries, it may be open under another, learned since: then
// the turn is taken anew, on all of them, and looked up again if any conversation got
// other names meanwhile.
func (k *taking) enter() done {
	r, err := k.sessions.rooms.get(k.Source.Tenant.ID)
	if err != nil {
		return k.fail(err)
	}
	k.room = r
	if k.Strong {
		k.mark = &k.Mark
	}
	names := k.turn.one[:0]
	if k.Key != "" {
		names = append(names, name{k.Source.ID, k.Key})
	}
	for again := true; again; {
		if err := r.acquire(background, &k.turn, names, k.mark); err != nil {
			return k.fail(err)
		}
		k.entered = true
		if again, err = k.wider(); err != nil {
			return k.fail(err)
		}
		if again {
			k.leave()
			names = k.at()
		}
	}
	learns, err := k.learns()
	if learns && err == nil {
		k.leave()
		err = k.learn()
	}
	return k.fail(err)
}

// wider says whether the turn must be taken on more names, and finds the session that is
// open for the conversation.
func (k *taking) wider() (again bool, err error) {
	s, r := k.sessions, k.room
	if k.Key == "" {
		return false, nil
	}
	if k.names != nil && r.renames() == k.renames {
		k.session, err = s.names.session(r, k.at())
		return false, err
	}
	if k.session = k.turn.session; k.session != nil {
		strange, err := s.names.strange(k.session, k.Key)
		if !strange || err != nil {
			return false, err
		}
		k.session = nil
	}
	k.renames = r.renames()
	k.names, err = s.names.of(k.Source.Tenant.ID, k.Key)
	return len(k.names) > 1, err
}

// leave gives the turn back.
func (k *taking) leave() {
	if k.learning != nil {
		k.learning.end(k.learned)
		k.learning = nil
	}
	if k.entered {
		k.room.release(&k.turn)
		k.turn, k.entered = turn{}, false
	}
}

// at is the names of the callback's conversation at its source, its own key first.
func (k *taking) at() []name {
	if k.Key == "" {
		return nil
	}
	names := []name{{k.Source.ID, k.Key}}
	for _, key := range k.names {
		names = addName(names, name{k.Source.ID, key})
	}
	return names
}
