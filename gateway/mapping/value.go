package mapping

// Kind is what a value is.
type Kind uint8

// The kinds of values. Text is what stands outside the body, in a header or the
// query: plain bytes, no JSON.
const (
	Missing Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
	Text
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

func kindOf(raw []byte) Kind {
	if len(raw) == 0 {
		return Missing
	}
	switch raw[0] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}

func valueOf(raw []byte) Value { return Value{Kind: kindOf(raw), Raw: raw} }

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
	if !hasEscape(inner) {
		return inner, scratch
	}
	scratch = appendUnescaped(scratch[:0], inner)
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
