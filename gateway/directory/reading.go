package directory

import (
	"hookgate/auth/signature"
	"hookgate/gateway/mapping"
)

// bodyAuto reads a body by its Content-Type.
const bodyAuto = "auto"

// wholeBody is the path of all of a body: with it nothing is unwrapped, and there may be
// none.
const wholeBody = "$"

// compileForm compiles how a body is read.
func compileForm(word string, f *faults) mapping.Form {
	form, known := mapping.FormOf(word)
	if !known {
		f.add("body", "is %q: must be auto, json, form or text", word)
	}
	return form
}

// compileUnwrap compiles what is taken out of a body: what was configured, or else what
// the provider wraps (SPEC 15 and 17). own is the provider's delivery id, which stands
// beside it.
func compileUnwrap(path, provider, own string, b mapping.Bounds, f *faults) *mapping.Unwrap {
	if path == wholeBody {
		return nil
	}
	if path != "" {
		u, more := mapping.CompileUnwrap(path, own, b)
		*f = append(*f, more...)
		return u
	}
	switch provider {
	case "slack", "github", "gitea": // interactive messages; hooks that are sent as forms
		return mapping.UnwrapForms("payload", own, b)
	case "aws-sns", "sns":
		return mapping.UnwrapTexts("Message", own, b)
	}
	return nil
}

// ownID gives the place of a provider's delivery id in its bodies, where repeats are known
// by it; "" where they are known by what was configured, or by more than one place.
func ownID(configured string, v *signature.Verifier) string {
	if v == nil || !plain(v.Identities()) || configured != "" && configured != v.DeliveryID() {
		return ""
	}
	return v.DeliveryID()
}

// compileReading compiles how paths look into the body of a relayed request.
func (r *Route) compileReading(o Options, f *faults) {
	provider := ""
	if r.Spec.Verify != nil {
		provider = r.Spec.Verify.Type
	}
	r.Form = compileForm(r.Spec.Body, f)
	r.Unwrap = compileUnwrap(r.Spec.Unwrap, provider, ownID(r.Spec.Dedupe.ID, r.Verifier), o.Mapping, f)
}
