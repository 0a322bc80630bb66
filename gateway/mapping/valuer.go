package mapping

// valuer gives one value: *place, constant, *fallback, *choice or *expression.
// Only the last needs the template library and decodes anything; what the others
// give is the JSON as it lies in the body.
type valuer interface {
	value(v *Values) (Value, error)
}

// constant is a literal.
type constant Value

func (c constant) value(*Values) (Value, error) { return Value(c), nil }

// fallback is {{ first | default(other) }}, the commonest of all filters.
type fallback struct{ first, other valuer }

func (f *fallback) value(v *Values) (Value, error) {
	value, err := f.first.value(v)
	if err != nil || value.Kind != Missing && value.Kind != Null {
		return value, err
	}
	return f.other.value(v)
}

// choice is {{ then if condition else otherwise }}.
type choice struct{ condition, then, otherwise valuer }

func (c *choice) value(v *Values) (Value, error) {
	condition, err := c.condition.value(v)
	switch {
	case err != nil:
		return Value{}, err
	case condition.isTrue():
		return c.then.value(v)
	case c.otherwise == nil:
		return Value{}, nil
	}
	return c.otherwise.value(v)
}

// isTrue says what an if makes of a value, as Jinja does: what is missing, null,
// zero or empty is false.
func (v Value) isTrue() bool {
	switch v.Kind {
	case Missing, Null:
		return false
	case Bool:
		return v.Raw[0] == 't'
	case Number:
		return len(parseDecimal(v.Raw).digits) > 0
	case Array, Object:
		c := v.Raw[skipSpace(v.Raw, 1)]
		return c != ']' && c != '}'
	case String:
		return len(v.Raw) > len(`""`)
	}
	return len(v.Raw) > 0
}
