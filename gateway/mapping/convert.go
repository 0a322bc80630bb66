package mapping

import (
	"bytes"
	"strings"
)

// asIs keeps the JSON type; null stays null.
func asIs(dst []byte, value Value, _ *Values) ([]byte, bool) {
	if value.Kind == Missing {
		return dst, false
	}
	return value.AppendJSON(dst), true
}

// toText renders numbers as they are written, and booleans.
func toText(dst []byte, value Value, _ *Values) ([]byte, bool) {
	switch value.Kind {
	case String, Text:
		return value.AppendJSON(dst), true
	case Number, Bool:
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
	literal := bytes.TrimSpace(v.text(value))
	if !isNumber(literal) {
		return dst, false
	}
	return append(dst, literal...), true
}

func toBoolean(dst []byte, value Value, v *Values) ([]byte, bool) {
	if !value.IsScalar() {
		return dst, false
	}
	said := view(bytes.TrimSpace(v.text(value)))
	switch {
	case value.Kind == Number:
		switch {
		case equalNumbers(value.Raw, []byte("1")):
			return append(dst, "true"...), true
		case equalNumbers(value.Raw, []byte("0")):
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
		held := bytes.TrimSpace(v.text(value))
		if valid(held) {
			if held[0] == 'n' { // null, in a type, is missing wherever it stands
				return dst, false
			}
			return append(dst, held...), true
		}
	}
	return value.AppendJSON(dst), true
}
