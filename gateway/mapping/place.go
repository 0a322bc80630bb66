package mapping

// either is a name that may stand at several places, and stands at the first where
// something is: null is nothing there (see Builder.Names).
type either struct{ places []place }

// place is one of them: where the name would stand, and what is looked up beneath it.
type place struct{ base, slot Slot }

func (e *either) at(v *Values) Value {
	last := len(e.places) - 1
	for _, p := range e.places[:last] {
		if kind := v.At(p.base).Kind; kind != Missing && kind != Null {
			return v.At(p.slot)
		}
	}
	return v.At(e.places[last].slot)
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
	if b.resolve == nil {
		return b.plain(steps)
	}
	paths := b.resolve(steps[0].name)
	if len(paths) == 1 {
		return b.plain(append(members(paths[0]), steps[1:]...))
	}
	e := &either{places: make([]place, len(paths))}
	for i, path := range paths {
		var err error
		if e.places[i], err = b.eitherPlace(members(path), steps[1:]); err != nil {
			return NoSlot, err
		}
	}
	return b.place(compiled{either: e})
}

func (b *Builder) eitherPlace(base, beneath []step) (p place, err error) {
	if p.base, err = b.plain(base); err != nil || len(beneath) == 0 {
		return place{p.base, p.base}, err
	}
	p.slot, err = b.plain(append(base, beneath...))
	return p, err
}

func members(names []string) []step {
	steps := make([]step, len(names))
	for i, name := range names {
		steps[i] = step{name: name, member: true}
	}
	return steps
}
