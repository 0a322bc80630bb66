package jsonpath

import (
	"errors"
	"hookgate/gateway/mapping/rawjson"
	"regexp/syntax"
)

// word reads true, false, null, or a function with its arguments
// (RFC 9535, 2.4).
func (p *queryParser) word() (term, error) {
	start := p.at
	for c := p.peek(); c >= 'a' && c <= 'z' || c == '_' || c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	name := p.text[start:p.at]
	if p.peek() != '(' {
		switch name {
		case "true", "false", "null":
			return term{operand: literal(name)}, nil
		}
		return term{}, rawjson.Faultf(start, "%s is neither a literal nor a function", name)
	}
	p.at++
	args, err := p.arguments()
	if err != nil {
		return term{}, err
	}
	t, err := p.function(name, args, start)
	t.function = name
	return t, err
}

// argument is a term and where it stands.
type argument struct {
	term
	at int
}

func (p *queryParser) arguments() ([]argument, error) {
	var args []argument
	p.blank()
	if p.take(")") {
		return nil, nil
	}
	for {
		start := p.at
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		args = append(args, argument{t, start})
		p.blank()
		switch {
		case p.take(")"):
			return args, nil
		case !p.take(","):
			return nil, p.fault("a comma or the closing parenthesis is missing")
		}
		p.blank()
	}
}

func (p *queryParser) function(name string, args []argument, at int) (term, error) {
	want := 1
	if name == "match" || name == "search" {
		want = 2
	}
	if len(args) != want {
		return term{}, rawjson.Faultf(at, "%s() takes %d arguments", name, want)
	}
	switch name {
	case "length":
		of, err := args[0].asOperand(args[0].at)
		return term{operand: lengthOf{of}}, err
	case "count", "value":
		of := args[0].query
		if of == nil {
			return term{}, rawjson.Faultf(args[0].at, "%s() takes a path", name)
		}
		if name == "count" {
			return term{operand: countOf{of}}, nil
		}
		return term{operand: single{of}}, nil
	case "match", "search":
		return p.matchFunction(name, args)
	}
	return term{}, rawjson.Faultf(at, "there is no function %s(): length, count, match, search, value", name)
}

func (p *queryParser) matchFunction(name string, args []argument) (term, error) {
	text, err := args[0].asOperand(args[0].at)
	if err != nil {
		return term{}, err
	}
	pattern, err := args[1].asOperand(args[1].at)
	if err != nil {
		return term{}, err
	}
	m := &matching{text: text, pattern: pattern, whole: name == "match", most: p.patterns.Most()}
	fixed, ok := pattern.(literal)
	if !ok || rawjson.KindOf(fixed) != rawjson.String {
		return term{logical: m}, nil
	}
	m.isFixed = true
	m.fixed, err = iRegexp(p.patterns, rawjson.Unescaped(fixed[1:len(fixed)-1]), m.whole)
	var bad *syntax.Error
	if err != nil && !errors.As(err, &bad) {
		return term{}, rawjson.Faultf(args[1].at, "%v", err)
	}
	return term{logical: m}, nil // what is no pattern matches nothing (RFC 9535, 2.4.6)
}
