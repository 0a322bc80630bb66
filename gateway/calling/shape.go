package calling

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// shape brings the body into the form that the request's Content-Type says: an object
// becomes a form, and a text that says JSON is held to it. Nothing is sent that its
// receiver could not read.
func (k *call) shape() done {
	if len(k.body) == 0 {
		return false
	}
	kind, rendered := k.bodyType()
	isText := k.Webhook.Body.IsText()
	switch {
	case isText && kind == directory.JSONBody:
		return k.holdToJSON()
	case isText || kind == directory.JSONBody:
		return false
	case kind == directory.FormBody && k.body[0] == '{':
		return k.toForm()
	case rendered:
		return k.fail(gateway.CallTemplate, gateway.Fault{Path: "body", Message: "is JSON, and the Content-Type that was rendered says something else"})
	}
	return false // it was written before there was a rule, or the type is the tenant's
}

// bodyType is what the request says of its body; rendered, whether a template said so.
func (k *call) bodyType() (kind directory.BodyType, rendered bool) {
	i := fieldAt(k.fields, contentType)
	if i < 0 {
		return directory.JSONBody, false
	}
	for _, own := range k.Webhook.Fields {
		if strings.EqualFold(own.Name, contentType) {
			_, constant := own.Value.Constant()
			rendered = !constant
		}
	}
	return directory.BodyTypeOf(k.fields[i][1]), rendered
}

// holdToJSON fails a call whose text is no JSON. White space alone is no body.
func (k *call) holdToJSON() done {
	if mapping.Valid(k.body) {
		return false
	}
	if len(bytes.TrimSpace(k.body)) == 0 {
		k.body = k.body[:0]
		return false
	}
	rule := fields.Fault(k.body)
	if rule == "" {
		rule = "is not valid JSON"
	}
	return k.fail(gateway.CallTemplate, gateway.Fault{Path: "body", Message: "is sent as JSON, and what it renders to " + rule})
}

// toForm makes a form of the object that the body is.
func (k *call) toForm() done {
	form, fits := appendForm(k.query[:0], k.body, k.bound-len(k.text))
	if !fits {
		return k.failTemplate("body", nil)
	}
	k.query, k.body = k.body, form
	return false
}

// appendForm appends the members of an object as application/x-www-form-urlencoded, in
// their order: of a list each item under the same name, an object as JSON, and null not
// at all (SPEC 17, "Out"). It ends where it has appended more than most bytes: a long name
// and a long list, which are small, make a form of any size.
func appendForm(dst, object []byte, most int) (form []byte, fits bool) {
	start := len(dst)
	field := func(name string, value gjson.Result) bool {
		if value.Type == gjson.Null {
			return true
		}
		if len(dst) > start {
			dst = append(dst, '&')
		}
		dst = append(appendPlus(dst, name), '=')
		if value.Type == gjson.String {
			dst = appendPlus(dst, value.Str)
		} else {
			dst = appendPlus(dst, value.Raw)
		}
		return len(dst)-start <= most
	}
	fits = true
	gjson.ParseBytes(object).ForEach(func(name, value gjson.Result) bool {
		if !value.IsArray() {
			fits = field(name.Str, value)
			return fits
		}
		value.ForEach(func(_, item gjson.Result) bool {
			fits = field(name.Str, item)
			return fits
		})
		return fits
	})
	return dst, fits
}
