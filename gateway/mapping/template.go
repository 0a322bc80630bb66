package mapping

import (
	"fmt"
	"unicode/utf8"
)

// MaxTemplate is the longest template in bytes.
const MaxTemplate = 64 << 10

// Names says where the bare names of templates stand from now on: at path, or at
// otherwise (nil: nowhere) where nothing is at path, not even null. A nil path is
// the name itself, at the top of the document.
func (b *Builder) Names(resolve func(name string) (path, otherwise []string)) { b.resolve = resolve }

// Template compiles a template; the error is a *PathError.
func (b *Builder) Template(text string) (*Template, error) {
	switch {
	case len(text) > MaxTemplate:
		return nil, pathError(MaxTemplate, "a template has at most %d KiB", MaxTemplate>>10)
	case !utf8.ValidString(text):
		return nil, pathError(0, "a template is UTF-8")
	}
	c := templateCompiler{scan: scanner{text: text}, builder: b, scope: newScope(nil, 0)}
	return c.template()
}

// Literal gives a template that renders to text as it stands: nothing in it is an
// expression.
func Literal(text string) *Template {
	if text == "" {
		return &Template{}
	}
	return &Template{ops: []op{words(text)}}
}

// Template is a text with expressions and statements in it. It never changes, and
// any number of requests may be rendered with it at once.
type Template struct {
	ops       []op
	registers int // how many values its statements give a name
}

// Append appends what the template renders to. The error is a *RenderError, and
// dst then comes back as it was.
func (t *Template) Append(dst []byte, v *Values) ([]byte, error) {
	err := v.open(dst)
	if err == nil {
		err = t.render(v)
	}
	return v.finish(dst, "", err)
}

// Constant gives the text of a template without any expression.
func (t *Template) Constant() (text string, is bool) {
	switch len(t.ops) {
	case 0:
		return "", true
	case 1:
		only, is := t.ops[0].(words)
		return string(only), is
	}
	return "", false
}

// lone gives the valuer of a template that is one {{ … }} and nothing else.
func (t *Template) lone() *output {
	if len(t.ops) != 1 {
		return nil
	}
	only, _ := t.ops[0].(*output)
	return only
}

// RenderError says why a template does not render; it quotes no value.
type RenderError struct {
	Path string // within a Body; "" for a Template
	Rule string
}

func (e *RenderError) Error() string {
	if e.Path == "" {
		return e.Rule
	}
	return e.Path + ": " + e.Rule
}

// placedError is where in a template something went wrong.
type placedError struct {
	at  int
	err error
}

func (e *placedError) Error() string { return fmt.Sprintf("at %d: %v", e.at, e.err) }
