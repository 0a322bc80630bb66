package mapping

import (
	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
)

// Kind is what a value is: one of the kinds of JSON, or Text.
type Kind = rawjson.Kind

// The kinds of values. Text is what stands outside the body, in a header or the
// query: plain bytes, no JSON.
const (
	Missing = rawjson.Missing
	Null    = rawjson.Null
	Bool    = rawjson.Bool
	Number  = rawjson.Number
	String  = rawjson.String
	Array   = rawjson.Array
	Object  = rawjson.Object
	Text    = rawjson.Object + 1
)

// Value is what a path found. Raw is JSON as it lies in the body, or the plain
// bytes of a Text; it shares the callback's memory.
type Value struct {
	Kind Kind
	// Loose values are text whatever they look like, and compare as text: headers,
	// queries and form fields (SPEC 14).
	Loose bool
	Raw   []byte
}

func valueOf(raw []byte) Value { return Value{Kind: rawjson.KindOf(raw), Raw: raw} }

// IsScalar says whether the value has a text: a string, number or boolean.
func (v Value) IsScalar() bool {
	return v.Kind == String || v.Kind == Number || v.Kind == Bool || v.Kind == Text
}

// text gives the text of a scalar; scratch is used where a string has escapes.
func (v Value) text(scratch []byte) (text, used []byte) {
	if v.Kind != String {
		return v.Raw, scratch
	}
	inner := v.Raw[1 : len(v.Raw)-1]
	if !rawjson.HasEscape(inner) {
		return inner, scratch
	}
	scratch = rawjson.AppendUnescaped(scratch[:0], inner)
	return scratch, scratch
}

// AppendJSON appends the value as JSON; what is missing is null.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.Kind {
	case Missing:
		return append(dst, "null"...)
	case Text:
		return appendJSONText(dst, v.Raw)
	}
	return append(dst, v.Raw...)
}

// Text gives the text of a scalar: a string without quotes and escapes, a number
// or boolean as written. scratch is used where a string has escapes.
func (v Value) Text(scratch []byte) (text []byte, ok bool) {
	if !v.IsScalar() {
		return nil, false
	}
	text, _ = v.text(scratch)
	return text, true
}

// appendJSONText appends text as a JSON string.
func appendJSONText(dst, text []byte) []byte { return gateway.AppendString(dst, rawjson.View(text)) }
