package directory

import (
	"hookgate/gateway/mapping"
)

// bodyAuto reads a body by its Content-Type.
const bodyAuto = "auto"

// compileForm compiles how a body is read.
func compileForm(word string, f *faults) mapping.Form {
	form, known := mapping.FormOf(word)
	if !known {
		f.add("body", "is %q: must be auto, json, form or text", word)
	}
	return form
}

// compileUnwrap compiles what is taken out of a body: what was configured, or else what
// the provider wraps (SPEC 15 and 17).
func compileUnwrap(path, provider string, b mapping.Bounds, f *faults) *mapping.Unwrap {
	if path != "" {
		u, more := mapping.CompileUnwrap(path, b)
		*f = append(*f, more...)
		return u
	}
	switch provider {
	case "slack", "github", "gitea": // interactive messages; hooks that are sent as forms
		return mapping.UnwrapForms("payload", b)
	case "aws-sns", "sns":
		return mapping.UnwrapTexts("Message", b)
	}
	return nil
}

// compileReading compiles how paths look into the body of a relayed request.
func (r *Route) compileReading(o Options, f *faults) {
	provider := ""
	if r.Spec.Verify != nil {
		provider = r.Spec.Verify.Type
	}
	r.Form, r.Unwrap = compileForm(r.Spec.Body, f), compileUnwrap(r.Spec.Unwrap, provider, o.Mapping, f)
}
