package mapping

import "hookgate/gateway"

// SKELETON by the integrator: signatures are agreed, bodies are the mapping helper's.

// Names says where the bare names of templates stand from now on: at path, or at
// otherwise (nil: nowhere) where path finds nothing.
func (b *Builder) Names(resolve func(name string) (path, otherwise []string)) { panic("skeleton") }

// Template compiles a template; the error is a *PathError.
func (b *Builder) Template(text string) (*Template, error) { panic("skeleton") }

// Body compiles the body of a request: a string is one template, else the string
// leaves are. Faults are placed within it: "a.b[0]".
func (b *Builder) Body(raw gateway.Raw) (*Body, []gateway.Fault) { panic("skeleton") }

// Template is a text with expressions and statements in it.
type Template struct{}

// Append appends what the template renders to. The error is a *RenderError.
func (t *Template) Append(dst []byte, v *Values) ([]byte, error) { panic("skeleton") }

// Constant gives the text of a template without any expression.
func (t *Template) Constant() (text string, is bool) { panic("skeleton") }

// Body is a compiled request body.
type Body struct{}

// IsText says whether the body is one template, which may render to anything.
func (b *Body) IsText() bool { panic("skeleton") }

// Append appends the rendered body. The error is a *RenderError, its Path within the body.
func (b *Body) Append(dst []byte, v *Values) ([]byte, error) { panic("skeleton") }

// RenderError says why a template does not render; it quotes no value.
type RenderError struct {
	Path string // within a Body; "" for a Template
	Rule string
}

func (e *RenderError) Error() string { return e.Rule }

// Explained is how one variable came to its value, for people who set one up.
type Explained struct {
	Name, Path string
	Found      gateway.Raw // what the path found, as JSON; nil: nothing
	Value      gateway.Raw // what the variable became; nil: it is left out
	Problem    string      // why there is no value, or not the one that was found
}

// Explain tells of every variable of an outcome.
func (r *Rules) Explain(v *Values, verdict Verdict) []Explained { panic("skeleton") }
