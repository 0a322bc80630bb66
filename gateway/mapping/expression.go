package mapping

import (
	"errors"

	"hookgate/gateway/mapping/jinja"
)

// compileExpression compiles what stands between the braces of a path, at a place of
// it. The plain paths in it are slots of the one walk.
func compileExpression(text string, at int, add func([]step) (Slot, error)) (*jinja.Expression, error) {
	x, err := jinja.ParseExpression(text, resolver(add))
	if err != nil {
		return nil, moved(err, at)
	}
	return x, nil
}

// resolver finds the places of names for package jinja.
func resolver(add func([]step) (Slot, error)) jinja.Resolver {
	return func(named []jinja.Step) (int, error) {
		steps := make([]step, len(named))
		for i, s := range named {
			steps[i] = stepOf(s)
		}
		slot, err := add(steps)
		if fault := (*PathError)(nil); errors.As(err, &fault) {
			err = errors.New(fault.Rule) // where it stands is said by who has the text
		}
		return int(slot), err
	}
}

func stepOf(s jinja.Step) step {
	switch {
	case !s.Number:
		return step{name: s.Name, member: true}
	case s.Name == "":
		return step{index: s.Index, item: true}
	}
	return namedStep(s.Name)
}
