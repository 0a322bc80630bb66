package mapping

import (
	"hookgate/gateway"
)

// The types of variables (SPEC 5).
const (
	anyType = ""
	text    = "text"
	number  = "number"
	boolean = "boolean"
	date    = "date"
	anyJSON = "json"
)

// variable is one value that is mapped into the flow.
type variable struct {
	name     string
	path     string
	kind     string // the type, as it was written
	member   []byte // the name as JSON, and the colon
	slot     Slot
	convert  conversion
	fallback []byte // the default, converted; nil: none
	required bool
}

// conversion appends a value in a type. It is false, and dst as it was, for a
// value that does not convert, or has no room: then v.room is below 0.
type conversion func(dst []byte, value Value, v *Values) ([]byte, bool)

var conversions = map[string]conversion{
	anyType: asIs, text: toText, number: toNumber, boolean: toBoolean, date: toDate, anyJSON: toJSON,
}

// appendVariables appends the variables as a JSON object of at most so many bytes, in
// the order they are listed. Nothing is appended that does not fit: fifty variables on
// one field would make fifty times the body (SPEC 16).
func appendVariables(dst []byte, list []variable, v *Values, most int) ([]byte, error) {
	start := len(dst)
	end := start + most
	dst = append(dst, '{')
	for i := range list {
		vr := &list[i]
		mark := len(dst)
		if mark > start+1 {
			dst = append(dst, ',')
		}
		dst = append(dst, vr.member...)
		value := v.At(vr.slot)
		v.room = end - len(dst)
		var ok bool
		if dst, ok = vr.convert(dst, value, v); !ok {
			switch err := v.Err(); {
			case err != nil:
				return dst[:start], err
			case v.room < 0:
				return dst[:start], ErrVariablesTooLarge
			case vr.fallback != nil:
				dst = append(dst, vr.fallback...)
			case vr.required:
				return dst[:start], MissingVariable(vr.name)
			default:
				dst = dst[:mark]
			}
		}
		if len(dst) >= end {
			return dst[:start], ErrVariablesTooLarge
		}
	}
	if v.set != nil {
		saw(v.set.peaks.Variables, len(dst)+1-start)
	}
	return append(dst, '}'), nil
}

// maxName is how many characters a variable's or match entry's name may have.
const maxName = gateway.MaxVariableName

// variables compiles a list.
func (c *compiler) variables(place string, list []gateway.Variable) []variable {
	if len(list) > gateway.MaxVariables {
		c.fault(place, "at most %d variables are listed", gateway.MaxVariables)
		return nil
	}
	known := make(map[string]bool, len(list))
	out := make([]variable, 0, len(list))
	for i, from := range list {
		at := index(place, i)
		switch {
		case !gateway.IsVariableName(from.Name):
			c.fault(at+".name", "a name has 1 to %d letters, digits, _ - .", maxName)
		case known[from.Name]:
			c.fault(at+".name", "the name %s is there twice", from.Name)
		}
		known[from.Name] = true
		out = append(out, c.variable(at, from))
	}
	return out
}

func (c *compiler) variable(place string, from gateway.Variable) variable {
	v := variable{
		name:     from.Name,
		path:     from.Path,
		kind:     from.Type,
		member:   append(gateway.AppendString(nil, from.Name), ':'),
		slot:     c.path(place+".path", from.Path),
		convert:  conversions[from.Type],
		required: from.Required,
	}
	if v.convert == nil {
		c.fault(place+".type", "a type is one of text, number, boolean, date, json, or left out")
		return v
	}
	if from.Default == nil {
		return v
	}
	t, rule := newTarget(*from.Default)
	if rule != "" {
		c.fault(place+".default", "%s", rule)
		return v
	}
	converted, ok := v.convert(nil, valueOf(t.raw), newValues())
	if !ok {
		c.fault(place+".default", "the default does not convert to %s", from.Type)
	}
	v.fallback = converted
	return v
}
