package mapping

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
