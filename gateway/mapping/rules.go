package mapping

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"hookgate/gateway"
)

// maxMatches and maxWhen bound what one callback is compared with.
const (
	maxMatches = 50
	maxWhen    = 20
)

// Rules say which outcome a callback is, and what of it goes into the flow.
type Rules struct {
	entries   []entry
	variables []variable
	most      int // bytes of all variables together
}

type entry struct {
	verdict   Verdict
	when      []condition
	own       bool // variables replace the list outside
	variables []variable
}

// Verdict is the outcome that a callback fits.
type Verdict struct {
	Name   string // of the match entry; "" where none are listed
	Branch gateway.Branch
	entry  int // 1 for the first
}

// Fit gives the first outcome whose conditions all hold. None listed: every
// callback is a success. It is false for a callback that fits none, and for one of
// which Values.Err says why that is not known.
func (r *Rules) Fit(v *Values) (Verdict, bool) {
	if len(r.entries) == 0 {
		return Verdict{Branch: gateway.Success}, true
	}
	defer v.work.Rest()
	for i := range r.entries {
		switch fits := r.entries[i].fits(v); {
		case v.work.Over():
			return Verdict{}, false
		case fits:
			return r.entries[i].verdict, true
		}
	}
	return Verdict{}, false
}

func (e *entry) fits(v *Values) bool { return allHold(e.when, v) }

func allHold(when []condition, v *Values) bool {
	for i := range when {
		if !when[i].holds(v) {
			return false
		}
	}
	return true
}

// AppendVariables appends the variables of an outcome as a JSON object, in the
// order they are listed, or gives dst as it was and says why there are none: a
// MissingVariable, ErrVariablesTooLarge, or what Values.Err gives.
func (r *Rules) AppendVariables(dst []byte, v *Values, verdict Verdict) ([]byte, error) {
	defer v.work.Rest()
	return appendVariables(dst, r.of(verdict), v, r.most)
}

// of gives the variables of an outcome.
func (r *Rules) of(verdict Verdict) []variable {
	if verdict.entry > 0 && r.entries[verdict.entry-1].own {
		return r.entries[verdict.entry-1].variables
	}
	return r.variables
}

// compiler gathers the paths and the faults of what is compiled together.
type compiler struct {
	builder     *Builder
	faults      []gateway.Fault
	conditioned int      // conditions of the list that is compiled
	whole       []string // the places of paths that lead into a list of callbacks
}

func newCompiler(b Bounds) *compiler { return &compiler{builder: newBuilder(b)} }

func (c *compiler) fault(place, format string, args ...any) {
	c.faults = append(c.faults, gateway.Fault{Path: place, Message: fmt.Sprintf(format, args...)})
}

func (c *compiler) path(place, path string) Slot {
	slot, err := c.builder.Path(path)
	if err != nil {
		c.fault(place, "%v", err)
	} else if c.builder.slots[slot].whole {
		c.whole = append(c.whole, place)
	}
	return slot
}

func index(place string, i int) string { return fmt.Sprintf("%s[%d]", place, i) }

func (c *compiler) rules(match []gateway.Match, variables []gateway.Variable) Rules {
	r := Rules{variables: c.variables("variables", variables), most: c.builder.bounds.Variables}
	if len(match) > maxMatches {
		c.fault("match", "at most %d outcomes are listed", maxMatches)
		return r
	}
	known := make(map[string]bool, len(match))
	for i, m := range match {
		place := index("match", i)
		switch {
		case !isMatchName(m.Name):
			c.fault(place+".name", "a name has 1 to %d characters, all of them visible", maxName)
		case known[m.Name]:
			c.fault(place+".name", "the name %s is there twice", m.Name)
		}
		known[m.Name] = true
		r.entries = append(r.entries, c.entry(place, i, m))
	}
	return r
}

// isMatchName says whether a name may be shown to people and in logs.
func isMatchName(name string) bool {
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName {
		return false
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func (c *compiler) entry(place string, i int, m gateway.Match) entry {
	e := entry{verdict: Verdict{Name: m.Name, Branch: m.Branch, entry: i + 1}, own: m.Variables != nil}
	if m.Branch != gateway.Success && m.Branch != gateway.Failure {
		c.fault(place+".branch", "a branch is %s or %s", gateway.Success, gateway.Failure)
	}
	if e.when = c.conditions(place+".when", m.When, maxWhen); len(m.When) > maxWhen {
		return e
	}
	e.variables = c.variables(place+".variables", m.Variables)
	return e
}

// Program is a wait's own match and variables.
type Program struct {
	Set   *Set
	Rules Rules
}

// Size is about how many bytes of memory it takes beside those of the lists that it
// was compiled from.
func (p *Program) Size() int { return p.Set.Memory() }

// Compile compiles the match and variables of a wait. The faults name places
// such as match[1].when[0].regex; where there are any, the Program is nil.
func Compile(match []gateway.Match, variables []gateway.Variable, b Bounds) (*Program, []gateway.Fault) {
	return compile(newCompiler(b), match, variables)
}

// CompileForItems is Compile for a wait at a source whose requests bring several
// callbacks: its paths may begin with the item.
func CompileForItems(match []gateway.Match, variables []gateway.Variable, b Bounds) (*Program, []gateway.Fault) {
	c := newCompiler(b)
	c.builder.scoped = true
	return compile(c, match, variables)
}

func compile(c *compiler, match []gateway.Match, variables []gateway.Variable) (*Program, []gateway.Fault) {
	rules := c.rules(match, variables)
	if c.faults != nil {
		return nil, c.faults
	}
	return &Program{Set: c.builder.Set(), Rules: rules}, nil
}
