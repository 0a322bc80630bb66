package directory

import (
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// BodyType is what the Content-Type of a call's request says of its body.
type BodyType uint8

// The types of bodies that are told apart (SPEC 15, "What goes out").
const (
	JSONBody  BodyType = iota
	FormBody           // an object is sent as a form
	OtherBody          // a text is sent as it is rendered
)

const contentType = "Content-Type"

// BodyTypeOf reads the value of a Content-Type; names of media types have no case, and
// parameters change nothing.
func BodyTypeOf(value string) BodyType {
	essence, _, _ := strings.Cut(value, ";")
	essence = strings.TrimSpace(essence)
	for _, name := range [...]string{"application/json", "text/json", "application/x-json"} {
		if strings.EqualFold(essence, name) {
			return JSONBody
		}
	}
	const plus = "+json"
	switch at := len(essence) - len(plus); {
	case at > 0 && strings.EqualFold(essence[at:], plus):
		return JSONBody
	case strings.EqualFold(essence, "application/x-www-form-urlencoded"):
		return FormBody
	}
	return OtherBody
}

// checkBodyType refuses what is no text under a type that it cannot be sent as. What a
// header renders to is judged with the call; and what was stored before there was this
// rule goes out as it did.
func (w *Webhook) checkBodyType(o Options, f *faults) {
	written := w.Profile != gateway.ProfileBuilder || w.Body != nil && !w.Body.IsText()
	value, is := w.constantType()
	if o.Stored || !written || !is {
		return
	}
	isObject := w.Profile != gateway.ProfileBuilder || w.Body.IsObject()
	place := fields.Member("headers", contentType)
	switch kind := BodyTypeOf(value); {
	case kind == FormBody && !isObject:
		f.add("body", "is no object, and %s says that it is a form: write its fields as an object, or all of it as one text", place)
	case kind == OtherBody:
		f.add("body", "is JSON, and %s says something else: write it as one text, or send it as JSON or as a form", place)
	}
}

// constantType gives the Content-Type that is one of its own headers; false where it
// has none, or one that is rendered.
func (w *Webhook) constantType() (value string, is bool) {
	for _, field := range w.Fields {
		if strings.EqualFold(field.Name, contentType) && field.Value != nil {
			return field.Value.Constant()
		}
	}
	return "", false
}
