package jinja

// Resolver says where in the document a name stands, with the constant steps that
// follow it; the first step is the name. The places are what Env.Raw is asked for.
type Resolver func(steps []Step) (place int, err error)

// A text is parsed by three that know each other downwards, and meet again in what
// stands in brackets: statements are made of expressions, these of operands.
type (
	// statements parses {% … %}, {{ … }} and the text between.
	statements struct{ *expressions }
	// expressions parses operators, by their ranks.
	expressions struct {
		*names
		operands *operands
	}
	// operands parses values, and what binds closest to them: members, calls, filters
	// and tests.
	operands struct {
		*names
		expressions *expressions
	}
)

// parserOf gives what parses these tokens.
func parserOf(text string, tokens []token, resolve Resolver) *statements {
	shared := &names{reader: &reader{text: text, tokens: tokens}, resolve: resolve}
	x := &expressions{names: shared}
	x.operands = &operands{names: shared, expressions: x}
	shared.open()
	return &statements{x}
}
