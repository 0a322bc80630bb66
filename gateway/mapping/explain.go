package mapping

import "hookgate/gateway"

// Explained is how one variable came to its value, for people who set one up.
type Explained struct {
	Name, Path string
	Found      gateway.Raw // what the path found, as JSON; nil: nothing
	Value      gateway.Raw // what the variable became; nil: it is left out
	Problem    string      // why there is no value, or not the one that was found
}

// Explain tells of every variable of an outcome. The answer shares no memory with
// the document.
func (r *Rules) Explain(v *Values, verdict Verdict) []Explained {
	list := r.of(verdict)
	out := make([]Explained, 0, len(list))
	for i := range list {
		out = append(out, list[i].explain(v))
	}
	return out
}

func (vr *variable) explain(v *Values) Explained {
	e := Explained{Name: vr.name, Path: vr.path}
	value := v.At(vr.slot)
	if value.Kind != Missing {
		e.Found = value.AppendJSON(nil)
	}
	converted, ok := vr.convert(nil, value, v)
	switch {
	case ok:
		e.Value = converted
		return e
	case value.Kind == Missing:
		e.Problem = v.whyMissing(vr.slot)
	default:
		e.Problem = "what the path found is no " + vr.kind
	}
	switch {
	case vr.fallback != nil:
		e.Value = append(e.Value, vr.fallback...)
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
