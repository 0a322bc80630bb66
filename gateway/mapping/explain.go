package mapping

import (
	"fmt"

	"hookgate/gateway"
)

// Explained is how one variable came to its value, for people who set one up.
type Explained struct {
	Name, Path string
	Type       string      // as it was written
	State      string      // StateFound, StateDefault, StateMissing
	Found      gateway.Raw // what the path found, as JSON; nil: nothing
	Value      gateway.Raw // what the variable became; nil: it is left out
	Problem    string      // why there is no value, or not the one that was found
}

// How a variable came to its value.
const (
	StateFound   = "found"
	StateDefault = "default" // the default stands in
	StateMissing = "missing" // it is left out, or, if it is required, refuses all
)

// Explain tells of every variable of an outcome. All that was found is together as
// large as the variables may be, and so is what became of it. The answer shares no
// memory with the document.
func (r *Rules) Explain(v *Values, verdict Verdict) []Explained {
	defer v.work.Rest()
	list := r.of(verdict)
	out := make([]Explained, 0, len(list))
	found, made := r.most, r.most
	for i := range list {
		e := list[i].explain(v, found, made)
		found, made = found-len(e.Found), made-len(e.Value)
		out = append(out, e)
	}
	return out
}

// explain shows of what was found, and of what it became, at most so many bytes.
func (vr *variable) explain(v *Values, found, made int) Explained {
	e := Explained{Name: vr.name, Path: vr.path, Type: vr.kind, State: StateMissing}
	value := v.At(vr.slot)
	if value.Kind != Missing && len(value.Raw) <= found {
		e.Found = value.AppendJSON(nil)
	}
	v.room = made
	converted, ok := vr.convert(nil, value, v)
	switch {
	case v.Err() != nil:
		e.Problem = v.Err().Error()
		return e
	case v.room < 0:
		e.Problem = fmt.Sprintf("what the path found has %d bytes of JSON: all variables together have at most variables_max", len(value.Raw))
		return e
	case ok:
		e.State = StateFound
		if e.Value = converted; e.Found == nil {
			e.Problem = fmt.Sprintf("what the path found has %d bytes of JSON, and is not shown", len(value.Raw))
		}
		return e
	case value.Kind == Missing:
		e.Problem = v.whyMissing(vr.slot)
	default:
		e.Problem = "what the path found is no " + vr.kind
	}
	switch {
	case vr.fallback != nil:
		e.State, e.Value = StateDefault, append(e.Value, vr.fallback...)
		e.Problem += ": the default stands in"
	case vr.required:
		e.Problem += ", and the variable is required"
	}
	return e
}

// whyMissing says why a path found nothing.
func (v *Values) whyMissing(slot Slot) string {
	const nothing = "the path found nothing"
	c := &v.set.slots[slot]
	if c.header == "" && c.param == "" && !v.doc.hasPaths() {
		return nothing + ": the body is no JSON"
	}
	if c.computed != nil {
		if _, err := v.compute(c.computed); err != nil {
			return nothing + ": " + err.Error()
		}
	}
	return nothing
}
