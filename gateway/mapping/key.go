package mapping

import (
	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
)

// KeyOf gives the conversation key that a value stands for. A number is its
// decimal text, without an exponent; what is neither number nor string is none.
func KeyOf(value Value) (string, bool) {
	switch value.Kind {
	case Number:
		decimal, ok := rawjson.AppendDecimal(nil, value.Raw, gateway.MaxKey)
		if !ok {
			return "", false
		}
		return gateway.Key(string(decimal))
	case String, Text:
		text, _ := value.text(nil)
		return gateway.Key(string(text))
	}
	return "", false
}
