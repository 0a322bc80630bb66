package directory

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// request makes the templates of one webhook's request: those of profile builder
// are parsed, what the others write stands for itself.
type request struct {
	builder *mapping.Builder
	literal bool
	o       Options
	f       *faults
}

func (w *Webhook) compileRequest(o Options, f *faults) {
	r := request{builder: mapping.NewBuilder(), literal: w.Profile != gateway.ProfileBuilder, o: o, f: f}
	r.builder.Names(standsAt)
	w.URL = r.url(w.Spec.URL)
	w.Query = r.query(w.Spec.Query)
	w.Fields = r.headers(w.Spec.Headers)
	if h := compileAuth(w.Spec.Auth, o, f); h.Name != "" {
		w.Own = []Header{h}
	}
	w.body(&r)
	w.checkBodyType(o, f)
	w.Templates = r.builder.Set()
	w.checkClashes(f)
}

// template compiles one text. secret keeps the text out of the fault: the parser
// quotes what it does not understand.
func (r *request) template(place, text string, secret bool) *mapping.Template {
	if r.literal {
		return mapping.Literal(text)
	}
	t, err := r.builder.Template(text)
	if err == nil {
		return t
	}
	if at, known := errors.AsType[*mapping.PathError](err); known && secret {
		r.f.add(place, "is no template that can be rendered: see what stands at its byte %d", at.At)
	} else {
		r.f.add(place, "%v", err)
	}
	return nil
}

// url checks a constant URL here; one that is rendered is checked before it is
// dialled, and only its beginning is known.
func (r *request) url(text string) *mapping.Template {
	if text == "" {
		r.f.add("url", "is missing")
		return nil
	}
	t := r.template("url", text, false)
	if t == nil {
		return nil
	}
	if constant, is := t.Constant(); is {
		r.f.url(constant, false, r.o)
	} else if !gateway.IsWebURL(text) && !strings.HasPrefix(text, "{{") {
		r.f.add("url", "must begin with http://, https:// or {{")
	}
	return t
}

func (r *request) query(set gateway.Members[string]) []TemplateField {
	if len(set) > maxQuery {
		r.f.add("query", "has %d: at most %d", len(set), maxQuery)
		return nil
	}
	list := make([]TemplateField, 0, len(set))
	for _, param := range set {
		name := param.Name
		place := fields.Member("query", name)
		if name == "" || len(name) > maxQueryName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
			r.f.add(place, "must have a name of 1 to %d bytes, without control characters", maxQueryName)
		}
		list = append(list, TemplateField{name, r.template(place, param.Value, false)})
	}
	return list
}

// headers checks names here, and values that are constant; a value that is
// rendered is checked then.
func (r *request) headers(set gateway.Headers) []TemplateField {
	list := make([]TemplateField, 0, len(set))
	listHeaders("headers", set, r.f, func(place string, h Header) {
		t := r.template(place, h.Value, true)
		list = append(list, TemplateField{h.Name, t})
		if t != nil {
			h.Value, _ = t.Constant()
		}
		r.f.header(place, h, r.o)
	})
	return list
}

// body takes what a profile makes of body.
func (w *Webhook) body(r *request) {
	if w.Spec.Body == nil {
		return
	}
	raw := *w.Spec.Body
	switch {
	case len(raw) > maxCallBody:
		r.f.add("body", "has %d bytes: at most %d", len(raw), maxCallBody)
	case w.Profile == gateway.ProfileBuilder:
		body, more := r.builder.Body(raw)
		r.f.under("body", more)
		w.Body = body
	case w.Profile != gateway.ProfileCampaign:
		r.f.add("body", "is made by profile %s itself: remove it", w.Profile)
	case !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")):
		r.f.add("body", "must be an object: its members go along beside those of profile %s", w.Profile)
	default:
		w.Extra = raw
	}
}

// checkClashes finds headers of its own that something else of it sets too.
func (w *Webhook) checkClashes(f *faults) {
	clash := func(name, with string) {
		for _, field := range w.Fields {
			if strings.EqualFold(field.Name, name) {
				f.add(fields.Member("headers", field.Name), "is set by %s too: leave one of them out", with)
			}
		}
	}
	for _, h := range w.Own {
		clash(h.Name, "auth")
	}
	if w.Signer != nil {
		w.Signer.Sign(signature.Message{}, func(name string, _ []byte) {
			clash(name, "sign")
			if has(w.Own, name) {
				f.add("auth.name", "is %s, which sign sets too", name)
			}
		})
	}
}
