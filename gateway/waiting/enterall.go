package waiting

import "hookgate/gateway"

// enter takes the turn on all names and marks of some callbacks, at once. Where a
// conversation got other names meanwhile it looks again.
func (b *batch) enter(some []One) error {
	var marks []gateway.MarkKey
	for i := range some {
		if some[i].Strong {
			marks = append(marks, some[i].Mark)
		}
	}
	for {
		before := b.room.renames()
		at, err := b.at(some)
		if err != nil {
			return err
		}
		b.turn = turn{}
		if err := b.room.acquireMany(background, &b.turn, at, marks); err != nil {
			return err
		}
		if b.room.renames() == before {
			return nil
		}
		b.room.release(&b.turn)
	}
}

// at gives all names of the conversations of some callbacks, at their source.
func (b *batch) at(some []One) (at []name, err error) {
	b.of = make(map[string][]string, len(some))
	for i := range some {
		key := some[i].Key
		if _, known := b.of[key]; known || key == "" {
			continue
		}
		if b.of[key], err = b.sessions.names.of(b.room.tenant, key); err != nil {
			return nil, err
		}
		for _, other := range b.of[key] {
			at = append(at, name{b.source, other})
		}
	}
	return at, nil
}

// findAmong finds the session that is open for the callback's conversation, and does not end
// by one before it.
func findAmong(k *taking) done {
	b := k.batch
	if k.Key == "" {
		return false
	}
	k.names = b.of[k.Key]
	for _, n := range k.at() {
		e := b.room.at(n)
		if e == nil || b.ending[e] {
			continue
		}
		strange, err := b.sessions.names.strange(e, n.key)
		if err != nil {
			return k.fail(err)
		}
		if !strange {
			k.session = e
			break
		}
	}
	learns, err := k.learns()
	k.alone = learns
	return k.fail(err) || done(learns)
}
