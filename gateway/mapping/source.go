package mapping

import "hookgate/gateway"

// SourcePlan is all that a source looks up in a callback, in one Set.
type SourcePlan struct {
	Set     *Set
	Keys    Keys
	Aliases Aliases
	Dedupe  Slot // NoSlot where the source names no id of its own
	Rules   Rules
	known   []identity // of a provider, instead of Dedupe
	each    *each      // nil: a request is one callback
	whole   []string
}

// CompileSource compiles where a source finds its keys, dedupe id, match and variables.
// The faults name places from the source's root, such as conversation_key.path;
// where there are any, the plan is nil.
func CompileSource(
	whom Whom, dedupe string, match []gateway.Match, variables []gateway.Variable, b Bounds,
) (*SourcePlan, []gateway.Fault) {
	return compileSource(whom, match, variables, b, func(c *compiler, plan *SourcePlan) {
		if dedupe != "" {
			plan.Dedupe = c.path("dedupe.id", dedupe)
		}
	})
}

func compileSource(
	whom Whom, match []gateway.Match, variables []gateway.Variable, b Bounds, ids func(*compiler, *SourcePlan),
) (*SourcePlan, []gateway.Fault) {
	c := newCompiler(b)
	c.builder.scoped = whom.Each.asked()
	list := c.listOf(whom.Each)
	c.builder.lists = c.outside(whom.Each, list)
	plan := &SourcePlan{Keys: c.keys(whom.Key), Aliases: c.aliases(whom.Aliases), Dedupe: NoSlot}
	ids(c, plan)
	plan.each = c.each(whom.Each, list, plan)
	plan.Rules = c.rules(match, variables)
	if c.faults != nil {
		return nil, c.faults
	}
	plan.Set, plan.whole = c.builder.Set(), c.whole
	return plan, nil
}

// Whole gives the places of paths that lead into the list of a request's callbacks, and do
// not begin with the item: they find the same for all of them.
func (p *SourcePlan) Whole() []string { return p.whole }
