package mapping

// place is where a plain path of a template leads: into the first of the
// registers that holds something, else to the slot.
type place struct {
	slot      Slot
	registers []int
	inside    []step // from what a register holds
}

func (p *place) value(v *Values) (Value, error) {
	if len(p.registers) == 0 {
		return v.At(p.slot), nil
	}
	if err := v.step(); err != nil {
		return Value{}, err
	}
	for _, r := range p.registers {
		if held := &v.registers[r]; held.set {
			return follow(held.value, p.inside), nil
		}
	}
	return v.At(p.slot), nil
}

// follow looks into a value by plain steps.
func follow(value Value, steps []step) Value {
	for _, s := range steps {
		switch {
		case s.member && value.Kind == Object:
			value = valueOf(memberOf(value.Raw, s.name))
		case s.item && value.Kind == Array:
			value = valueOf(itemOf(value.Raw, s.index))
		default:
			return Value{}
		}
	}
	return value
}

// memberOf gives the last member of that name, or nil.
func memberOf(object []byte, name string) (found []byte) {
	for i := 1; ; {
		m, next, ok := nextMember(object, i)
		if !ok {
			return found
		}
		i = next
		if !m.escaped && string(m.name) == name || m.escaped && unescaped(m.name) == name {
			found = m.value
		}
	}
}

// itemOf gives the item at index, which counts from the end below 0, or nil.
func itemOf(array []byte, index int) []byte {
	if index < 0 {
		index += countItems(array, 0)
	}
	for i, n := 1, 0; index >= 0; n++ {
		start, ok := nextItem(array, i)
		if !ok {
			return nil
		}
		if i = skipValue(array, start); n == index {
			return array[start:i]
		}
	}
	return nil
}

// either is a name that stands at one of two places: at other where base is not
// there at all (see Builder.Names).
type either struct{ base, first, other Slot }

func (e *either) at(v *Values) Value {
	if v.At(e.base).Kind == Missing {
		return v.At(e.other)
	}
	return v.At(e.first)
}

// maxPlaces is how many places the paths of one Builder may lead to or through:
// each takes memory for as long as the webhook is there.
const maxPlaces = 10_000

// name gives the slot of a path that starts with a bare name of a template.
func (b *Builder) name(steps []step) (Slot, error) {
	key := stepsKey(steps)
	if slot, known := b.byName[key]; known {
		return slot, nil
	}
	slot, err := b.resolved(steps)
	switch {
	case err != nil:
		return NoSlot, err
	case b.trie.nodes > maxPlaces:
		return NoSlot, pathError(0, "all templates together look into more than %d places", maxPlaces)
	}
	b.byName[key] = slot
	return slot, nil
}

func (b *Builder) resolved(steps []step) (Slot, error) {
	var path, otherwise []string
	if b.resolve != nil {
		path, otherwise = b.resolve(steps[0].name)
	}
	if path == nil {
		return b.plain(steps)
	}
	first, err := b.plain(append(members(path), steps[1:]...))
	if err != nil || otherwise == nil {
		return first, err
	}
	base, err := b.plain(members(path))
	if err != nil {
		return NoSlot, err
	}
	other, err := b.plain(append(members(otherwise), steps[1:]...))
	if err != nil {
		return NoSlot, err
	}
	return b.place(compiled{either: &either{base, first, other}})
}

func members(names []string) []step {
	steps := make([]step, len(names))
	for i, name := range names {
		steps[i] = step{name: name, member: true}
	}
	return steps
}
