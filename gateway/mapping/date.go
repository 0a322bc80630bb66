package mapping

import (
	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
)

// toDate gives RFC 3339 in UTC, with milliseconds.
func toDate(dst []byte, value Value, v *Values) ([]byte, bool) {
	if !value.IsScalar() || value.Kind == Bool {
		return dst, false
	}
	text, ok := v.text(value)
	if !ok {
		return dst, false
	}
	t, ok := gateway.ParseDate(rawjson.View(text))
	if !ok {
		return dst, false
	}
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, gateway.TimeFormat)
	return append(dst, '"'), true
}
