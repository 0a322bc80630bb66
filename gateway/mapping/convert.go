package mapping

import (
	"bytes"
	"hookgate/gateway/mapping/rawjson"
	"hookgate/gateway/mapping/work"
	"strings"
)

// asIs keeps the JSON type; null stays null.
func asIs(dst []byte, value Value, v *Values) ([]byte, bool) {
	if value.Kind == Missing {
		return dst, false
	}
	return v.copied(dst, value)
}

// copied appends the JSON of a value.
func (v *Values) copied(dst []byte, value Value) ([]byte, bool) {
	if !v.fitting(len(value.Raw)) {
		return dst, false
	}
	return value.AppendJSON(dst), true
}

// fitting says whether so many bytes more may be appended.
func (v *Values) fitting(n int) bool {
	if v.room >= n {
		return v.work.Spend(work.Item + n)
	}
	v.room = -1
	return false
}

// toText renders numbers as they are written, and booleans.
func toText(dst []byte, value Value, v *Values) ([]byte, bool) {
	switch value.Kind {
	case String, Text:
		return v.copied(dst, value)
	case Number, Bool:
		if !v.fitting(len(value.Raw)) {
			return dst, false
		}
		dst = append(dst, '"')
		dst = append(dst, value.Raw...)
		return append(dst, '"'), true
	}
	return dst, false
}

// toNumber copies the literal, so that no digit is lost.
func toNumber(dst []byte, value Value, v *Values) ([]byte, bool) {
	if !value.IsScalar() || value.Kind == Bool {
		return dst, false
	}
	text, ok := v.text(value)
	literal := bytes.TrimSpace(text)
	if !ok || !rawjson.IsNumber(literal) || !v.fitting(len(literal)) {
		return dst, false
	}
	return append(dst, literal...), true
}

func toBoolean(dst []byte, value Value, v *Values) ([]byte, bool) {
	if !value.IsScalar() {
		return dst, false
	}
	text, ok := v.text(value)
	said := rawjson.View(bytes.TrimSpace(text))
	switch {
	case !ok:
	case value.Kind == Number:
		switch {
		case rawjson.EqualNumbers(value.Raw, []byte("1")):
			return append(dst, "true"...), true
		case rawjson.EqualNumbers(value.Raw, []byte("0")):
			return append(dst, "false"...), true
		}
	case said == "1", strings.EqualFold(said, "true"), strings.EqualFold(said, "yes"):
		return append(dst, "true"...), true
	case said == "0", strings.EqualFold(said, "false"), strings.EqualFold(said, "no"):
		return append(dst, "false"...), true
	}
	return dst, false
}

// toJSON also takes the JSON that a string holds; a string that holds none stays
// the string it is.
func toJSON(dst []byte, value Value, v *Values) ([]byte, bool) {
	switch value.Kind {
	case Missing, Null:
		return dst, false
	case String, Text:
		text, ok := v.text(value)
		if held := bytes.TrimSpace(text); ok && rawjson.Valid(held) {
			if held[0] == 'n' || !v.fitting(len(held)) { // null, in a type, is missing wherever it stands
				return dst, false
			}
			return append(dst, held...), true
		}
	}
	return v.copied(dst, value)
}
