package mapping

// round is what the names of a for are in one of its rounds.
type round struct{ first, second Value }

// rounds gives the items of a for's list that its if lets through. A list that is
// missing or null has none.
func (l *loop) rounds(v *Values) ([]round, error) {
	list, err := l.list.value(v)
	if err != nil {
		return nil, err
	}
	if err := v.step(); err != nil {
		return nil, err
	}
	var all []round
	switch list.Kind {
	case Missing, Null:
		return nil, nil
	case Array:
		all, err = l.items(list.Raw)
	case Object:
		all, err = l.members(list.Raw)
	default:
		return nil, errList
	}
	if err != nil || l.filter == nil {
		return all, err
	}
	chosen := all[:0]
	for _, r := range all {
		if err := l.begin(v, r); err != nil {
			return nil, err
		}
		fits, err := l.filter.value(v)
		if err != nil {
			return nil, err
		}
		if fits.isTrue() {
			chosen = append(chosen, r)
		}
	}
	return chosen, nil
}

func (l *loop) items(array []byte) ([]round, error) {
	var all []round
	for item := range Items(array) {
		if len(all) == maxItems {
			return nil, errItems
		}
		r := round{first: valueOf(item)}
		if l.second != noRegister {
			var ok bool
			if r, ok = pair(item); !ok {
				return nil, errPair
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// pair takes an array of two apart.
func pair(array []byte) (r round, ok bool) {
	n := 0
	for item := range Items(array) {
		switch n {
		case 0:
			r.first = valueOf(item)
		case 1:
			r.second = valueOf(item)
		}
		n++
	}
	return r, n == 2
}

// members gives names and values in the order they lie there; of members with one
// name the last counts.
func (l *loop) members(object []byte) ([]round, error) {
	var all []round
	known := make(map[string]int)
	for i := 1; ; {
		m, next, ok := nextMember(object, i)
		if !ok {
			return all, nil
		}
		i = next
		name := string(m.name)
		if m.escaped {
			name = unescaped(m.name)
		}
		r := round{valueOf(appendJSONText(nil, []byte(name))), valueOf(m.value)}
		if at, twice := known[name]; twice {
			all[at] = r
			continue
		}
		if len(all) == maxItems {
			return nil, errItems
		}
		known[name] = len(all)
		all = append(all, r)
	}
}
