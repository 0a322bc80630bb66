package jinja

import (
	"errors"
	"strings"
)

// Template is a text with expressions and statements in it. It never changes, and any
// number of renders may use it at once.
type Template struct {
	text   string
	body   block
	scope  *scope
	tags   int
	words  int
	plain  []piece // all of it, of a plain one; else nil
	escape Escape
}

// Parse compiles a template; the error is an *Error.
func Parse(text string, resolve Resolver) (*Template, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := parserOf(text, tokens, resolve)
	t := &Template{text: text, scope: p.scope, tags: countTags(tokens), words: len(tokens)}
	if t.body, _, err = p.block(); err != nil {
		return nil, err
	}
	err = p.bindAll()
	if err == nil { // only then is it known whose the names are
		t.plain = plainOf(t.body)
	}
	return t, err
}

// Tags is how many {{ … }} and {% … %} it has.
func (t *Template) Tags() int { return t.tags }

// Words is how many words and signs it was parsed from, texts between its tags too.
func (t *Template) Words() int { return t.words }

func countTags(tokens []token) (n int) {
	for i := range tokens {
		if k := tokens[i].kind; k == tokenOpenOutput || k == tokenOpenStatement {
			n++
		}
	}
	return n
}

// Append appends what the template renders to, at most so many bytes. The error is an
// *Error, and dst then comes back as it was.
func (t *Template) Append(dst []byte, most int, env Env) ([]byte, error) {
	if t.plain != nil {
		if out, done := t.appendPlain(dst, most, env); done {
			return out, nil
		}
	}
	r := begin(env, len(t.scope.slots))
	defer r.end()
	r.out, r.most, r.escape = dst, len(dst)+most, t.escape
	if err := t.body.run(r); err != nil {
		return dst, t.fault(err)
	}
	return r.out, nil
}

func (t *Template) fault(err error) error {
	at := 0
	var where *placedError
	if errors.As(err, &where) {
		at, err = where.at, where.err
	}
	fault := errorAt(t.text, at, err.Error())
	if errors.Is(err, ErrSize) {
		fault.Cause = ErrSize
	}
	return fault
}

// Expression is one expression on its own.
type Expression struct {
	text  string
	of    expression
	given *name // what its filters are given; nil: no name, or one of them is default
}

// ParseExpression compiles an expression, without {{ }}; the error is an *Error.
func ParseExpression(text string, resolve Resolver) (*Expression, error) {
	tokens, err := lexExpression(text)
	if err != nil {
		return nil, err
	}
	p := parserOf(text, tokens, resolve)
	x := &Expression{text: text}
	if x.of, err = p.tuple(true, false); err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return nil, p.fail(t.at, t.says()+" stands where the expression should end")
	}
	x.given = givenTo(x.of)
	return x, p.bindAll()
}

func givenTo(x expression) *name {
	for {
		f, is := x.(*filtered)
		if !is {
			n, _ := x.(*name)
			return n
		}
		if f.name == "default" || f.name == "d" {
			return nil
		}
		x = f.of
	}
}

// GivenNothing says whether all that its filters are given is missing or null, and none
// of them is default, which is there for that.
func (x *Expression) GivenNothing(env Env) (bool, error) {
	if x.given == nil {
		return false, nil
	}
	r := begin(env, 0)
	defer r.end()
	v, err := x.given.value(r)
	return v.kind == Undefined || v.kind == None, err
}

// Lone gives the expression of a template that is one {{ … }} and nothing else.
func (t *Template) Lone() *Expression {
	if len(t.body) != 1 {
		return nil
	}
	if o, is := t.body[0].(*output); is {
		return &Expression{text: t.text, of: o.of}
	}
	return nil
}

// Constant gives the text of a template without expressions and statements.
func (t *Template) Constant() (text string, is bool) {
	var b strings.Builder
	for _, s := range t.body {
		w, is := s.(words)
		if !is {
			return "", false
		}
		b.WriteString(string(w))
	}
	return b.String(), true
}

// AppendJSON appends the value of the expression as JSON, at most so many bytes; there
// is none of what is missing or null. The error is an *Error, and dst then comes back
// as it was.
func (x *Expression) AppendJSON(dst []byte, most int, env Env) (out []byte, found bool, err error) {
	if out, done := x.appendPlain(dst, most, env); done {
		return out, true, nil
	}
	r := begin(env, 0)
	defer r.end()
	v, err := x.of.value(r)
	if err == nil && (v.kind == List || v.kind == Dict) {
		err = r.printable(v, 0)
	}
	if err == nil && v.kind == Float && !v.raw {
		err = finite(v.double())
	}
	if err != nil {
		return dst, false, (&Template{text: x.text}).fault(err)
	}
	if v.kind == Undefined || v.kind == None {
		return dst, false, nil
	}
	if out = v.appendJSON(dst); len(out)-len(dst) > most {
		return dst, false, (&Template{text: x.text}).fault(ErrSize)
	}
	return out, true, nil
}
