package mapping

import "hookgate/gateway"

// The places of a conversation key (SPEC 5).
const (
	InBody   = "body"
	InQuery  = "query"
	InHeader = "header"
	InPath   = "path"
)

// defaultKey is the body field that carries the key where nothing else is said.
const defaultKey = "conversation_key"

// SourcePlan is all that a source looks up in a callback, in one Set.
type SourcePlan struct {
	Set    *Set
	Key    Slot // NoSlot where the key is a segment of the URL's path
	Dedupe Slot // NoSlot where the source names no id of its own
	Rules  Rules
	known  []identity // of a provider, instead of Dedupe
	each   *each      // nil: a request is one callback
}

// CompileSource compiles a source's key place, dedupe id, match and variables.
// The faults name places from the source's root, such as conversation_key.path;
// where there are any, the plan is nil.
func CompileSource(
	key gateway.KeyPlace, dedupe string, each Each, match []gateway.Match, variables []gateway.Variable, b Bounds,
) (*SourcePlan, []gateway.Fault) {
	return compileSource(key, each, match, variables, b, func(c *compiler, plan *SourcePlan) {
		if dedupe != "" {
			plan.Dedupe = c.path("dedupe.id", dedupe)
		}
	})
}

func compileSource(
	key gateway.KeyPlace, each Each, match []gateway.Match, variables []gateway.Variable, b Bounds, ids func(*compiler, *SourcePlan),
) (*SourcePlan, []gateway.Fault) {
	c := newCompiler(b)
	c.builder.scoped = each.asked()
	plan := &SourcePlan{Key: c.key(key), Dedupe: NoSlot}
	ids(c, plan)
	plan.each = c.each(each, plan)
	plan.Rules = c.rules(match, variables)
	if c.faults != nil {
		return nil, c.faults
	}
	plan.Set = c.builder.Set()
	return plan, nil
}

func (c *compiler) key(place gateway.KeyPlace) Slot {
	const at = "conversation_key.path"
	switch place.In {
	case InBody, "":
		if place.Path == "" {
			return c.path(at, defaultKey)
		}
		return c.path(at, place.Path)
	case InQuery:
		return c.path(at, "query:"+place.Path)
	case InHeader:
		return c.path(at, "header:"+place.Path)
	case InPath:
		if place.Path != "" {
			c.fault(at, "a key that is a segment of the URL has no path")
		}
		return NoSlot
	}
	c.fault("conversation_key.in", "a key is in %s, %s, %s or %s", InBody, InQuery, InHeader, InPath)
	return NoSlot
}
