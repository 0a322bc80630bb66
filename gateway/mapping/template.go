package mapping

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"hookgate/gateway/mapping/jinja"
)

// MaxTemplate is the longest template in bytes, and maxTags how many statements and
// expressions the templates of one Builder may have.
const (
	MaxTemplate = 64 << 10
	maxTags     = 4096
)

// Names says where the bare names of templates stand from now on: at the first of some
// places where something is, and null is nothing.
func (b *Builder) Names(resolve func(name string) (places [][]string)) { b.resolve = resolve }

// Template compiles a template; the error is a *PathError.
func (b *Builder) Template(text string) (*Template, error) {
	switch {
	case len(text) > MaxTemplate:
		return nil, pathError(MaxTemplate, "a template has at most %d KiB", MaxTemplate>>10)
	case !utf8.ValidString(text):
		return nil, pathError(0, "a template is UTF-8")
	}
	parsed, err := jinja.Parse(text, resolver(b.name))
	if err != nil {
		return nil, jinjaFault(err)
	}
	if b.tags += parsed.Tags(); b.tags > maxTags {
		return nil, pathError(0, "all templates together have at most %d expressions and statements", maxTags)
	}
	if constant, is := parsed.Constant(); is {
		return Literal(constant), nil
	}
	b.words += parsed.Words()
	return &Template{parsed: parsed}, nil
}

// jinjaFault is a fault of a template as one of ours.
func jinjaFault(err error) error {
	var fault *jinja.Error
	if !errors.As(err, &fault) {
		return pathError(0, "%v", err)
	}
	return &PathError{At: fault.At, Line: fault.Line, Column: fault.Column, Rule: fault.Rule}
}

// Literal gives a template that renders to text as it stands: nothing in it is an
// expression.
func Literal(text string) *Template { return &Template{constant: text} }

// Template is a text with expressions and statements in it. It never changes, and
// any number of requests may be rendered with it at once.
type Template struct {
	parsed   *jinja.Template // nil: constant is all of it
	constant string
}

// Escape is how a template writes what its expressions print.
type Escape = jinja.Escape

// The ways to escape: see package jinja.
const (
	EscapeNone = jinja.EscapeNone
	EscapeHTML = jinja.EscapeHTML
	EscapeJSON = jinja.EscapeJSON
	EscapeURL  = jinja.EscapeURL
)

// Escaping gives the template as one that escapes what its expressions print.
func (t *Template) Escaping(e Escape) *Template {
	if t.parsed == nil {
		return t
	}
	return &Template{parsed: t.parsed.Escaping(e)}
}

// Append appends what the template renders to. The error is a *RenderError, and
// dst then comes back as it was.
func (t *Template) Append(dst []byte, v *Values) ([]byte, error) {
	if err := v.open(); err != nil {
		return v.finish(dst, dst, "", err)
	}
	out, err := t.append(dst, maxRendered-v.written, v)
	return v.finish(dst, out, "", err)
}

// append is Append between open and finish, of at most so many bytes.
func (t *Template) append(dst []byte, most int, v *Values) ([]byte, error) {
	if t.parsed != nil {
		return t.parsed.Append(dst, most, (*environment)(v))
	}
	if len(t.constant) > most {
		return dst, jinja.ErrSize
	}
	return append(dst, t.constant...), nil
}

// Constant gives the text of a template without any expression.
func (t *Template) Constant() (text string, is bool) { return t.constant, t.parsed == nil }

// lone gives the expression of a template that is one {{ … }} and nothing else; nil
// for any other.
func (t *Template) lone() *jinja.Expression {
	if t.parsed == nil {
		return nil
	}
	return t.parsed.Lone()
}

// RenderError says why a template does not render; it quotes no value.
type RenderError struct {
	Path string // within a Body; "" for a Template
	Rule string
	Size bool // it would be larger than it may be: see Values.Within
}

func (e *RenderError) Error() string {
	if e.Path == "" {
		return e.Rule
	}
	return e.Path + ": " + e.Rule
}

// renderError says where in the template, too, where that is known.
func renderError(path string, err error) *RenderError {
	var fault *jinja.Error
	if errors.As(err, &fault) {
		return &RenderError{path, fmt.Sprintf("line %d, column %d: %s", fault.Line, fault.Column, fault.Rule), errors.Is(err, jinja.ErrSize)}
	}
	return &RenderError{path, err.Error(), errors.Is(err, jinja.ErrSize)}
}
