package mapping

import (
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/mapping/pattern"
	"hookgate/gateway/mapping/rawjson"
	"hookgate/gateway/mapping/work"
)

// maxLiteral is the largest value, in bytes of JSON, that a condition compares
// with or a variable defaults to.
const maxLiteral = 16 << 10

// maxIn is how many values an in may list, maxConditions how many conditions one list
// may have with all that stand within others, and maxNested how deep they do.
const (
	maxIn         = 1000
	maxConditions = 100
	maxNested     = 8
)

// condition looks at one value of a callback, or stands for others.
type condition struct {
	not     *condition
	any     []condition
	slot    Slot
	exists  bool            // the value must be there, or else must not
	targets []target        // equals or in
	regex   *pattern.Regexp // of the text of a scalar
}

// target is a value to be equal to.
type target struct {
	raw  []byte
	kind Kind
	text string // of a scalar
}

// holds is not to be believed where the work is over: see Values.Err.
func (c *condition) holds(v *Values) bool {
	switch {
	case c.not != nil:
		return !c.not.holds(v)
	case c.any != nil:
		return slices.ContainsFunc(c.any, func(one condition) bool { return one.holds(v) })
	}
	value := v.of(c.slot)
	if !v.work.Spend(work.Item) {
		return false
	}
	switch {
	case c.targets != nil:
		return c.equalsOne(value, v)
	case c.regex != nil:
		if !value.IsScalar() {
			return false
		}
		text, ok := v.text(value)
		return ok && c.regex.Match(text, v.work)
	}
	return (value.Kind != Missing) == c.exists
}

// equalsOne compares JSON values; what is text by nature compares as text with
// whatever scalar the condition names (SPEC 14).
func (c *condition) equalsOne(value Value, v *Values) bool {
	if value.Loose || value.Kind == String {
		text, ok := v.text(value)
		if !ok || !v.work.Spend(work.Target*len(c.targets)) {
			return false
		}
		for i := range c.targets {
			t := &c.targets[i]
			fits := t.kind == String || value.Loose && (t.kind == Number || t.kind == Bool)
			if fits && string(text) == t.text {
				return true
			}
		}
		return false
	}
	for i := range c.targets {
		t := &c.targets[i]
		if value.Kind == t.kind && rawjson.Equal(value.Raw, t.raw, v.work) {
			return true
		}
	}
	return false
}

// text gives the text of a scalar, good until the next call; false where that takes
// too much work.
func (v *Values) text(value Value) ([]byte, bool) {
	if !v.work.Spend(work.Text * len(value.Raw)) {
		return nil, false
	}
	text, scratch := value.text(v.scratch)
	v.scratch = scratch
	return text, true
}

func newTarget(raw gateway.Raw) (target, string) {
	switch {
	case len(raw) > maxLiteral:
		return target{}, "a value has at most 16 KiB of JSON"
	case !rawjson.Valid(raw):
		return target{}, "this is no JSON value"
	}
	start := rawjson.SkipSpace(raw, 0)
	t := target{raw: raw[start:rawjson.SkipValue(raw, start)]}
	t.kind = rawjson.KindOf(t.raw)
	if v := valueOf(t.raw); v.IsScalar() {
		text, _ := v.text(nil)
		t.text = string(text)
	}
	return t, ""
}

// conditions compiles a list of which all are to hold, at most so many beside each other.
func (c *compiler) conditions(place string, list []gateway.Condition, most int) (all []condition) {
	if len(list) > most {
		c.fault(place, "at most %d conditions are listed", most)
		return nil
	}
	c.conditioned = 0
	for i, from := range list {
		all = append(all, c.condition(index(place, i), from, 1))
	}
	if c.conditioned > maxConditions {
		c.fault(place, "has %d conditions, those within others counted: at most %d", c.conditioned, maxConditions)
	}
	return all
}

// condition compiles one entry of when, or what stands within one.
func (c *compiler) condition(place string, from gateway.Condition, depth int) (out condition) {
	out.slot = NoSlot
	if c.conditioned++; c.conditioned > maxConditions {
		return out
	}
	if depth > maxNested {
		c.fault(place, "conditions stand within others at most %d deep", maxNested)
		return out
	}
	if from.Not == nil && from.Any == nil {
		return c.look(place, from)
	}
	alone := from.Path == "" && from.Equals == nil && from.In == nil && from.Exists == nil && from.Regex == nil
	switch {
	case !alone || from.Not != nil && from.Any != nil:
		c.fault(place, "not and any stand by themselves: give one of them and nothing beside it")
	case from.Not != nil:
		not := c.condition(place+".not", *from.Not, depth+1)
		out.not = &not
	case len(from.Any) == 0:
		c.fault(place+".any", "at least one condition is listed")
	}
	for i, one := range from.Any {
		out.any = append(out.any, c.condition(index(place+".any", i), one, depth+1))
	}
	return out
}

// look compiles a condition that looks at a value.
func (c *compiler) look(place string, from gateway.Condition) condition {
	out := condition{slot: c.path(place+".path", from.Path)}
	given := 0
	if from.Equals != nil {
		given++
		out.targets = c.targets(place+".equals", []gateway.Raw{*from.Equals}, false)
	}
	if from.In != nil {
		given++
		out.targets = c.targets(place+".in", *from.In, true)
	}
	if from.Exists != nil {
		given++
		out.exists = *from.Exists
	}
	if from.Regex != nil {
		given++
		out.regex = c.regex(place+".regex", *from.Regex)
	}
	if given != 1 {
		c.fault(place, "exactly one of equals, in, exists and regex is given")
	}
	return out
}

func (c *compiler) targets(place string, values []gateway.Raw, list bool) []target {
	if len(values) == 0 {
		c.fault(place, "at least one value is listed")
	}
	if len(values) > maxIn {
		c.fault(place, "at most %d values are listed", maxIn)
		return nil
	}
	out := make([]target, 0, len(values))
	for i, raw := range values {
		t, rule := newTarget(raw)
		if rule != "" && list {
			c.fault(index(place, i), "%s", rule)
		} else if rule != "" {
			c.fault(place, "%s", rule)
		}
		out = append(out, t)
	}
	return out
}

func (c *compiler) regex(place, text string) *pattern.Regexp {
	if len(text) > pattern.MaxLength {
		c.fault(place, "a regular expression has at most %d bytes", pattern.MaxLength)
		return nil
	}
	p, err := c.builder.patterns.Compile(text)
	if err != nil {
		c.fault(place, "%v", err)
	}
	return p
}
